"""What of a model's answer is right, and what it is taken for, worked out by hand."""

from __future__ import annotations

import numpy as np

from containers.serving.evaluation.judging import Judge, Truth
from containers.serving.evaluation.mask_overlap import Grid
from containers.serving.model.detection import Detections, Letterbox

GRID = Grid(Letterbox.fit(100, 100, 100, 100), 100, 100)


def boxes(*lefts: int) -> np.ndarray:
    """Boxes of 10 x 10 pixels that begin at these columns."""
    return np.array([(left, 0, left + 10, 10) for left in lefts], np.float32).reshape(-1, 4)


def found(classes: list[int], *lefts: int) -> Detections:
    return Detections(boxes(*lefts), np.linspace(0.9, 0.5, len(lefts)).astype(np.float32), np.array(classes, np.int64))


def truth(classes: list[int], *lefts: int) -> Truth:
    return Truth(100, 100, boxes(*lefts), np.array(classes, np.int64), None, None, GRID)


JUDGE = Judge("detect", None)


def test_every_detection_and_every_object_is_one_thing() -> None:
    """Found, called by another name, a second time found, seen where nothing is; and one object that nobody sees."""
    pairs = JUDGE.pairs(found([0, 1, 0, 1], 0, 20, 1, 80), truth([0, 0, 1], 0, 20, 50))
    assert pairs.finds.tolist() == [0, -1, -1, -1]
    assert pairs.mistakes.tolist() == [-1, 1, -1, -1]
    assert pairs.missed.tolist() == [False, True, True]
    assert pairs.right.tolist() == [True, False, False, False]


def test_a_right_name_counts_more_than_a_better_place() -> None:
    """The worse box of the right class finds the object; the better one of another class lies on nothing left."""
    pairs = JUDGE.pairs(found([1, 0], 0, 2), truth([0], 0))
    assert pairs.finds.tolist() == [-1, 0]
    assert pairs.mistakes.tolist() == [-1, -1]


def test_nothing_is_no_crash() -> None:
    """No detection, no object, neither."""
    assert JUDGE.pairs(found([]), truth([0], 0)).missed.tolist() == [True]
    assert JUDGE.pairs(found([0], 0), truth([])).right.tolist() == [False]
    by_place, by_shape = JUDGE.right(found([]), truth([]))
    assert (by_place.shape, by_shape) == ((0, 10), None)
