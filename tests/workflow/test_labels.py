"""One label line, judged on its own."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some

from workflow.labels import problem_of

BROKEN = [
    ("0 0.5 0.5 0.2", "4 columns"),
    ("0 0.5 0.5 0.2 0.2 0.9 0.9", "polygon or keypoints"),
    ("0 0.5 0.5 nan 0.2", "'nan' is not a finite number"),
    ("0 0.5 0.5 0.2 inf", "'inf' is not a finite number"),
    ("bolt 0.5 0.5 0.2 0.2", "'bolt' is not a finite number"),
    ("0.7 0.5 0.5 0.2 0.2", "class 0.7 is not a whole number"),
    ("3 0.5 0.5 0.2 0.2", "class 3 is unknown"),
    ("-1 0.5 0.5 0.2 0.2", "class -1 is unknown"),
    ("0 0.5 0.5 0 0.2", "no area"),
    ("0 0.95 0.5 0.2 0.2", "leaves the image: right 1.05"),
    ("0 0.5 -0.1 0.2 0.2", "leaves the image: top -0.2"),
]


@pytest.mark.parametrize(("line", "said"), BROKEN, ids=[said for _, said in BROKEN])
def test_a_broken_line_is_named_by_what_is_wrong(line: str, said: str) -> None:
    """Every kind of slip has words of its own."""
    assert said in problem_of(line, classes=3)


@given(
    some.integers(0, 2),
    some.floats(0, 1),
    some.floats(0, 1),
    some.floats(0.001, 1),
    some.floats(0.001, 1),
)
def test_a_box_inside_the_image_is_accepted(class_id: int, x: float, y: float, width: float, height: float) -> None:
    """Whatever lies inside the image, written with six decimals, has no problem."""
    left, top = x * (1 - width), y * (1 - height)
    line = f"{class_id} {left + width / 2:.6f} {top + height / 2:.6f} {width:.6f} {height:.6f}"
    assert problem_of(line, classes=3) == ""
