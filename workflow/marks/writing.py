"""Sets a line of text in any script and draws it: shaped by HarfBuzz, whose rasteriser draws the letters, too.

A line may mix scripts and directions. Directions are ordered one level deep, as the Unicode Bidirectional Algorithm
orders a line without embeddings: a name needs no more.
"""

from __future__ import annotations

import itertools
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import uharfbuzz as hb

from workflow.marks.faces import font_of
from workflow.marks.readable import letters_of

Mask = npt.NDArray[np.uint8]

UNITS = 1000
"""Of the letters' size, in which a line is measured."""
ASCENT, DESCENT = 780, 250
"""A line's height above and below its base line in ``UNITS``; higher where its letters are."""
LEFT, RIGHT = "ltr", "rtl"
_STRONG = {"L": LEFT, "EN": LEFT, "AN": LEFT, "R": RIGHT, "AL": RIGHT}


@dataclass(frozen=True)
class Glyph:
    """A shape of a font, and where it stands in ``UNITS``, to the right and up."""

    font: hb.Font
    number: int
    x: int
    y: int


@dataclass(frozen=True)
class Line:
    """A line that is set: its shapes, and its width and what is above and below the base line, in ``UNITS``."""

    glyphs: tuple[Glyph, ...]
    width: int
    ascent: int
    descent: int

    def size(self, em: int) -> tuple[int, int]:
        """Width and height in pixels, of letters of ``em`` pixels."""
        return -(-self.width * em // UNITS), self._above(em) - (-self.descent * em // UNITS)

    def draw(self, em: int) -> Mask:
        """How much of each pixel [height, width] the letters of ``em`` pixels cover, 0 to 255."""
        wide, high = self.size(em)
        mask = np.zeros((high, wide), np.uint8)
        if not self.glyphs:
            return mask
        raster, scale = hb.RasterDraw(), em / UNITS
        for glyph in self.glyphs:
            raster.transform = (scale, 0, 0, scale, glyph.x * scale, glyph.y * scale)
            raster.draw_glyph(glyph.font, glyph.number)
        image = raster.render()
        seen = image.extents
        rows = np.frombuffer(image.buffer, np.uint8).reshape(seen.height, seen.stride)[::-1, : seen.width]
        top, left = self._above(em) - seen.y_origin - seen.height, seen.x_origin
        bottom, right = min(high, top + seen.height), min(wide, left + seen.width)
        mask[max(0, top) : bottom, max(0, left) : right] = rows[
            max(0, -top) : bottom - top, max(0, -left) : right - left
        ]
        return mask

    def _above(self, em: int) -> int:
        return -(-self.ascent * em // UNITS)


def set_line(*texts: str) -> Line:
    """Set texts side by side, each in a direction of its own. Each character must be one that a font has."""
    glyphs: list[Glyph] = []
    pen, ascent, descent = 0, ASCENT, DESCENT
    for direction, font, text in (run for one in texts for run in _runs(one)):
        buffer = hb.Buffer()
        buffer.add_str(text)
        buffer.direction = direction
        buffer.guess_segment_properties()
        hb.shape(font, buffer)
        for info, place in zip(buffer.glyph_infos, buffer.glyph_positions, strict=True):
            extents = font.get_glyph_extents(info.codepoint)
            if extents is not None:
                ascent = max(ascent, place.y_offset + extents.y_bearing)
                descent = max(descent, -(place.y_offset + extents.y_bearing + extents.height))
            glyphs.append(Glyph(font, info.codepoint, pen + place.x_offset, place.y_offset))
            pen += place.x_advance
    return Line(tuple(glyphs), pen, ascent, descent)


def _runs(text: str) -> Iterator[tuple[str, hb.Font, str]]:
    """Parts of one direction and one font, from left to right as they are drawn."""
    letters = letters_of(text)
    directions = _directions(letters)
    sides = [
        (direction, [letter for _, letter in side])
        for direction, side in itertools.groupby(zip(directions, letters, strict=True), key=lambda one: one[0])
    ]
    base = next((found for found in map(_strong, letters) if found), LEFT)
    for direction, side in sides if base == LEFT else reversed(sides):
        runs = list(_by_font(side))
        for font, run in runs if direction == LEFT else reversed(runs):
            yield direction, font, run


def _strong(letter: str) -> str:
    return _STRONG.get(unicodedata.bidirectional(letter[0]), "")


def _directions(letters: list[str]) -> list[str]:
    """Of each letter; blanks and marks take that of their neighbours, and the text's own between two that differ."""
    own = [_strong(letter) for letter in letters]
    base = next(filter(None, own), LEFT)
    before = list(itertools.accumulate(own, lambda last, one: one or last, initial=base))[1:]
    after = list(itertools.accumulate(reversed(own), lambda last, one: one or last, initial=base))[1:][::-1]
    return [one or (left if left == right else base) for one, left, right in zip(own, before, after, strict=True)]


def _by_font(letters: list[str]) -> Iterator[tuple[hb.Font, str]]:
    """Letters of one font together. One that no font has whole is set from its characters."""
    parts = [part for letter in letters for part in ([letter] if font_of(letter) else letter)]
    for font, run in itertools.groupby(parts, key=font_of):
        if font is not None:
            yield font, "".join(run)
