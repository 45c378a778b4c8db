"""MOTA, IDF1 and HOTA are what the papers say, on cases that can be worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from tests.bench.tracking.figures import Figures, Shown, measure


def shown(*ids: int, off: float = 0.0) -> Shown:
    """A frame with objects of 10 x 10 pixels, each far from the others at a place that goes by its tens."""
    left = np.array([one // 10 * 100.0 for one in ids]).reshape(-1, 1) + off
    top = np.zeros_like(left)
    return Shown(np.array(ids, np.int64), np.concatenate((left, top, left + 10, top + 10), axis=1))


TRUTH = [shown(10)] * 4


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        # All of it: every figure is 1, whatever the tracks are called.
        ([shown(11)] * 4, Figures(1, 1, 1, 0)),
        # One object, and its track is another one halfway. One of 4 is a switch; a pairing of whole tracks explains 2
        # of 4 and 4; each hit's tracks share 2 of 4 + 2 - 2 frames.
        ([shown(11), shown(11), shown(12), shown(12)], Figures(0.75, 0.5, np.sqrt(1 / 2), 1)),
        # A miss, and something that is not there: 2 of 4 wrong; 3 of 4 and 4 explained; 3 hits of 5, sharing 3 of 4.
        ([shown(11), shown(11, 21), shown(11), shown()], Figures(0.5, 0.75, np.sqrt(3 / 5 * 3 / 4), 0)),
        # Lost for a frame and found again under its own number: a miss, no switch; 3 hits of 4, sharing 3 of 4.
        ([shown(11), shown(), shown(11), shown(11)], Figures(0.75, 6 / 7, 3 / 4, 0)),
        # Off by a third of its side: an overlap of a half (20 / 3 of 40 / 3), which is enough for MOTA and IDF1, and
        # for 10 of the 19 overlaps of HOTA.
        (
            [Shown(np.array([11]), np.array([[10 / 3 + 100 - 1e-9, 0, 10 / 3 + 110 - 1e-9, 10]]))] * 4,
            Figures(1, 1, 10 / 19, 0),
        ),
    ],
)
def test_one_object_in_four_frames(found: list[Shown], expected: Figures) -> None:
    """Each fault is counted as its paper counts it."""
    figures = measure(TRUTH, found)
    assert (figures.mota, figures.idf1) == pytest.approx((expected.mota, expected.idf1))
    assert figures.hota == pytest.approx(expected.hota)
    assert figures.switches == expected.switches


def test_two_objects_that_swap_their_numbers() -> None:
    """Two switches in 8; half is explained; each hit's tracks share 2 of 4 + 4 - 2 frames."""
    swapped = shown(10, 20)
    swapped = Shown(swapped.ids[::-1].copy(), swapped.boxes)
    figures = measure([shown(10, 20)] * 4, [shown(10, 20)] * 2 + [swapped] * 2)
    assert (figures.mota, figures.idf1, figures.switches) == (0.75, 0.5, 2)
    assert figures.hota == pytest.approx(np.sqrt(1 / 3))


def test_who_was_followed_stays_followed() -> None:
    """Two tracks lie on one object: the better overlap of the second one makes no switch of it."""
    both = Shown(np.array([1, 2]), np.array([[101.0, 0, 111, 10], [100, 0, 110, 10]]))
    first = Shown(np.array([1]), np.array([[101.0, 0, 111, 10]]))
    figures = measure(TRUTH[:2], [first, both])
    assert (figures.switches, figures.mota) == (0, 0.5)
