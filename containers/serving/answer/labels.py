"""Finds a place in a picture for each label: beside its box, inside the picture, hiding as little as can be.

Pure arithmetic: knows no text and no font, only sizes in pixels.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from containers.serving.model.arrays import Doubles, Integers

LABEL_WEIGHT = 4.0
"""A label that is hidden is worse than a box that is: its text cannot be guessed."""


def place_labels(boxes: Integers, sizes: Sequence[tuple[int, int]], width: int, height: int) -> list[tuple[int, int]]:
    """Left and top of a label for each of ``boxes`` [n, 4] in a picture of ``width`` x ``height``.

    ``sizes`` are the labels' (width, height). The first box has the first choice: above it, in its upper edge, below
    it, in its lower edge, each at its left and at its right, then beside it and a line farther away; of the places that
    hide equally little the first is taken. A label larger than the picture begins at its left or top edge.
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
        taken[at] = places[hidden.round(2).argmin()]
    return [(int(left), int(top)) for left, top in taken[:, :2]]


def _hidden(places: Integers, areas: Integers) -> Doubles:
    """What each of ``places`` [n, 4] hides: the sum of the shares of ``areas`` [m, 4] that it covers."""
    corner = np.maximum(places[:, None, :2], areas[None, :, :2])
    covered = (np.minimum(places[:, None, 2:], areas[None, :, 2:]) - corner).clip(0).prod(axis=2)
    return np.asarray((covered / (areas[:, 2:] - areas[:, :2]).prod(axis=1).clip(1)).sum(axis=1), np.float64)
