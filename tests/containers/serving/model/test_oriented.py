"""From the raw output of a graph of oriented boxes to corners."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from containers.serving.model import oriented
from containers.serving.model.detection import Detections, Letterbox
from containers.serving.model.oriented import corners, covariances, overlaps, shapes, suppress
from containers.serving.model.thresholds import Thresholds

QUARTER = np.pi / 2
PLAIN = Letterbox(640, 640, 640, 640, 0, 0)
rectangle = st.tuples(
    st.floats(-50, 50),
    st.floats(-50, 50),
    st.floats(1, 100),
    st.floats(1, 100),
    st.floats(-QUARTER / 2, 3 * QUARTER / 2),
)


def decode(*candidates: tuple[float, ...], place: Letterbox = PLAIN, classes: int = 1) -> Detections:
    """Candidates as centre x, centre y, width, height, score of each class, angle."""
    output = np.array(candidates, np.float32).T
    return oriented.decode(output, classes, place, Thresholds())


def overlap(one: tuple[float, ...], other: tuple[float, ...]) -> float:
    """How much two rectangles overlap."""
    both = [shapes(corners(np.array([each], float))) for each in (one, other)]
    return float(overlaps(*both)[0])


def test_a_box_that_is_not_turned_has_its_own_corners() -> None:
    """Beginning right and below, then against the clock as one sees it."""
    found = decode((100, 200, 40, 20, 0.9, 0))
    assert found.corners is not None
    assert found.corners.tolist() == [[[120, 210], [120, 190], [80, 190], [80, 210]]]
    assert found.boxes.tolist() == [[80, 190, 120, 210]]


def test_a_turned_box_has_the_upright_box_around_its_corners() -> None:
    """A square of 20, an eighth turned: its diagonal is the box's side. The angle is told as it is."""
    found = decode((100, 200, 20, 20, 0.9, QUARTER / 2))
    reach = 10 * np.sqrt(2)
    assert np.allclose(found.boxes, [[100 - reach, 200 - reach, 100 + reach, 200 + reach]], atol=1e-4)
    assert found.angles is not None
    assert np.allclose(found.angles, QUARTER / 2)


def test_the_angle_turns_from_x_to_y() -> None:
    """Down, as y is: the long side of a box turned by 30 degrees falls to the right."""
    (around,) = corners(np.array([[0, 0, 200, 2, np.pi / 6]]))
    assert np.allclose(around[0], [100 * np.cos(np.pi / 6) - 0.5, 50 + np.cos(np.pi / 6)])


def test_corners_are_answered_in_pixels_of_the_picture() -> None:
    """1280 x 720 in 640 x 640: a corner may lie beside the picture, the box around them does not."""
    found = decode((10, 150, 40, 40, 0.9, 0), place=Letterbox.fit(1280, 720, 640, 640))
    assert found.corners is not None
    assert found.corners.tolist() == [[[60, 60], [60, -20], [-20, -20], [-20, 60]]]
    assert found.boxes.tolist() == [[0, 0, 60, 60]]


def test_a_box_of_no_number_is_left_out() -> None:
    """Neither as an angle nor as a side."""
    assert len(decode((100, 200, 20, 20, 0.9, np.nan), (100, 200, np.inf, 20, 0.9, 0))) == 0


def test_nothing_found_is_an_empty_answer() -> None:
    """With as many corners as boxes."""
    found = decode((100, 200, 20, 20, 0.1, 0))
    assert found.corners is not None
    assert found.corners.shape == (0, 4, 2)


def test_crossed_boxes_stay_and_parallel_ones_become_one() -> None:
    """Long and thin, in the same place: upright boxes around them would say the opposite."""
    found = decode((100, 100, 90, 9, 0.9, 0.8), (100, 100, 90, 9, 0.8, 0.8 + QUARTER), (101, 101, 90, 9, 0.7, 0.8))
    assert np.allclose(found.scores, [0.9, 0.8])


def test_boxes_of_different_classes_stay() -> None:
    """In the very same place."""
    found = decode((100, 100, 90, 9, 0.9, 0, 0.8), (100, 100, 90, 9, 0, 0.8, 0.8), classes=2)
    assert found.classes.tolist() == [0, 1]


@given(st.floats(0, 60), st.floats(1, 100))
def test_the_overlap_of_two_equal_squares_is_as_the_paper_says(apart: float, side: float) -> None:
    """Their distance in one number: 1 - sqrt(1 - exp(-d² / 8σ²)), where σ² = side² / 12."""
    expected = 1 - np.sqrt(1 - np.exp(-min(100, 12 * apart**2 / (8 * side**2))))
    assert overlap((0, 0, side, side, 0), (apart, 0, side, side, 1)) == pytest.approx(expected, abs=2e-3)


@given(rectangle, rectangle)
def test_overlap_knows_no_order_and_no_way_to_say_the_same_rectangle(one: tuple, other: tuple) -> None:
    """Width and height change places in a quarter turn."""
    x, y, width, height, angle = other
    found = overlap(one, other)
    assert -1e-6 < found <= 1
    assert overlap(other, one) == pytest.approx(found, abs=1e-6)
    assert overlap(one, (x, y, height, width, angle + QUARTER)) == pytest.approx(found, abs=1e-4)
    assert overlap(one, one) > 0.999


def test_boxes_beside_one_another_overlap_less_than_boxes_in_a_row() -> None:
    """Long ones that point down to the right: 20 pixels further that way is little, 20 pixels across is much."""
    long = (0.0, 0.0, 100.0, 20.0, QUARTER / 2)
    in_a_row, beside = (overlap(long, (14.0, down, *long[2:])) for down in (14.0, -14.0))
    assert in_a_row > 0.7
    assert beside < 0.3


@pytest.mark.parametrize("line", [(0, 0, 100, 0, 0.3), (0, 0, 0, 0, 0)])
def test_a_box_without_area_is_no_error(line: tuple[float, ...]) -> None:
    """The overlap is a number, of itself and of others."""
    assert 0 <= overlap(line, line) <= 1
    assert 0 <= overlap(line, (5, 5, 20, 20, 0)) <= 1


def test_one_that_went_still_sends_others_away() -> None:
    """A row of three, each covered by its neighbour alone: the second goes, and the third with it, as in training."""
    row = np.array([(at, 0, 20, 20, 0) for at in (0.0, 3.0, 6.0)])
    assert overlap(tuple(row[0]), tuple(row[1])) > 0.8 > overlap(tuple(row[0]), tuple(row[2]))
    assert suppress(row, np.zeros(3, int), 0.8, 300).tolist() == [0]


@pytest.mark.parametrize(("spread", "most"), [(4, 300), (60, 300), (60, 40), (400, 300)])
def test_many_boxes_are_thinned_in_blocks_as_at_once(spread: float, most: int) -> None:
    """One heap, a crowd, and boxes apart: the whole table of overlaps says who stays."""
    random = np.random.default_rng(6)
    count = 900
    table = np.concatenate(
        (random.normal(0, spread, (count, 2)), random.uniform(5, 60, (count, 2)), random.uniform(0, 3, (count, 1))),
        axis=1,
    )
    classes = random.integers(0, 3, count)
    shapes = np.concatenate((table[:, :2].T, covariances(table)))
    better, worse = np.triu_indices(count, k=1)
    covered = (overlaps(shapes[:, better], shapes[:, worse]) > 0.5) & (classes[better] == classes[worse])
    expected = np.setdiff1d(np.arange(count), worse[covered])[:most]
    assert suppress(table, classes, 0.5, most).tolist() == expected.tolist()


def test_the_shape_of_a_rectangle_follows_from_its_corners() -> None:
    """Centre and covariances, as from centre, sides and angle."""
    given = np.array([[50, 40, 30, 10, 0.7], [10, 20, 5, 15, -0.2], [0, 0, 8, 8, 1.5]])
    assert np.allclose(shapes(corners(given)), np.concatenate((given[:, :2].T, covariances(given))))
