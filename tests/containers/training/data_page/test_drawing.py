"""Labels of every task as shapes, whatever numbers they hold."""

from __future__ import annotations

import math
import re

import pytest

from containers.training.data_page.drawing import CORNERS, draw, lies_beyond, shape_of


def test_a_row_of_any_task_has_its_shape() -> None:
    """A box, a turned box or outline, a box with the key points that are labelled."""
    box = shape_of((0.5, 0.5, 0.2, 0.4), None)
    assert box
    assert [(round(x, 3), round(y, 3)) for x, y in box.outline] == [(0.4, 0.3), (0.6, 0.3), (0.6, 0.7), (0.4, 0.7)]
    outline = shape_of((0.1, 0.1, 0.9, 0.1, 0.5, 0.8), None)
    assert outline
    assert outline.outline == ((0.1, 0.1), (0.9, 0.1), (0.5, 0.8))
    person = shape_of((0.5, 0.5, 0.2, 0.4, 0.3, 0.4, 2, 0.6, 0.7, 0), (2, 3))
    assert person
    assert person.dots == ((0.3, 0.4),)


@pytest.mark.parametrize(
    "numbers", [(), (0.5, 0.5, 0.1), (math.nan, 0.5, 0.1, 0.1), (0.5, 0.5, math.inf, 0.1), (1,) * 7]
)
def test_what_has_no_shape_is_not_drawn(numbers: tuple[float, ...]) -> None:
    """A broken row is told in words."""
    assert shape_of(numbers, None) is None


def test_numbers_of_any_size_stay_drawable() -> None:
    """Pixels where fractions belong lie far beyond; the drawing ends half a picture beyond its edge."""
    far = shape_of((320.0, 200.0, 1e300, 40.0), None, wrong=True)
    near = shape_of((1.2, 0.5, 0.5, 0.1), None, wrong=True)
    pixels = shape_of((320.0, 200.0, 50.0, 40.0), None, wrong=True)
    assert far
    assert near
    assert pixels
    assert [lies_beyond(one) for one in (near, pixels)] == [False, True]
    drawn = draw("data:,", (640, 480), [far], "said")
    assert 'viewBox="-168.0 0.0 656.0 368.0"' in drawn
    assert all(abs(float(number)) <= 3200 for number in re.findall(r"-?[\d.]+(?=[, \"])", drawn))


def test_an_outline_of_thousands_of_corners_is_thinned() -> None:
    """Every page stays small."""
    numbers = [value for at in range(5000) for value in (math.cos(at / 800) / 3 + 0.5, math.sin(at / 800) / 3 + 0.5)]
    shape = shape_of(numbers, None)
    assert shape
    assert 100 <= len(shape.outline) <= CORNERS


def test_a_picture_of_few_pixels_is_drawn_as_large_as_any() -> None:
    """So that lines and letters have their size on it."""
    assert 'width="320.0" height="64.0"' in draw("data:,", (10, 2), [], "said")
