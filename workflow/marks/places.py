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
    nearest place in the picture that hides none is taken, if there is any. A label larger than the picture begins at
    its left or top edge.
    """
    taken: Integers = np.zeros((len(boxes), 4), np.int64)
    for at, ((left, top, right, bottom), (wide, high)) in enumerate(zip(boxes.tolist(), sizes, strict=True)):
        rows = (top - high, top, bottom, bottom - high)
        beside, farther = (top, top), (top - 2 * high, bottom + high)
        lefts = np.array([left] * 4 + [right - wide] * 4 + [right, left - wide, left, left])
        tops = np.array([*rows, *rows, *beside, *farther]).clip(0, max(0, height - high))
        lefts = lefts.clip(0, max(0, width - wide))
        places = np.stack((lefts, tops, lefts + wide, tops + high), axis=1)
        hidden = LABEL_WEIGHT * _hidden(places, taken[:at]) + _hidden(places, boxes)
        best = places[hidden.round(2).argmin()]
        if len(boxes) <= CROWD and _hidden(best[None], taken[:at]).any():
            best = _nearest_free(best, taken[:at], width, height)
        taken[at] = best
    return [(int(left), int(top)) for left, top in taken[:, :2]]


def _nearest_free(place: Integers, taken: Integers, width: int, height: int) -> Integers:
    """The place nearest to ``place`` that is as large and hides none of ``taken``; the same where there is none."""
    left, top, right, bottom = place.tolist()
    wide, high = right - left, bottom - top
    # Flush with the picture's edges or with a label that is there: no free place lies farther from all of them.
    lefts = np.unique([left, 0, max(0, width - wide), *taken[:, 2], *(taken[:, 0] - wide)]).clip(
        0, max(0, width - wide)
    )
    tops = np.unique([top, 0, max(0, height - high), *taken[:, 3], *(taken[:, 1] - high)]).clip(
        0, max(0, height - high)
    )
    corners = np.stack(np.meshgrid(lefts, tops), axis=-1).reshape(-1, 2)
    places = np.concatenate((corners, corners + np.array([wide, high])), axis=1)
    free = places[_hidden(places, taken) == 0]
    away = np.abs(free[:, :2] - place[:2]).sum(axis=1)
    return np.asarray(free[away.argmin()] if len(free) else place, np.int64)


def _hidden(places: Integers, areas: Integers) -> Doubles:
    """What each of ``places`` [n, 4] hides: the sum of the shares of ``areas`` [m, 4] that it covers."""
    corner = np.maximum(places[:, None, :2], areas[None, :, :2])
    covered = (np.minimum(places[:, None, 2:], areas[None, :, 2:]) - corner).clip(0).prod(axis=2)
    return np.asarray((covered / (areas[:, 2:] - areas[:, :2]).prod(axis=1).clip(1)).sum(axis=1), np.float64)
