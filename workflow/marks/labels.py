"""A label: a name and perhaps a score, in ink on the colour of its class, within a dark rim. As plain pixels.

Sizes grow with the picture; no letter is smaller than people can read.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from workflow.marks.colours import RIM, colour_of, ink_on
from workflow.marks.readable import LONGEST_NAME, letters_of, shorten, spell
from workflow.marks.writing import Line, set_line

Tile = npt.NDArray[np.uint8]
"""Red, green and blue pixels [height, width, 3]."""

SMALLEST = 12
"""Pixels of the smallest letters, from the top of an ``l`` to the bottom of a ``g``."""


@dataclass(frozen=True)
class Sizes:
    """In pixels: of lines and of their rims, of letters and of the space around a text."""

    line: int
    rim: int
    em: int
    space: int

    @staticmethod
    def of(width: int, height: int) -> Sizes:
        """Fit for a picture; of a long and narrow one, three times the shorter side counts."""
        side = min(max(width, height), 3 * min(width, height))
        return Sizes(
            line=max(2, round(side / 320)),
            rim=max(1, round(side / 1000)),
            em=max(SMALLEST, round(side / 46)),
            space=max(2, round(side / 220)),
        )


class Label:
    """A label as large as it will be; drawn only when it is asked for, so that hundreds of them take no memory."""

    def __init__(self, class_id: int, name: str, score: float | None, sizes: Sizes, widest: int) -> None:
        """Of a class and, where there is one, a score, 0 to 1; the name is shortened until it is at most ``widest``."""
        self._colour, self._sizes = colour_of(class_id), sizes
        self._line = _fit(name, "" if score is None else f"{score:.2f}", sizes, widest)
        wide, high = self._line.size(sizes.em)
        self.size = min(widest, wide + 2 * self._around), high + 2 * sizes.rim
        """Width and height in pixels."""

    @property
    def _around(self) -> int:
        return self._sizes.space + self._sizes.rim

    def tile(self) -> Tile:
        """Its pixels."""
        wide, high = self.size
        rim = self._sizes.rim
        tile = np.empty((high, wide, 3), np.uint8)
        tile[:] = RIM
        tile[rim : high - rim, rim : wide - rim] = self._colour
        covered = self._line.draw(self._sizes.em)[:, : max(0, wide - 2 * self._around)]
        shades = np.linspace(self._colour, ink_on(self._colour), 256).round().astype(np.uint8)
        place = tile[rim : rim + covered.shape[0], self._around : self._around + covered.shape[1]]
        for part in range(3):
            place[:, :, part] = shades[:, part].take(covered)
        return tile


def _fit(name: str, score: str, sizes: Sizes, widest: int) -> Line:
    spelled = spell(name)
    room = widest - 2 * (sizes.space + sizes.rim)
    for most in range(min(LONGEST_NAME, len(letters_of(spelled))), 0, -1):
        shown = shorten(spelled, most)
        line = set_line(shown, *([" ", score] if score else []))
        if line.size(sizes.em)[0] <= room:
            break
    else:
        line = set_line(score)
    return line
