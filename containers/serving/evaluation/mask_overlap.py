"""How much the masks that were found cover of labelled outlines, by the rules of ultralytics' ``val``.

Both are looked at where the network tells its masks: on every fourth pixel of the model's input, along both sides. An
outline is drawn as training draws it, on whole pixels of the input, the line included, then made four times smaller;
what two objects share belongs to the smaller one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from containers.serving.model.arrays import Doubles, Flags, Integers, Reals
from containers.serving.model.detection import Letterbox
from containers.serving.model.mask import Region
from containers.serving.model.segmentation import STRIDE

POINTS = 1000
Window = tuple[slice, slice]
"""Rows and columns of the grid."""


@dataclass(frozen=True)
class Grid:
    """The places at which masks are compared: how the picture lies in the input, and the input's sides in pixels."""

    letterbox: Letterbox
    input_width: int
    input_height: int

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of the grid."""
        return self.input_height // STRIDE, self.input_width // STRIDE

    @property
    def border(self) -> Reals:
        """Pixels of the input left of the picture and above it."""
        return np.array([self.letterbox.left, self.letterbox.top])

    def mask(self, mask: Region, box: Reals) -> tuple[Window, Flags]:
        """Where in the grid the box [4] of a mask lies, in pixels of the picture, and which places there it covers."""
        corners = np.ceil((box.reshape(2, 2) * self.letterbox.gain + self.border) / STRIDE).astype(int)
        (left, top), (right, bottom) = corners.clip(0, self.shape[::-1])
        # A pixel's middle lies half a pixel after its number, in the input as in the picture.
        across, down = (
            (np.arange(first, last) * STRIDE + STRIDE / 2 - border) / gain - 0.5 - start
            for first, last, border, gain, start in zip(
                (left, top), (right, bottom), self.border, self.letterbox.gain, (mask.left, mask.top), strict=True
            )
        )
        return (slice(top, max(top, bottom)), slice(left, max(left, right))), mask.at(across, down)

    def owners(self, outlines: Sequence[Reals]) -> Integers:
        """For each place [rows, columns] the number of the outline that it belongs to, from 1 on; 0 for none.

        An outline is [corners, 2] in pixels of the picture.
        """
        drawn = [self._draw_small(outline) for outline in outlines]
        owner = np.zeros(self.shape, np.int64)
        for at in sorted(range(len(drawn)), key=lambda at: -int(drawn[at][1].sum())):
            window, covered = drawn[at]
            owner[window][covered] = at + 1
        return owner

    def _draw_small(self, outline: Reals) -> tuple[Window, Flags]:
        """An outline drawn on the input and made four times smaller: of 4 x 4 pixels the four in the middle count.

        Where in the grid that is, and which places there it covers.
        """
        line = (resample(outline) * self.letterbox.gain + self.border).astype(np.int64)
        corners = line.clip(0, (self.input_width, self.input_height))
        corner = corners.min(axis=0)
        covered = draw(corners - corner)
        first, last = corner // STRIDE, corners.max(axis=0) // STRIDE + 1
        canvas = np.zeros((last - first)[::-1] * STRIDE, np.uint8)
        x, y = (corner - first * STRIDE).tolist()
        canvas[y : y + covered.shape[0], x : x + covered.shape[1]] = covered
        middle = np.stack([canvas[row::STRIDE, column::STRIDE] for row in (1, 2) for column in (1, 2)])
        small: Flags = middle.sum(axis=0) >= 2
        (left, top), (right, bottom) = first.tolist(), np.minimum(last, self.shape[::-1]).tolist()
        return (slice(top, bottom), slice(left, right)), small[: bottom - top, : right - left]


def mask_overlap(
    masks: Sequence[Region], boxes: Reals, outlines: Sequence[Reals], wanted: Flags, grid: Grid
) -> Doubles:
    """Intersection over union [n, m] of masks with their boxes [n, 4] and outlines, all in pixels of the picture.

    Only of the pairs that are ``wanted`` [n, m]; others score 0 without a look. One mask is held at a time: of a
    picture that is looked at in tiles the places are many.
    """
    overlap = np.zeros(wanted.shape)
    rows = np.flatnonzero(wanted.any(axis=1))
    if len(rows):
        owners = grid.owners(outlines)
        true = np.bincount(owners.ravel(), minlength=len(outlines) + 1)[1:]
        for row in rows.tolist():
            window, seen = grid.mask(masks[row], boxes[row])
            common = np.bincount(owners[window][seen], minlength=len(outlines) + 1)[1:].astype(np.float64)
            union = seen.sum() + true - common
            overlap[row] = np.divide(common, union, out=np.zeros_like(common), where=union > 0) * wanted[row]
    return overlap


def draw(corners: Integers) -> Flags:
    """The pixels on and inside a closed line [corners, 2] of whole pixels from 0 on, by the even-odd rule.

    A line that touches itself, as several parts joined to one do, is no special case.
    """
    width, height = (corners.max(axis=0) + 1).tolist()
    start, end = corners, np.roll(corners, -1, axis=0)
    rows = np.arange(height)
    row, edge = np.nonzero((start[:, 1] <= rows[:, None]) != (end[:, 1] <= rows[:, None]))
    run, rise = (end - start)[edge].T
    crossing = start[edge, 0] + (row - start[edge, 1]) * run / rise
    turns = np.zeros((height, width + 1), np.int64)
    np.add.at(turns, (row, np.ceil(crossing).astype(np.int64)), 1)
    covered: Flags = turns[:, :-1].cumsum(axis=1) % 2 == 1
    line = np.rint(np.linspace(start, end, int(np.abs(end - start).max()) + 1)).astype(np.int64)
    covered[line[..., 1], line[..., 0]] = True
    return covered


def resample(outline: Reals) -> Doubles:
    """A closed line [corners, 2] as at least a thousand points, as training takes it before it moves them to pixels."""
    closed = np.concatenate((outline, outline[:1])).astype(np.float64)
    if len(outline) >= POINTS:
        return closed
    at = np.linspace(0, len(outline), POINTS - len(outline) - 1)
    at = np.sort(np.concatenate((at, np.arange(len(closed)))))
    return np.column_stack([np.interp(at, np.arange(len(closed)), side) for side in closed.T])
