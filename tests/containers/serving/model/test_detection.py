"""From raw output to boxes: thresholds, overlaps, and the way back to the picture."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from containers.serving.model import detection
from containers.serving.model.detection import Detections, Letterbox, strongest, suppress, to_picture
from containers.serving.model.mask import Mask
from containers.serving.model.overlap import overlap
from containers.serving.model.thresholds import Thresholds


def raw(*candidates: tuple[float, ...]) -> np.ndarray:
    """Raw output of candidates given as centre x, centre y, width, height, score of each class."""
    return np.array(candidates, np.float32).T


def decode(output: np.ndarray, *, confidence: float, iou: float = 0.7, every_class: bool = False) -> Detections:
    """What is found, in pixels of the model's input."""
    return strongest(output, len(output) - 4, Thresholds(confidence, iou, every_class=every_class))[0]


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


def test_no_more_are_given_than_asked_for() -> None:
    """The best two of three."""
    output = raw((10, 10, 5, 5, 0.7), (30, 10, 5, 5, 0.9), (50, 10, 5, 5, 0.8))
    found, columns = strongest(output, 1, Thresholds(max_detections=2))
    assert columns.tolist() == [1, 2]
    assert np.allclose(found.scores, [0.9, 0.8])


def test_only_the_classes_asked_for_are_given() -> None:
    """A candidate whose best class is another does not come as its second best."""
    output = raw((10, 10, 5, 5, 0.7, 0.6, 0), (30, 10, 5, 5, 0, 0.5, 0.1), (50, 10, 5, 5, 0, 0, 0.9))
    for classes, expected in (((1,), [1]), ((0, 2), [2, 0]), ((), []), (None, [2, 0, 1])):
        assert strongest(output, 3, Thresholds(classes=classes))[0].classes.tolist() == expected
    second = strongest(output, 3, Thresholds(classes=(1,), every_class=True))[0]
    assert np.allclose(second.scores, [0.6, 0.5])


def test_equal_scores_stay_in_their_order() -> None:
    """So that the same model gives the same answer, whatever sorts."""
    output = np.array([[x, 10, 5, 5, 0.5] for x in range(10, 2010, 10)], np.float32).T
    assert strongest(output, 1, Thresholds())[1].tolist() == list(range(200))


def test_of_more_than_30000_candidates_the_best_take_part_equal_ones_in_their_order() -> None:
    """What is left out scores least, or as little and comes later."""
    random = np.random.default_rng(3)
    scores = random.integers(1, 6, 40_000).astype(np.float32) / 5
    output = np.concatenate((random.uniform(0, 640, (4, 40_000)), scores[None])).astype(np.float32)
    found, columns = detection.candidates(output, 1, Thresholds(0.1))
    assert columns.tolist() == np.argsort(-scores, kind="stable")[:30_000].tolist()
    assert found.scores.tolist() == scores[columns].tolist()


def test_what_belongs_to_a_detection_goes_with_it() -> None:
    """Chosen by index or by flag, every extra keeps in step."""
    masks = tuple(Mask(at, 0, 1, 1, np.ones((1, 1), np.float32), (0, 0), (1, 1)) for at in range(3))
    three = Detections(
        np.arange(12, dtype=np.float32).reshape(3, 4),
        np.array([0.9, 0.8, 0.7], np.float32),
        np.array([5, 6, 7]),
        keypoints=np.arange(18, dtype=np.float32).reshape(3, 2, 3),
        masks=masks,
        corners=np.arange(24, dtype=np.float32).reshape(3, 4, 2),
        angles=np.array([0, 1, 2], np.float32),
    )
    for chosen in (np.array([2, 0]), np.array([True, False, True])):
        kept = three.keep(chosen)
        order = np.arange(3)[chosen]
        assert kept.masks == tuple(masks[at] for at in order)
        for name in ("boxes", "scores", "classes", "keypoints", "corners", "angles"):
            assert np.array_equal(getattr(kept, name), getattr(three, name)[order]), name


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


def one_by_one(boxes: np.ndarray, classes: np.ndarray, iou: float) -> list[int]:
    """The same by the definition, a box at a time."""
    kept: list[int] = []
    waiting = np.arange(len(boxes))
    while len(waiting) and len(kept) < 300:
        best, waiting = waiting[0], waiting[1:]
        kept.append(int(best))
        shared = overlap(boxes[[best]], boxes[waiting])[0]
        waiting = waiting[~((shared > iou) & (classes[waiting] == classes[best]))]
    return kept


@pytest.mark.parametrize(
    ("spread", "classes"), [(3, 1), (3, 40), (60, 3), (2000, 2)], ids=["one heap", "heap of classes", "crowd", "apart"]
)
def test_many_boxes_are_thinned_in_blocks_as_one_by_one(spread: float, classes: int) -> None:
    """Few kept or 300, of one class or many: blocks change nothing."""
    random = np.random.default_rng(4)
    centre, size = random.normal(300, spread, (3000, 2)), random.uniform(20, 60, (3000, 2))
    boxes = np.concatenate((centre - size / 2, centre + size / 2), axis=1).astype(np.float32)
    kinds = random.integers(0, classes, 3000)
    kept = suppress(Detections(boxes, np.linspace(1, 0.1, 3000, dtype=np.float32), kinds), 0.6)
    assert kept.tolist() == one_by_one(boxes.astype(float), kinds, 0.6)


def test_a_wide_picture_lies_in_the_middle_of_a_square_input() -> None:
    """1280 x 720 in 640 x 640: half the size, 140 pixels of border above and below."""
    assert Letterbox.fit(1280, 720, 640, 640) == Letterbox(1280, 720, 640, 360, 0, 140)


@given(st.integers(1, 5000), st.integers(1, 5000))
def test_the_whole_picture_comes_back_from_the_letterbox(width: int, height: int) -> None:
    """The picture's own outline, moved back, is the picture's size, however the copy in the input was rounded."""
    place = Letterbox.fit(width, height, 640, 640)
    assert place.left + place.width <= 640
    assert place.top + place.height <= 640
    outline = [[place.left, place.top, place.left + place.width, place.top + place.height]]
    found = Detections(np.array(outline, np.float32), np.ones(1, np.float32), np.zeros(1, int))
    left, top, right, bottom = to_picture(found, place).boxes[0]
    assert (left, top) == (0, 0)
    assert (right, bottom) == pytest.approx((width, height), rel=1e-6)
    assert right <= width
    assert bottom <= height


def test_a_box_is_answered_in_pixels_of_the_picture_and_inside_it() -> None:
    """1280 x 720 in 640 x 640: twice the distance from the border, and nothing beside the picture."""
    output = raw((320, 320, 20, 10, 0.9), (2, 142, 20, 20, 0.8))
    place = Letterbox.fit(1280, 720, 640, 640)
    found = detection.decode(output, 1, place, Thresholds())
    assert found.boxes.tolist() == [[620, 350, 660, 370], [0, 0, 24, 24]]
