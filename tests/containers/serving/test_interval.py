"""How much of a figure may be chance."""

from __future__ import annotations

import numpy as np

from containers.serving.average_precision import OVERLAPS, Matches
from containers.serving.interval import map50_95_intervals


def one_object_each(found: list[bool]) -> Matches:
    """A picture an element: its one object found without error, or missed."""
    pictures = np.flatnonzero(found)
    right = np.ones((len(pictures), len(OVERLAPS)), bool)
    zeros = np.zeros(len(found), int)
    return Matches(right, np.ones(len(pictures)), zeros[: len(pictures)], pictures, zeros, np.arange(len(found)))


def test_an_interval_surrounds_the_figure_and_narrows_with_more_pictures() -> None:
    """Half of the objects found, in 10 and in 200 pictures."""
    few, _ = map50_95_intervals(one_object_each([True, False] * 5), None, 1, 10)
    many, _ = map50_95_intervals(one_object_each([True, False] * 100), None, 1, 200)
    assert few is not None
    assert many is not None
    assert few.low < many.low < 0.5 < many.high < few.high


def test_the_same_model_leads_itself_by_nothing() -> None:
    """Both are drawn on the same pictures, so nothing is left to chance."""
    matches = one_object_each([True, False] * 5)
    _, lead = map50_95_intervals(matches, matches, 1, 10)
    assert lead is not None
    assert (lead.low, lead.high) == (0, 0)


def test_a_model_that_finds_all_leads_one_that_finds_half_by_more_than_chance() -> None:
    """The whole interval lies above zero."""
    _, lead = map50_95_intervals(one_object_each([True] * 20), one_object_each([True, False] * 10), 1, 20)
    assert lead is not None
    assert lead.low > 0


def test_a_handful_of_pictures_gives_no_interval() -> None:
    """Seven pictures are too few to draw from."""
    assert map50_95_intervals(one_object_each([True] * 7), None, 1, 7) == (None, None)
