"""Lays lines on a terminal: how many columns it has, and texts wrapped between words and never inside one.

Knows how wide a letter is shown, and draws nothing. What is given has no letter that a terminal would obey.
"""

from __future__ import annotations

import os
import re
import unicodedata
from typing import TextIO

USUAL = os.terminal_size((80, 24))
"""What a terminal has that does not say."""

_COMMAND = re.compile(r"\b(greenlight [a-z]|make [a-z]+ [A-Z]+=|source \S)")
_WORDS = re.compile(r"(\s*)(\S+)")


def size_of(stream: TextIO) -> os.terminal_size:
    """Columns and lines of the terminal behind a stream as it is now; the usual ones where it does not say.

    Asked of the terminal itself: COLUMNS and LINES stay as they were when somebody changes its size.
    """
    try:
        found = os.get_terminal_size(stream.fileno())
    except (OSError, ValueError):
        return USUAL
    return found if found.columns > 0 and found.lines > 0 else USUAL


def columns_of(stream: TextIO) -> int | None:
    """The columns of the terminal behind a stream; None where there is none, and lines may be of any length."""
    return size_of(stream).columns if stream.isatty() else None


def width_of(text: str) -> int:
    """How many columns a text takes: two for a wide letter, none for a mark on the letter before.

    >>> width_of("mAP50"), width_of("釘")
    (5, 2)
    """
    return sum(_width(letter) for letter in text)


def _width(letter: str) -> int:
    if unicodedata.combining(letter):
        return 0
    return 2 if unicodedata.east_asian_width(letter) in "WF" else 1


def wrap(text: str, width: int | None, indent: int = 0) -> list[str]:
    """The text in lines of so many columns, broken between words, all but the first with ``indent`` blanks before it.

    What stands apart by two blanks is kept together where that leaves no line half empty. A word that is wider than a
    line is left whole: it may be an address, which a terminal joins again when it is copied. Without a width there is
    one line.

    >>> wrap("  data  64 pictures of fasteners", 20, 8)
    ['  data  64 pictures', '        of fasteners']
    """
    if width is None or width_of(text) <= width:
        return [text]
    lines: list[str] = []
    line = ""
    for blanks, word in _WORDS.findall(text):
        if line.strip() and width_of(line) + len(blanks) + width_of(word) > width:
            apart = -1 if len(blanks) > 1 else line.rfind("  ")
            end = apart if apart > width // 2 else len(line)
            lines.append(line[:end])
            line = " ".join(part for part in (line[end:].strip(), word) if part)
            line = " " * indent + line
        else:
            line += blanks + word
    return [*lines, line]


def fit(text: str, stream: TextIO, indent: int | None = None) -> str:
    """The text as it is printed on ``stream``: on a terminal each of its lines is broken between words.

    What a line goes on with stands ``indent`` blanks from the left, or two blanks deeper than the line. A line with a
    command is left to the terminal to break: a break of ours would be copied with it, and half a command be run.
    """
    columns = columns_of(stream)
    lines: list[str] = []
    for line in text.split("\n"):
        deeper = len(line) - len(line.lstrip()) + 2
        lines += [line] if _COMMAND.search(line) else wrap(line, columns, deeper if indent is None else indent)
    return "\n".join(lines)


def cut(text: str, width: int) -> str:
    """The text as far as it goes into so many columns, with an ellipsis where it goes on."""
    if width_of(text) <= width:
        return text
    room, kept = width - 1, ""
    for letter in text:
        room -= _width(letter)
        if room < 0:
            break
        kept += letter
    return kept + "…"
