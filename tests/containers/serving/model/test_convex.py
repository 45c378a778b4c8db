"""The area that rectangles share, against cases worked out by hand and against counting points."""

from __future__ import annotations

import numpy as np
import pytest

from containers.serving.model.convex import half_planes, shared_area
from containers.serving.model.oriented import corners

SQUARE = np.array([[[0, 0], [10, 0], [10, 10], [0, 10]]], float)


def share(*rectangles: tuple[float, ...]) -> float:
    """What rectangles, as centre, sides and angle, share with the square from 0 to 10."""
    planes = [half_planes(SQUARE), *(half_planes(corners(np.array([one], float))) for one in rectangles)]
    return float(shared_area(np.concatenate(planes, axis=1))[0])


@pytest.mark.parametrize(
    ("rectangle", "area"),
    [
        ((5, 5, 10, 10, 0), 100),
        ((5, 5, 4, 4, 0.3), 16),
        ((10, 5, 10, 10, 0), 50),
        ((0, 0, 200**0.5, 200**0.5, np.pi / 4), 50),
        ((50, 5, 4, 4, 0.3), 0),
        ((15, 5, 10, 10, 0), 0),
        ((5, 5, 0, 4, 0), 0),
    ],
    ids=repr,
)
def test_what_a_turned_rectangle_covers_of_a_square(rectangle: tuple[float, ...], area: float) -> None:
    """The same, one inside, half of one, a quarter of a diamond; beside it, touching it, without an area."""
    assert share(rectangle) == pytest.approx(area, abs=1e-4)


def test_the_direction_of_the_corners_does_not_matter() -> None:
    """Clockwise or the other way round."""
    planes = [half_planes(SQUARE), half_planes(SQUARE[:, ::-1] + 5)]
    assert shared_area(np.concatenate(planes, axis=1)) == pytest.approx([25])


def test_three_shapes_share_what_points_say() -> None:
    """Of a million points, those that lie in all of them."""
    random = np.random.default_rng(4)
    points = random.uniform(0, 10, (1_000_000, 2))
    for _ in range(5):
        pair = [(*random.uniform(2, 8, 2), *random.uniform(2, 9, 2), random.uniform(0, 3)) for _ in range(2)]
        inside = np.ones(len(points), bool)
        for x, y, width, height, angle in pair:
            along, across = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
            moved = points - (x, y)
            inside &= (np.abs(moved @ along) <= width / 2) & (np.abs(moved @ across) <= height / 2)
        assert share(*pair) == pytest.approx(inside.mean() * 100, abs=0.2)
