"""What a label row may say."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from containers.training.labels import Box, read_labels


def test_a_sound_row_gives_a_box_and_no_problem() -> None:
    """Five columns inside the image are a box."""
    assert read_labels("1 0.5 0.5 0.2 0.4\n", 2) == ([Box(1, 0.5, 0.5, 0.2, 0.4)], [])


@pytest.mark.parametrize(
    ("row", "said"),
    [
        pytest.param("0 0.5 0.5 0.2", "4 columns", id="a column missing"),
        pytest.param("0 0.5 0.5 0.2 0.2 0.9", "6 columns", id="a score added"),
        pytest.param("0 0.1 0.1 0.9 0.1 0.9 0.9", "polygon", id="a polygon"),
        pytest.param("0 nan 0.5 0.2 0.2", "'nan' is not a finite number", id="NaN"),
        pytest.param("0 0.5 inf 0.2 0.2", "'inf' is not a finite number", id="infinity"),
        pytest.param("bolt 0.5 0.5 0.2 0.2", "'bolt' is not a finite number", id="a name for the class"),
        pytest.param("0.7 0.5 0.5 0.2 0.2", "not a whole number", id="a fractional class"),
        pytest.param("2 0.5 0.5 0.2 0.2", "class 2 is unknown", id="a class too many"),
        pytest.param("-1 0.5 0.5 0.2 0.2", "class -1 is unknown", id="a negative class"),
        pytest.param("0 0.5 0.5 0 0.2", "no area", id="no width"),
        pytest.param("0 0.5 0.5 0.2 -0.2", "no area", id="a negative height"),
        pytest.param("0 0.95 0.5 0.2 0.2", "right 1.05", id="over the right edge"),
        pytest.param("0 0.5 0.05 0.2 0.2", "top -0.05", id="over the top edge"),
    ],
)
def test_a_broken_row_is_a_problem_with_its_line_and_gives_no_box(row: str, said: str) -> None:
    """The problem names the line and what is wrong with it."""
    boxes, problems = read_labels(f"0 0.5 0.5 0.2 0.2\n\n{row}\n", 2)
    assert len(boxes) == 1
    assert [problem.line for problem in problems] == [3]
    assert problems[0].severity == "error"
    assert said in problems[0].message


def test_rounding_in_the_last_decimal_is_no_problem() -> None:
    """An edge may lie a millionth outside, which six decimals lose."""
    assert read_labels("0 0.9000005 0.5 0.2 0.2", 1)[1] == []


def test_the_same_box_twice_is_a_warning() -> None:
    """A repeated row is told and counted once."""
    boxes, problems = read_labels("0 0.5 0.5 0.2 0.2\n0 0.5 0.5 0.2 0.2\n", 1)
    assert len(boxes) == 1
    assert [(problem.line, problem.severity) for problem in problems] == [(2, "warning")]


@given(st.text(max_size=200))
def test_any_text_is_read_without_an_exception_and_every_box_is_sound(text: str) -> None:
    """Whatever a label file holds, what comes out can be trained on."""
    boxes, _ = read_labels(text, 3)
    for box in boxes:
        assert box.class_id in (0, 1, 2)
        assert box.width > 0
        assert box.height > 0
        assert all(map(math.isfinite, (box.x, box.y, box.width, box.height)))


@given(st.lists(st.floats(), min_size=4, max_size=4))
def test_no_number_outside_the_image_passes(numbers: list[float]) -> None:
    """Of all numbers a row can hold, only boxes inside the image pass."""
    boxes, problems = read_labels(" ".join(["0", *map(repr, numbers)]), 1)
    assert len(boxes) + len(problems) == 1
    for box in boxes:
        assert -1e-5 <= box.x - box.width / 2 <= box.x + box.width / 2 <= 1 + 1e-5
