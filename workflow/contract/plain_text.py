"""What people and services wrote, as it may be shown: on one line, nothing invisible, nothing that poses as a link.

A name is refused where it is given unless it is plain; any other text is made harmless where it is shown.
"""

from __future__ import annotations

import json
import re
import unicodedata
from dataclasses import dataclass

NAME_SIGNS = " .,-_'’()+=@:/#&\\"
"""What a name may have beside letters, their marks and digits: a person's, a role's, a schedule's."""

_UNSEEN = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
"""Letters, marks and signs that show nothing, although Unicode does not call them control or format characters."""

_DROPPED = ("Cf", "Cs")
"""Format characters, such as those that turn the direction of text, and halves of characters that none can encode."""

_SLASHES = re.compile(r":(/{2,})")
_AFTER_SLASHES = re.compile(r"\[/+\][^\s/\[]*")
_HOST = re.compile(r"(?<![\w./-])(?:www\.\w[^\s/]*|(?:[\w-]+\.)+[^\W\d_][\w-]*(?=(?::\d+)?[/?#]))", re.IGNORECASE)
_NOT_ASCII = re.compile(r"[^\n -~]")
_DOT = re.compile(r"\.(?!\])")


def is_plain_name(text: str) -> bool:
    """Whether a text is letters of any script, digits and ``NAME_SIGNS``, all of them seen, and no link."""
    return all(_may_name(letter) for letter in text) and break_links(text) == text


def is_seen(letter: str) -> bool:
    """Whether one character shows itself, or is the plain blank; one that none has assigned yet counts as seen."""
    kind = unicodedata.category(letter)
    if letter == " ":
        return True
    return kind not in ("Cc", "Zl", "Zp", "Zs", *_DROPPED) and letter not in _UNSEEN and not _is_selector(letter)


def show_plain(text: str) -> str:
    """The text on one line: every break, control character and odd blank is one blank, what is not seen is gone."""
    return " ".join("".join(_show(letter) for letter in text).split())


def show_lines(text: str) -> str:
    """The text with its own lines and blanks; whatever else a terminal would obey, and no reader sees, is gone."""
    return "\n".join("".join(_show(letter) for letter in line) for line in text.split("\n"))


def show_in_mail(text: str) -> str:
    """The text on one line in which no program makes a link of an address."""
    return break_links(show_plain(text))


def break_links(text: str) -> str:
    """The text with every address in it broken, so that no program makes a link of it and a person still reads it.

    ``https://example.com/x`` becomes ``https:[//]example[.]com/x``. A host's bare name is left as it is.
    """
    broken = _SLASHES.sub(r":[\1]", text)
    for host in (_AFTER_SLASHES, _HOST):
        broken = host.sub(lambda found: _DOT.sub("[.]", found[0]), broken)
    return broken


def escape_unseen(document: str) -> str:
    """A JSON text in which what is not seen is written as its escape: the same document, harmless on a terminal."""
    return _NOT_ASCII.sub(lambda found: found[0] if is_seen(found[0]) else json.dumps(found[0])[1:-1], document)


@dataclass(frozen=True)
class PlainName:
    """A condition on a text: a plain name, or nothing at all."""

    longest: int

    @property
    def wanted(self) -> str:
        """What such a text is, in words."""
        return f"up to {self.longest} letters, digits, blanks and {NAME_SIGNS.strip()}, and no address of a page"

    def broken(self, value: str) -> str:
        """What the text must be, where it is not."""
        return "" if len(value) <= self.longest and is_plain_name(value) else self.wanted


def _may_name(letter: str) -> bool:
    return letter in NAME_SIGNS or (is_seen(letter) and unicodedata.category(letter)[0] in "LMN")


def _is_selector(letter: str) -> bool:
    """Whether a character only chooses how the one before it is drawn."""
    return "\ufe00" <= letter <= "\ufe0f" or "\u180b" <= letter <= "\u180f" or "\U000e0100" <= letter <= "\U000e01ef"


def _show(letter: str) -> str:
    if is_seen(letter):
        return letter
    return " " if unicodedata.category(letter) in ("Cc", "Zl", "Zp", "Zs") else ""
