"""Finds names that people read as one: an é is one letter or an e with an accent, and a ``.TXT`` is a ``.txt``.

Disks and archives of different systems write the same letters differently, so that a picture and the list that names it
may never meet. Pure.
"""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterable, Sequence


class Alike:
    """Names, each found by itself or by what looks like it."""

    def __init__(self, names: Iterable[str]) -> None:
        self._names = set(names)
        self._folded: dict[str, list[str]] = {}
        for name in sorted(self._names):
            self._folded.setdefault(fold(name), []).append(name)

    def find(self, name: str) -> list[str]:
        """The very name where it is there, else all that look like it."""
        return [name] if name in self._names else self._folded.get(fold(name), [])


def fold(name: str) -> str:
    """What a name and all that look like it have in common: letters composed, the ending in small ones."""
    stem, dot, ending = name.rpartition(".")
    return compose(name if not dot or "/" in ending else f"{stem}.{ending.lower()}")


def compose(text: str) -> str:
    """The same text with each letter in one piece, so that texts that read the same are equal."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def show_names(names: Sequence[str]) -> str:
    """Names for a person to tell apart: with their bytes where two of them look the same."""
    if len({fold(name) for name in names}) == len(names):
        return ", ".join(names)
    return ", ".join(name if name.isascii() else f"{name} ({os.fsencode(name)!r})" for name in names)
