"""Finds a place in a picture for each label: beside its box, inside the picture, hiding as little as can be.

Pure arithmetic: knows no text and no font, only sizes in pixels.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Integers = npt.NDArray[np.int64]
Doubles = npt.NDArray[np.float64]

LABEL_WEIGHT = 4.0
"""A label that is hidden is worse than a box that is: its text cannot be guessed."""
CROWD = 100
"""With more labels than this, one that finds no place of its own near its box lies on others."""


def place_labels(boxes: Integers, sizes: Sequence[tuple[int, int]], width: int, height: int) -> list[tuple[int, int]]:
    """Left and top of a label for each of ``boxes`` [n, 4] in a picture of ``width`` x ``height``.

    ``sizes`` are the labels' (width, height). The first box has the first choice: above it, in its upper edge, below
    it, in its lower edge, each at its left and at its right, then beside it and a line farther away; of the places that
    hide equally little the first is taken. Where each of them hides another label, and there is no ``CROWD``, the
    nearest place in the picture that hides none is taken, until there is none. A label larger than the picture begins
    at its left or top edge.
    """
    taken: Integers = np.zeros((len(boxes), 4), np.int64)
    room = len(boxes) <= CROWD
    for at, ((left, top, right, bottom), (wide, high)) in enumerate(zip(boxes.tolist(), sizes, strict=True)):
        rows = (top - high, top, bottom, bottom - high)
        beside, farther = (top, top), (top - 2 * high, bottom + high)
        lefts = np.array([left] * 4 + [right - wide] * 4 + [right, left - wide, left, left])
        tops = np.array([*rows, *rows, *beside, *farther]).clip(0, max(0, height - high))
        lefts = lefts.clip(0, max(0, width - wide))
        places = np.stack((lefts, tops, lefts + wide, tops + high), axis=1)
        hidden = LABEL_WEIGHT * _hidden(places, taken[:at]) + _hidden(places, boxes)
        best = places[hidden.round(2).argmin()]
        if room and _hidden(best[None], taken[:at]).any():
            free = _find_free(best, taken[:at], width, height)
            room = free is not None
            best = best if free is None else free
        taken[at] = best
    return [(int(left), int(top)) for left, top in taken[:, :2]]


def _find_free(place: Integers, taken: Integers, width: int, height: int) -> Integers | None:
    """The place nearest to ``place`` that is as large and touches none of ``taken``; None where there is none.

    It is flush with an edge of the picture or with a label that is there: any other one could be moved nearer.
    """
    left, top, right, bottom = place.tolist()
    wide, high = right - left, bottom - top
    most_left, most_top = max(0, width - wide), max(0, height - high)
    lefts = np.array([left, *taken[:, 2], *(taken[:, 0] - wide)]).clip(0, most_left)
    tops = np.array([top, *taken[:, 3], *(taken[:, 1] - high)]).clip(0, most_top)
    best, nearest = None, width + height
    for row in sorted(set(tops.tolist()), key=lambda row: abs(row - top)):
        if abs(row - top) >= nearest:
            break
        beside = taken[(taken[:, 1] < row + high) & (row < taken[:, 3])]
        shut = (beside[:, 0] < lefts[:, None] + wide) & (lefts[:, None] < beside[:, 2])
        free = lefts[~shut.any(axis=1)]
        if len(free):
            found = int(free[np.abs(free - left).argmin()])
            away = abs(row - top) + abs(found - left)
            if away < nearest:
                best, nearest = np.array([found, row, found + wide, row + high]), away
    return best


def _hidden(places: Integers, areas: Integers) -> Doubles:
    """What each of ``places`` [n, 4] hides: the sum of the shares of ``areas`` [m, 4] that it covers."""
    corner = np.maximum(places[:, None, :2], areas[None, :, :2])
    covered = (np.minimum(places[:, None, 2:], areas[None, :, 2:]) - corner).clip(0).prod(axis=2)
    return np.asarray((covered / (areas[:, 2:] - areas[:, :2]).prod(axis=1).clip(1)).sum(axis=1), np.float64)
