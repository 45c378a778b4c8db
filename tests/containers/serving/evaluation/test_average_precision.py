"""Average precision against cases worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from containers.serving.evaluation.average_precision import (
    OVERLAPS,
    RECALLS,
    Matches,
    average_precision,
    match,
    mean_over_present,
    precision_curves,
)
from containers.serving.model.overlap import overlap


def boxes(*rows: tuple[float, float, float, float]) -> np.ndarray:
    return np.array(rows, float).reshape(-1, 4)


def every_level(*flags: bool) -> np.ndarray:
    return np.repeat(np.array(flags, bool)[:, None], len(OVERLAPS), axis=1)


def area_under(right: np.ndarray, objects: int) -> np.ndarray:
    """Average precision [10] of one class on one picture, detections by falling score."""
    found = matches(right, [0] * len(right), [0] * len(right), [(0, 0)] * objects)
    return average_precision(found, 1, np.ones((1, 1)))[0, :, 0]


def matches(right: np.ndarray, classes: list[int], pictures: list[int], true: list[tuple[int, int]]) -> Matches:
    scores = np.linspace(0.9, 0.1, len(classes))
    true_classes, true_pictures = np.array(true, int).reshape(-1, 2).T
    return Matches(right, scores, np.array(classes, int), np.array(pictures, int), true_classes, true_pictures)


def test_overlap_is_the_shared_area_over_the_covered_area() -> None:
    """Two 2 x 2 boxes that share one pixel of seven."""
    assert overlap(boxes((0, 0, 2, 2)), boxes((1, 1, 3, 3), (0, 0, 2, 2), (5, 5, 6, 6))).tolist() == [[1 / 7, 1, 0]]


def test_boxes_without_area_overlap_nothing() -> None:
    """No division by zero, no overlap."""
    assert overlap(boxes((1, 1, 1, 1)), boxes((1, 1, 1, 1))).tolist() == [[0]]


def test_a_true_box_is_found_once_by_the_best_score() -> None:
    """The second detection of the same object is wrong, however well it lies."""
    likeness = overlap(boxes((0, 0, 10, 9), (0, 0, 10, 10)), boxes((0, 0, 10, 10)))
    found = match(likeness, np.array([0, 0]), np.array([0]))
    assert found[:, 0].tolist() == [0, -1]
    assert found[:, -1].tolist() == [-1, 0], "at 0.95 the first no longer counts, so the second does"


def test_a_detection_takes_the_free_box_it_overlaps_most() -> None:
    """With two true boxes side by side each detection takes its own."""
    true = boxes((0, 0, 10, 10), (4, 0, 14, 10))
    found = match(overlap(boxes((3, 0, 13, 10), (2, 0, 12, 10)), true), np.array([0, 0]), np.array([0, 0]))
    assert found[:, 0].tolist() == [1, 0]


def test_another_class_finds_nothing() -> None:
    """The right place with the wrong name is wrong."""
    found = match(overlap(boxes((0, 0, 10, 10)), boxes((0, 0, 10, 10))), np.array([1]), np.array([0]))
    assert (found == -1).all()


def test_a_perfect_class_scores_0_995() -> None:
    """The curve falls to zero at recall 1, which costs half of the last of the hundred steps, as in ultralytics."""
    assert area_under(every_level(True, True), 2)[0] == pytest.approx(0.995)


def test_half_the_objects_found_without_error_scores_just_under_one_half() -> None:
    """Precision 1 below recall 0.5 and 0 from there on: 49 whole steps of the hundred and half of one."""
    assert area_under(every_level(True), 2)[0] == pytest.approx(0.495)


def test_a_wrong_first_detection_halves_the_precision() -> None:
    """Wrong, then right, one object: precision is one half at every recall but the last."""
    assert area_under(every_level(False, True), 1)[0] == pytest.approx(0.4975)


def test_no_object_or_no_detection_scores_zero() -> None:
    """Zero, not NaN."""
    assert area_under(every_level(True), 0).tolist() == [0] * 10
    assert area_under(every_level(), 3).tolist() == [0] * 10


def test_classes_without_objects_do_not_count_in_the_mean() -> None:
    """The mean is over what was there to be found."""
    assert mean_over_present(np.array([[0.5], [0.0], [1.0]]), np.array([[3], [0], [1]])).tolist() == [0.75]
    assert mean_over_present(np.zeros((2, 1)), np.zeros((2, 1))).tolist() == [0]


def test_a_picture_drawn_twice_counts_as_two_pictures() -> None:
    """Weights give what a longer list of pictures gives; two draws at once give what each gives alone."""
    right = every_level(True, False, True)
    once = matches(right, [0, 0, 0], [0, 1, 1], [(0, 0), (0, 1), (0, 1)])
    twice = matches(every_level(True, False, False, True, True), [0] * 5, [0, 1, 2, 1, 2], [(0, 0)] + [(0, 1)] * 4)
    expected = average_precision(twice, 1, np.ones((3, 1)))[0, 0, 0]
    weighted = average_precision(once, 1, np.array([[1.0, 1.0], [2.0, 1.0]]))
    assert weighted[0, 0, 0] == pytest.approx(expected)
    assert weighted[0, 0, 1] == pytest.approx(average_precision(once, 1, np.ones((2, 1)))[0, 0, 0])


def test_a_picture_that_is_not_drawn_leaves_no_trace() -> None:
    """Whether it was right or wrong, first or last."""
    left_out = matches(every_level(False, True, True, False, True), [0] * 5, [1, 0, 1, 0, 1], [(0, 0), (0, 1), (0, 1)])
    alone = matches(every_level(True, False), [0, 0], [0, 0], [(0, 0)])
    drawn = average_precision(left_out, 1, np.array([[1.0], [0.0]]))
    assert np.allclose(drawn, average_precision(alone, 1, np.ones((1, 1))), atol=1e-12)


def test_the_curve_is_what_average_precision_is_the_area_of() -> None:
    """Falling, from 1 to 0; a class without objects has none."""
    found = matches(every_level(True, False, True, False), [0] * 4, [0] * 4, [(0, 0)] * 3)
    curves = precision_curves(found, 2, 1)
    assert curves[0, 0] == 1
    assert (np.diff(curves[0]) <= 0).all()
    assert np.trapezoid(curves[0], RECALLS) == pytest.approx(average_precision(found, 2, np.ones((1, 1)))[0, 0, 0])
    assert not curves[1].any()


@given(st.lists(st.booleans(), min_size=1, max_size=30), st.integers(0, 20))
def test_average_precision_is_a_fraction_that_a_better_order_never_lowers(flags: list[bool], extra: int) -> None:
    """Right detections first is the best order there is."""
    objects = sum(flags) + extra
    area = area_under(every_level(*flags), objects)[0]
    best = area_under(every_level(*sorted(flags, reverse=True)), objects)[0]
    assert 0 <= area <= 1
    assert area <= best + 1e-9
