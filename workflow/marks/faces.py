"""The fonts that are shipped, and which of them shows a character. Read when the first letter is drawn, not before."""

from __future__ import annotations

import functools
from pathlib import Path

import uharfbuzz as hb

FONTS = Path(__file__).parent / "fonts"
FIRST, LAST = "NotoSans-Regular.ttf", "DroidSansFallback.ttf"
"""Latin, Greek and Cyrillic letters, digits and marks come from the first; what no other font has, from the last."""


@functools.cache
def faces() -> tuple[hb.Font, ...]:
    """Every font, in the order in which they are asked; a unit of each is a thousandth of the letters' size."""
    names = sorted((file.name for file in FONTS.glob("*.ttf")), key=lambda name: (name != FIRST, name == LAST, name))
    fonts = []
    for name in names:
        font = hb.Font(hb.Face(hb.Blob.from_file_path(str(FONTS / name))))
        font.scale = (1000, 1000)
        fonts.append(font)
    return tuple(fonts)


@functools.lru_cache(maxsize=4096)
def font_of(characters: str) -> hb.Font | None:
    """The first font that has all of these characters; None where none has."""
    return next((font for font in faces() if all(has(font, one) for one in characters)), None)


def has(font: hb.Font, character: str) -> bool:
    """Whether a font shows a character."""
    return font.get_nominal_glyph(ord(character)) is not None
