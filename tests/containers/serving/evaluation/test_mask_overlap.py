"""How much a mask covers of an outline, against pycocotools on the same places."""

from __future__ import annotations

import numpy as np
import pytest

from containers.serving.evaluation.mask_overlap import Grid, draw, mask_overlap, resample
from containers.serving.model.detection import Letterbox
from containers.serving.model.mask import Mask

coco = pytest.importorskip("pycocotools.mask", reason="pycocotools is not installed: pip install -e .[dev]")


def grid(width: int = 160, height: int = 160, size: int = 160) -> Grid:
    """A picture of this size in a square input."""
    return Grid(Letterbox.fit(width, height, size, size), size, size)


def full(left: int, top: int, width: int, height: int) -> tuple[Mask, list[int]]:
    """A mask that fills its box, and the box."""
    mask = Mask(left, top, width, height, np.ones((2, 2), np.float32), (0.0, 0.0), (0.1, 0.1))
    return mask, [left, top, left + width, top + height]


def blob(corner: list[int], side: int, seed: int) -> tuple[Mask, list[int]]:
    """A mask of any shape in a square with this upper left corner, and its box."""
    left, top = corner
    logits = np.random.default_rng(seed).normal(0.5, 1, (8, 8)).astype(np.float32)
    return Mask(left, top, side, side, logits, (0.0, 0.0), (7 / side, 7 / side)), [left, top, left + side, top + side]


def circle(x: float, y: float, radius: float) -> np.ndarray:
    turn = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    return np.stack((x + radius * np.cos(turn), y + radius * np.sin(turn)), axis=1).astype(np.float32)


def square(left: float, top: float, side: float) -> np.ndarray:
    return np.array([[0, 0], [1, 0], [1, 1], [0, 1]], np.float32) * side + np.array([left, top], np.float32)


def overlaps(masks: list[tuple[Mask, list[int]]], outlines: list[np.ndarray], place: Grid) -> np.ndarray:
    boxes = np.array([box for _, box in masks], np.float32)
    wanted = np.ones((len(masks), len(outlines)), bool)
    return mask_overlap([mask for mask, _ in masks], boxes, outlines, wanted, place)


def test_a_mask_of_the_same_places_is_the_same() -> None:
    """A square of 40 x 40 pixels is 100 places; half of it and its neighbour are a third; one far away is nothing."""
    found = overlaps([full(20, 20, 40, 40), full(40, 20, 40, 40), full(100, 100, 9, 9)], [square(20, 20, 39)], grid())
    assert found[:, 0].tolist() == [1, 1 / 3, 0]


def test_only_what_is_wanted_is_looked_at() -> None:
    """Everything else is not alike."""
    mask, box = full(20, 20, 40, 40)
    assert not mask_overlap([mask], np.array([box]), [square(20, 20, 39)], np.zeros((1, 1), bool), grid()).any()


def test_what_two_objects_share_belongs_to_the_smaller_one() -> None:
    """As in training, so that a hole is left where the smaller one lies."""
    owners = grid().owners([square(20, 20, 79), square(40, 40, 19)])
    assert np.bincount(owners.ravel()).tolist()[1:] == [20 * 20 - 5 * 5, 5 * 5]


def test_a_hole_joined_to_its_outline_stays_a_hole() -> None:
    """The line goes there and back; what it goes around twice is outside."""
    line = [[0, 0], [9, 0], [9, 9], [0, 9], [0, 0], [3, 3], [3, 6], [6, 6], [6, 3], [3, 3]]
    covered = draw(np.array(line))
    assert covered[0].all()
    assert not covered[4:6, 4:6].any()


def test_a_point_and_a_line_are_drawn_too() -> None:
    """An object smaller than a pixel still is one."""
    assert draw(np.array([[0, 0], [0, 0], [0, 0]])).tolist() == [[True]]
    assert draw(np.array([[0, 0], [3, 0], [0, 0]])).sum() == 4


def test_a_line_of_many_points_is_the_same_line() -> None:
    """Every corner is one of them."""
    points = resample(square(0, 0, 8))
    assert len(points) == 1000
    assert {tuple(corner) for corner in square(0, 0, 8).tolist()} <= {tuple(point) for point in points.tolist()}


@pytest.mark.parametrize("seed", range(4))
def test_overlap_is_pycocotools_on_the_same_places(seed: int) -> None:
    """Masks of any shape against circles side by side, all pairs, to the last digit."""
    random = np.random.default_rng(seed)
    place = grid(200, 150)
    masks = [blob(random.integers(0, 80, 2).tolist(), int(random.integers(30, 70)), at) for at in range(8)]
    outlines = [circle(*middle, random.uniform(10, 24)) for middle in ((30, 30), (80, 30), (30, 80), (80, 80))]
    found = [coco.encode(np.asfortranarray(_places(place, one).astype(np.uint8))) for one in masks]
    owners = place.owners(outlines)
    true = [coco.encode(np.asfortranarray((owners == at).astype(np.uint8))) for at in range(1, len(outlines) + 1)]
    theirs = coco.iou(found, true, [0] * len(true))
    assert theirs.max() > 0.1
    assert np.allclose(overlaps(masks, outlines, place), theirs, atol=1e-7)


def _places(place: Grid, one: tuple[Mask, list[int]]) -> np.ndarray:
    """The whole grid, with what a mask covers of it."""
    covered = np.zeros(place.shape, bool)
    window, seen = place.mask(one[0], np.array(one[1], np.float32))
    covered[window] = seen
    return covered


@pytest.mark.parametrize("radius", [15, 50])
def test_an_outline_covers_half_a_pixel_more_than_pycocotools_draws_of_it(radius: float) -> None:
    """As training draws it, so that a mask that was learnt so is not called too large."""
    outline = circle(80.3, 70.7, radius)
    area = coco.area(coco.frPyObjects([outline.ravel().tolist()], 160, 160))[0]
    assert grid().owners([outline]).sum() * 16 == pytest.approx(area + np.pi * radius, rel=0.05)


@pytest.mark.parametrize("scale", [0.25, 4.0])
def test_a_picture_of_any_size_is_looked_at_on_the_input(scale: float) -> None:
    """The same objects in a picture four times as large as the input, and in a quarter of it: nearly the same."""
    masks = [full(*(round(side * scale) for side in (48, 36, 60, 60)))]
    same = overlaps([full(48, 36, 60, 60)], [circle(80, 70, 35)], grid(160, 120))
    ours = overlaps(masks, [circle(80, 70, 35) * np.float32(scale)], grid(round(160 * scale), round(120 * scale)))
    assert ours == pytest.approx(same, abs=0.02)
