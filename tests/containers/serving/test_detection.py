"""From raw output to boxes: thresholds, overlaps, and the way back to the picture."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from containers.serving.average_precision import overlap
from containers.serving.detection import Detections, Letterbox, decode, suppress, to_picture


def raw(*candidates: tuple[float, ...]) -> np.ndarray:
    """Raw output of candidates given as centre x, centre y, width, height, score of each class."""
    return np.array(candidates, np.float32).T


def test_a_candidate_names_its_best_class_above_the_confidence() -> None:
    """One box a candidate; what scores less than asked for is not there."""
    found = decode(raw((50, 50, 20, 10, 0.3, 0.9), (90, 90, 5, 5, 0.1, 0.2)), confidence=0.25, iou=0.7)
    assert found.boxes.tolist() == [[40, 45, 60, 55]]
    assert found.classes.tolist() == [1]


def test_every_class_gives_a_box_for_each_score_above_the_confidence() -> None:
    """Average precision sees second guesses too."""
    found = decode(raw((50, 50, 20, 10, 0.3, 0.9)), confidence=0.25, iou=0.7, every_class=True)
    assert found.classes.tolist() == [1, 0]


def test_a_score_equal_to_the_confidence_is_left_out() -> None:
    """Above means above."""
    assert len(decode(raw((50, 50, 20, 10, 0.5)), confidence=0.5, iou=0.7)) == 0


def test_overlapping_boxes_of_one_class_become_one() -> None:
    """The better score stays; another class in the same place stays too."""
    output = raw((50, 50, 20, 20, 0.8, 0), (51, 50, 20, 20, 0.9, 0), (50, 50, 20, 20, 0, 0.7))
    found = decode(output, confidence=0.25, iou=0.7)
    assert found.classes.tolist() == [0, 1]
    assert np.allclose(found.scores, [0.9, 0.7])


def test_a_box_of_no_number_is_left_out() -> None:
    """NaN never reaches an answer, neither as a box nor as a score."""
    output = raw((np.nan, 50, 20, 20, 0.9), (50, 50, 20, 20, np.nan), (50, 50, np.inf, 20, 0.9))
    assert len(decode(output, confidence=0.25, iou=0.7)) == 0


def test_nothing_found_is_an_empty_answer() -> None:
    """No candidate at all is no error."""
    assert len(decode(np.zeros((6, 0), np.float32), confidence=0.25, iou=0.7, every_class=True)) == 0


def test_at_most_300_detections_are_given() -> None:
    """A model that sees things everywhere does not fill the answer without bound."""
    columns = np.arange(400)
    output = np.stack([columns * 20, columns, np.full(400, 10), np.full(400, 10), np.full(400, 0.9)])
    assert len(decode(output.astype(np.float32), confidence=0.25, iou=0.7)) == 300


@given(
    st.lists(
        st.tuples(st.integers(0, 40), st.integers(0, 40), st.integers(1, 40), st.integers(1, 40), st.integers(0, 1)),
        max_size=25,
    )
)
def test_what_stays_overlaps_little_and_what_goes_overlaps_something_better(rows: list[tuple[int, ...]]) -> None:
    """The definition of greedy suppression, for any boxes."""
    table = np.array(rows, float).reshape(-1, 5)
    corners = np.concatenate((table[:, :2], table[:, :2] + table[:, 2:4]), axis=1).astype(np.float32)
    classes = table[:, 4].astype(int)
    kept = suppress(Detections(corners, np.linspace(1, 0.5, len(rows), dtype=np.float32), classes), 0.5)
    shared = overlap(corners.astype(float), corners.astype(float)) * (classes[:, None] == classes[None])
    staying = set(kept.tolist())
    for at in range(len(rows)):
        covered = any(shared[at, better] > 0.5 + 1e-9 for better in staying if better < at)
        assert covered != (at in staying) or np.isclose(shared[at, list(staying)], 0.5).any()


def test_a_wide_picture_lies_in_the_middle_of_a_square_input() -> None:
    """1280 x 720 in 640 x 640: half the size, 140 pixels of border above and below."""
    assert Letterbox.fit(1280, 720, 640, 640) == Letterbox(0.5, 640, 360, 0, 140)


@given(st.integers(1, 5000), st.integers(1, 5000))
def test_the_whole_picture_comes_back_from_the_letterbox(width: int, height: int) -> None:
    """The picture's own outline, moved back, is the picture's size to within a rounded pixel; and never outside it."""
    place = Letterbox.fit(width, height, 640, 640)
    assert place.left + place.width <= 640
    assert place.top + place.height <= 640
    outline = [[place.left, place.top, place.left + place.width, place.top + place.height]]
    found = Detections(np.array(outline, np.float32), np.ones(1, np.float32), np.zeros(1, int))
    left, top, right, bottom = to_picture(found, place, width, height).boxes[0]
    assert (left, top) == (0, 0)
    assert right <= width
    assert bottom <= height
    assert right >= width - 1 / place.scale
    assert bottom >= height - 1 / place.scale
