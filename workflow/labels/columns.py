"""Reads the words of a row of text, and says of one that is no number what it is. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence

SHOWN = 40
"""Letters of a word that is no number."""


def read_number(word: str) -> float | None:
    """A word as a finite number, None where it is none; Python's own 1_0 is none."""
    try:
        number = float(word)
    except ValueError:
        return None
    return number if math.isfinite(number) and "_" not in word else None


def show_word(word: str) -> str:
    """A word in quotes, of a long one its beginning."""
    return repr(word) if len(word) <= SHOWN else f"{word[:SHOWN]!r}… ({len(word):,} letters)"


def hint_at(words: Sequence[str]) -> str:
    """What goes after a complaint about a row that holds commas; empty for any other."""
    return ": columns are parted by blanks, and a point stands in a number" if any("," in one for one in words) else ""
