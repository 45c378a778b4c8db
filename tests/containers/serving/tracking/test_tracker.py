"""Objects keep their numbers: cases worked out by hand, a crossing, and objects that are hidden for a while."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from containers.serving.model.detection import Detections
from containers.serving.tracking.tracker import Tracker

RATE = 25
SIDE = 20.0


def seen(*objects: tuple[float, float], scores: Sequence[float] = ()) -> Detections:
    """Squares of 20 pixels, each given by its left and top; all are sure where no scores say otherwise."""
    corners = np.array(objects, np.float32).reshape(-1, 2)
    boxes = np.concatenate((corners, corners + SIDE), axis=1)
    sure = np.array(scores or [0.9] * len(objects), np.float32)
    return Detections(boxes, sure, np.zeros(len(objects), np.int64))


def follow(*frames: Detections) -> list[list[int]]:
    """The numbers in each frame."""
    tracker = Tracker(0.25, RATE)
    return [tracker.follow(found).tolist() for found in frames]


def test_numbers_go_with_the_objects_and_not_with_their_order() -> None:
    """The second frame names them the other way round."""
    assert follow(seen((0, 0), (100, 0)), seen((101, 0), (1, 0))) == [[1, 2], [2, 1]]


def test_something_that_is_seen_once_is_no_object() -> None:
    """After the first frame a number is given in the second one of two; what flickered has used up none."""
    there = (0, 0)
    frames = [seen(there), seen(there, (50, 50)), seen(there), seen(there, (100, 100)), seen(there, (100, 100))]
    assert follow(*frames) == [[1], [1, 0], [1], [1, 0], [1, 2]]


def test_what_is_faint_carries_a_track_on_and_begins_none() -> None:
    """A score of 0.2, below the confidence, on the place of a track and elsewhere."""
    frames = [seen((0, 0)), seen((1, 0), (60, 0), scores=(0.2, 0.2)), seen((2, 0), (60, 0), scores=(0.9, 0.2))]
    assert follow(*frames) == [[1], [1, 0], [1, 0]]


def test_the_sure_one_is_asked_first() -> None:
    """An overlap of 18 / 22 with something faint gives way to one of 14 / 26 times 0.9, above 0.2."""
    assert follow(seen((0, 0)), seen((2, 0), (6, 0), scores=(0.2, 0.9))) == [[1], [0, 1]]


@pytest.mark.parametrize(("left", "number"), [(12.0, 1), (13.0, 0)])
def test_how_far_a_sure_one_may_be_off(left: float, number: int) -> None:
    """Of 20 pixels, 8 / 32 times 0.9 is 0.225, above 0.2; and 7 / 33 times 0.9 is 0.19."""
    assert follow(seen((0, 0)), seen((left, 0)))[1] == [number]


@pytest.mark.parametrize(("left", "number"), [(6.0, 1), (7.0, 0)])
def test_how_far_a_faint_one_may_be_off(left: float, number: int) -> None:
    """Of 20 pixels, 14 / 26 is above a half; and 13 / 27 is below."""
    assert follow(seen((0, 0)), seen((left, 0), scores=(0.2,)))[1] == [number]


def test_the_sum_decides_and_not_the_closest_pair() -> None:
    """Two tracks at 0 and 8, seen at 6 and -5.5: the closest pair, 8 and 6, would leave 0 to -5.5, which is right."""
    assert follow(seen((0, 0), (8, 0)), seen((6, 0), (-5.5, 0)))[1] == [2, 1]
    # Seen at 6 and 14 the closest pair is the same one, and what it leaves, 0 and 14, is too far; together they fit.
    assert follow(seen((0, 0), (8, 0)), seen((6, 0), (14, 0)))[1] == [1, 2]


def test_two_that_cross_keep_their_numbers() -> None:
    """They pass one another at 6 pixels a frame, and the one below is not seen while half of it is covered."""
    tracker = Tracker(0.25, RATE)
    numbers = []
    for at in range(40):
        above, below = (3.0 * at, 0.0), (120 - 3.0 * at, 4.0)
        hidden = abs(above[0] - below[0]) < 10
        numbers.append(tracker.follow(seen(above) if hidden else seen(above, below)).tolist())
    assert min(map(len, numbers)) == 1
    assert {tuple(one) for one in numbers} == {(1, 2), (1,)}


@pytest.mark.parametrize(("frames", "number"), [(RATE - 1, 1), (RATE + 5, 0)])
def test_what_is_hidden_for_less_than_a_second_is_found_again(frames: int, number: int) -> None:
    """It has moved on meanwhile, as it moved before."""
    tracker = Tracker(0.25, RATE)
    for at in range(20):
        assert tracker.follow(seen((2.0 * at, 0))).tolist() == [1]
    for _ in range(frames):
        assert tracker.follow(seen()).tolist() == []
    assert tracker.follow(seen((2.0 * (20 + frames), 0))).tolist() == [number]


def test_noise_fills_no_memory() -> None:
    """Of 12 times 200 objects, each seen twice and gone, 1,000 hidden ones are remembered beside those of the frame."""
    tracker = Tracker(0.25, 240)
    for at in range(12):
        noise = seen(*((30.0 * column, 30.0 * at) for column in range(200)))
        for _ in range(2):
            tracker.follow(noise)
            assert len(tracker) <= 1200
    assert tracker.follow(noise).tolist() == list(range(11 * 200 + 1, 12 * 200 + 1))


def test_hundreds_of_objects_take_little_longer_than_dozens() -> None:
    """A grid of 300, each moved by a pixel, is matched without a mistake."""
    grid = [(30.0 * column, 30.0 * row) for row in range(15) for column in range(20)]
    moved = [(left + 1, top) for left, top in grid]
    first, second = follow(seen(*grid), seen(*moved))
    assert first == second == list(range(1, 301))
