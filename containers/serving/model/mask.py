"""One object's mask, cropped to its box, in pixels of the picture; or what several of them cover together.

A mask keeps the coarse logits of the graph and makes its pixels when it is asked for them: 300 masks of a
50-megapixel picture are 15 GB of pixels, and a few megabytes of logits.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from containers.serving.model.arrays import Doubles, Flags, Floats

BLOCK = 1 << 17
"""Pixels that are interpolated at a time: their floats fit the processor's cache."""
SAMPLES = 8
"""An outline follows the logits at most this often from one to the next: finer, it would only grow longer."""
TOLERANCE = 0.7
"""How far an outline may leave the border of the pixels, in the distance of two samples: less than one step."""


@dataclass(frozen=True, eq=False)
class Region(ABC):
    """Which pixels of the picture are an object's, of those of a box that these four say, in pixels too."""

    left: int
    top: int
    width: int
    height: int

    @property
    def pixels(self) -> Flags:
        """The mask [height, width], made anew at each call."""
        return self._sample(1)

    @abstractmethod
    def any(self) -> bool:
        """Whether the mask has a pixel at all."""

    def polygons(self) -> list[Floats]:
        """Outlines [m, 2] of the mask's parts as x, y in pixels of the picture; holes are not told.

        A pixel reaches from its own number to the next, as boxes count, so that one pixel alone is a square.
        """
        import cv2  # here, because all else of a mask, and all of a box, is numpy

        step = self.step
        pixels = self._sample(step)
        corners = np.zeros((pixels.shape[0] + 1, pixels.shape[1] + 1), np.uint8)
        for row in (0, 1):  # a corner belongs to the outline when any of the four pixels around it does
            for column in (0, 1):
                corners[row : row + pixels.shape[0], column : column + pixels.shape[1]] |= pixels
        found = cv2.findContours(corners, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)[0]
        corner, size = np.array([self.left, self.top], np.float32), np.array([self.width, self.height], np.float32)
        return [
            corner
            + np.minimum(cv2.approxPolyDP(outline, TOLERANCE, True).reshape(-1, 2).astype(np.float32) * step, size)
            for outline in found
        ]

    def rle(self, width: int, height: int) -> dict[str, object]:
        """The mask in a picture of ``width`` x ``height`` pixels as COCO's compressed run lengths."""
        return {"size": [height, width], "counts": compress(self._runs(width * height, height))}

    def _runs(self, total: int, height: int) -> NDArray[np.int64]:
        """Lengths of the runs down one column after the other: outside, inside, outside, … ``total`` in all."""
        first, below = self.left, self.height + 1
        starts, ends = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
        for block in self.turned().blocks(np.arange(float(self.height)), np.arange(float(self.width))):
            # One pixel outside before each column and after the last, so that the changes are in and out by turns.
            flat = np.zeros(len(block) * below + 1, bool)
            flat[:-1].reshape(len(block), below)[:, 1:] = block
            changes = np.flatnonzero(flat[1:] != flat[:-1])
            base = first * height + self.top
            first += len(block)
            column, row = np.divmod(changes[0::2] + 1, below)
            starts.append(base + column * height + row - 1)
            column, row = np.divmod(changes[1::2], below)
            ends.append(base + column * height + row)
        start, end = np.concatenate(starts), np.concatenate(ends)
        apart = start[1:] != end[:-1]  # where the box is as high as the picture, a run goes on in the next column
        start, end = start[np.append(np.ones(min(1, len(start)), bool), apart)], end[np.append(apart, True)[: len(end)]]
        bounds = np.concatenate(([0], np.stack((start, end), axis=1).ravel(), [total]))
        runs = np.diff(bounds)
        return runs if runs[-1] or len(runs) == 1 else runs[:-1]

    def _sample(self, step: int) -> Flags:
        """The mask at the middle of each ``step`` x ``step`` pixels."""
        columns, rows = (np.arange(0.0, side, step) + (step - 1) / 2 for side in (self.width, self.height))
        return self.at(columns, rows)

    def at(self, columns: Doubles, rows: Doubles) -> Flags:
        """The mask [rows, columns] at places in its box, counted in pixels from the middle of its first."""
        sampled = np.zeros((len(rows), len(columns)), bool)
        first = 0
        for block in self.blocks(columns, rows):
            sampled[first : first + len(block)] = block
            first += len(block)
        return sampled

    @abstractmethod
    def blocks(self, columns: Doubles, rows: Doubles) -> Iterator[Flags]:
        """The mask at rising columns and rows of pixels, counted from its first, as blocks of whole rows."""

    @property
    @abstractmethod
    def step(self) -> int:
        """Pixels from one sample of an outline to the next."""

    @abstractmethod
    def turned(self) -> Region:
        """The same mask with columns for rows and rows for columns."""

    @abstractmethod
    def move(self, left: int, top: int) -> Region:
        """The same mask so many pixels further right and down."""


@dataclass(frozen=True, eq=False)
class Mask(Region):
    """Where in its box an object is: the pixels at which ``logits``, interpolated bilinearly, are above 0.

    ``logits`` [rows, columns]; ``origin``: the column and row of it, as fractions, at which the centre of the pixel
    (left, top) lies; ``pitch``: columns and rows from one pixel to the next.
    """

    logits: Floats
    origin: tuple[float, float]
    pitch: tuple[float, float]

    def any(self) -> bool:
        """See ``Region``."""
        columns, rows = np.arange(float(self.width)), np.arange(float(self.height))
        if not self.width or not self.height or not (self.logits > 0).any():
            return False
        # The pixel next to the highest logit nearly always is one; where it is not, all are asked.
        row, column = np.unravel_index(self.logits.argmax(), self.logits.shape)
        likely = (self._nearest(columns, 0, int(column)), self._nearest(rows, 1, int(row)))
        return any(block.any() for places in (likely, (columns, rows)) for block in self.blocks(*places))

    def blocks(self, columns: Doubles, rows: Doubles) -> Iterator[Flags]:
        """See ``Region``."""
        if not len(rows) or not len(columns):
            return
        before, after, share = self._between(columns, 0)
        across = self.logits[:, before] * (1 - share) + self.logits[:, after] * share
        above, below, share = self._between(rows, 1)
        size = max(1, BLOCK // len(columns))
        for first in range(0, len(rows), size):
            here = slice(first, first + size)
            down = share[here, None]
            yield across[above[here]] * (1 - down) + across[below[here]] * down > 0

    @property
    def step(self) -> int:
        """See ``Region``."""
        return max(1, int(1 / (SAMPLES * max(self.pitch))))

    def turned(self) -> Mask:
        """See ``Region``."""
        return Mask(self.top, self.left, self.height, self.width, self.logits.T, self.origin[::-1], self.pitch[::-1])

    def move(self, left: int, top: int) -> Mask:
        """See ``Region``."""
        return replace(self, left=self.left + left, top=self.top + top)

    def _between(self, pixels: Doubles, axis: int) -> tuple[NDArray[np.int64], NDArray[np.int64], Floats]:
        """For pixels along x (0) or y (1): the logits on either side of each, and the share of the second."""
        last = self.logits.shape[1 - axis] - 1
        places = (self.origin[axis] + self.pitch[axis] * pixels).clip(0, last)
        before = places.astype(np.int64)
        return before, np.minimum(before + 1, last), (places - before).astype(np.float32)

    def _nearest(self, pixels: Doubles, axis: int, logit: int) -> Doubles:
        """Which one of these pixels along x (0) or y (1) lies nearest to a logit."""
        at = max(0, min(round((logit - self.origin[axis]) / self.pitch[axis]), len(pixels) - 1))
        return pixels[at : at + 1]


@dataclass(frozen=True, eq=False)
class JoinedMask(Region):
    """What several masks of one object cover together, in the box around all of theirs."""

    parts: tuple[Region, ...]

    @staticmethod
    def of(parts: tuple[Region, ...]) -> JoinedMask:
        """The masks as one; at least one."""
        left, top = min(part.left for part in parts), min(part.top for part in parts)
        right, bottom = (max(part.left + part.width for part in parts), max(part.top + part.height for part in parts))
        return JoinedMask(left, top, right - left, bottom - top, parts)

    def any(self) -> bool:
        """See ``Region``."""
        return any(part.any() for part in self.parts)

    def blocks(self, columns: Doubles, rows: Doubles) -> Iterator[Flags]:
        """See ``Region``."""
        size = max(1, BLOCK // max(1, len(columns)))
        for first in range(0, len(rows), size):
            here = rows[first : first + size]
            block = np.zeros((len(here), len(columns)), bool)
            for part in self.parts:
                x, y = columns - (part.left - self.left), here - (part.top - self.top)
                across, down = _within(x, part.width), _within(y, part.height)
                block[down, across] |= part.at(x[across], y[down])
            yield block

    @property
    def step(self) -> int:
        """See ``Region``."""
        return min(part.step for part in self.parts)

    def turned(self) -> JoinedMask:
        """See ``Region``."""
        return JoinedMask(self.top, self.left, self.height, self.width, tuple(part.turned() for part in self.parts))

    def move(self, left: int, top: int) -> JoinedMask:
        """See ``Region``."""
        return JoinedMask.of(tuple(part.move(left, top) for part in self.parts))


def _within(places: Doubles, length: int) -> slice:
    """Which of rising places, counted from the middle of the first pixel, lie on so many pixels."""
    first, last = np.searchsorted(places, (-0.5, length - 0.5)).tolist()
    return slice(first, last)


def compress(runs: NDArray[np.int64]) -> str:
    """Run lengths as COCO writes them: pycocotools' ``rleToString``.

    From the fourth on, a length is told as its difference to the one before the last. A number is written in groups of
    five bits, lowest first, two's complement; the sixth bit says that another group follows; 48 makes it printable.
    """
    left = runs.astype(np.int64)
    left[3:] -= runs[1:-2]
    groups, used, going = [], [], np.ones(len(left), bool)
    while going.any():
        group = left & 31
        left = left >> 5
        more = going & np.where(group & 16, left != -1, left != 0)
        groups.append(group + 32 * more + 48)
        used.append(going)
        going = more
    text: NDArray[np.uint8] = np.stack(groups, axis=1)[np.stack(used, axis=1)].astype(np.uint8)
    return text.tobytes().decode("ascii")
