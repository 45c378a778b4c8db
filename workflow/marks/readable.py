"""A name as it can be drawn: what no font shows is spelled by its number, and what is too long ends in dots."""

from __future__ import annotations

import unicodedata

from workflow.marks.faces import font_of

LONGEST_NAME = 24
"""Letters of a name that are drawn, with the dots that stand for the others."""
DOTS = "…"
JOINERS = "\u200c\u200d"
"""Unseen, but they decide how their neighbours look."""


def spell(name: str) -> str:
    """The name on one line, in characters that a font has; any other one as its number, such as ``U+1F527``.

    What only chooses between a character's pictures is left out.
    """
    letters = []
    for character in unicodedata.normalize("NFC", name):
        if character.isspace():
            letters.append(" ")
        elif "\ufe00" <= character <= "\ufe0f":
            continue
        elif character in JOINERS or (character.isprintable() and font_of(character) is not None):
            letters.append(character)
        else:
            letters.append(f"U+{ord(character):04X}")
    return "".join(letters)


def letters_of(text: str) -> list[str]:
    """The text in parts that are written as one: a letter with the marks on it, and what is joined to it."""
    parts: list[str] = []
    for character in text:
        marks = unicodedata.category(character).startswith("M") or character in JOINERS
        if parts and (marks or parts[-1][-1] == JOINERS[1]):
            parts[-1] += character
        else:
            parts.append(character)
    return parts


def shorten(text: str, most: int = LONGEST_NAME) -> str:
    """The text with ``most`` letters at most, dots for what is left out among them."""
    letters = letters_of(text)
    return text if len(letters) <= most else "".join(letters[: max(0, most - 1)]) + DOTS
