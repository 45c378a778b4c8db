"""What a row of labels may say, and what becomes of one that says something else."""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflow.labels.geometry import area, box_around, smallest_rectangle
from workflow.labels.rows import Judge, Rules
from workflow.labels.source import Labelled

POINTS = "0.1 0.1 2 0.2 0.2 1"


def judged(
    text: str,
    task: str = "detect",
    policy: Mapping[str, str] | None = None,
    keypoints: tuple[int, int] | None = None,
    size: tuple[int, int] = (640, 480),
) -> Labelled:
    """What becomes of some rows in a dataset of two classes."""
    judge = Judge(Rules(task, 2, keypoints, policy or {}), "a.txt", *size)
    judge.read(text)
    return judge.labelled()


def test_a_sound_row_gives_an_object_and_no_problem() -> None:
    """Five columns inside the image are a box."""
    [row] = judged("1 0.5 0.5 0.2 0.4\n").rows
    assert (row.class_id, row.numbers, row.line) == (1, (0.5, 0.5, 0.2, 0.4), 1)
    assert judged("1 0.5 0.5 0.2 0.4\n").problems == ()


BROKEN = [
    pytest.param("0 0.5 0.5 0.2", "malformed-row", "4 columns", id="a column missing"),
    pytest.param("0", "malformed-row", "1 columns", id="a class alone"),
    pytest.param("0 0.5 0.5 0.2 0.2 0.9", "malformed-row", "6 columns", id="a score added"),
    pytest.param("0 nan 0.5 0.2 0.2", "not-a-number", "'nan' is not a finite number", id="NaN"),
    pytest.param("0 0.5 inf 0.2 0.2", "not-a-number", "'inf' is not a finite number", id="infinity"),
    pytest.param("0 1_0 0.5 0.2 0.2", "not-a-number", "'1_0' is not a finite number", id="an underscore"),
    pytest.param("0 0,5 0.5 0.2 0.2", "not-a-number", "'0,5' is not a finite number", id="a decimal comma"),
    pytest.param("bolt 0.5 0.5 0.2 0.2", "not-a-number", "'bolt' is not a finite number", id="a name for the class"),
    pytest.param("0.7 0.5 0.5 0.2 0.2", "fractional-class", "not a whole number", id="a fractional class"),
    pytest.param("2 0.5 0.5 0.2 0.2", "unknown-class", "class 2 is unknown", id="a class too many"),
    pytest.param("-1 0.5 0.5 0.2 0.2", "unknown-class", "class -1 is unknown", id="a negative class"),
    pytest.param("0 0.5 0.5 0 0.2", "empty-box", "no area", id="no width"),
    pytest.param("0 0.5 0.5 0.2 -0.2", "empty-box", "no area", id="a negative height"),
    pytest.param("0 0.95 0.5 0.2 0.2", "outside-image", "right 1.05", id="over the right edge"),
    pytest.param("0 0.5 0.05 0.2 0.2", "outside-image", "top -0.05", id="over the top edge"),
]


@pytest.mark.parametrize(("row", "kind", "said"), BROKEN)
def test_a_broken_row_is_rejected_with_its_line_and_gives_no_object(row: str, kind: str, said: str) -> None:
    """The problem names kind, line and what is wrong."""
    found = judged(f"0 0.5 0.5 0.2 0.2\n\n{row}\n")
    assert len(found.rows) == 1
    [problem] = found.problems
    assert (problem.kind, problem.file, problem.line, problem.action) == (kind, "a.txt", 3, "rejected")
    assert said in problem.message


@pytest.mark.parametrize(("row", "kind", "said"), BROKEN)
def test_a_row_that_the_policy_drops_is_left_out_and_counted(row: str, kind: str, said: str) -> None:
    """The other objects stay."""
    found = judged(f"0 0.5 0.5 0.2 0.2\n{row}\n", policy={kind: "drop"})
    assert (len(found.rows), [problem.action for problem in found.problems]) == (1, ["dropped"])
    assert not found.dropped


def test_every_problem_of_a_file_is_told_at_once() -> None:
    """Nobody mends one row after the other."""
    assert [problem.line for problem in judged("0 1\n9 0.5 0.5 0.1 0.1\n0 0.5 0.5 0 0\n").problems] == [1, 2, 3]


def test_rounding_in_the_last_decimal_is_no_problem() -> None:
    """An edge may lie a millionth outside, which six decimals lose, and the row stays as it is written."""
    found = judged("0 0.9000005 0.5 0.2 0.2")
    assert (found.problems, found.rows[0].numbers) == ((), (0.9000005, 0.5, 0.2, 0.2))


def test_a_number_above_one_that_rounding_makes_is_clipped_without_a_word() -> None:
    """Training refuses a width above 1 whatever its reason."""
    found = judged("0 0.5 0.5 1.000001 0.5")
    assert (found.problems, max(found.rows[0].numbers) <= 1) == ((), True)


@pytest.mark.parametrize(("pixels", "kind"), [(1.0, "overhanging-box"), (1.1, "outside-image")])
def test_a_pixel_over_the_edge_is_clipped_and_more_is_rejected(pixels: float, kind: str) -> None:
    """A pixel of the very image: what rounds in an annotation tool is not drawn outside."""
    found = judged(f"0 0.5 {1 - 0.1 + pixels / 480} 0.2 0.2")
    assert [problem.kind for problem in found.problems] == [kind]
    if kind == "overhanging-box":
        assert found.problems[0].action == "repaired"
        x, y, width, height = found.rows[0].numbers
        assert (x, width) == pytest.approx((0.5, 0.2))
        assert y + height / 2 == pytest.approx(1, abs=1e-12)
        assert y - height / 2 == pytest.approx(0.8 + pixels / 480)
    else:
        assert found.rows == ()


def test_a_box_outside_is_clipped_where_the_policy_repairs() -> None:
    """What is left of it is its part in the image."""
    found = judged("0 0.95 0.5 0.2 0.2", policy={"outside-image": "repair"})
    assert found.problems[0].action == "repaired"
    assert found.rows[0].numbers == pytest.approx((0.925, 0.5, 0.15, 0.2))


def test_a_box_that_is_all_outside_cannot_be_repaired() -> None:
    """Nothing of it is left to keep: the dataset is rejected all the same."""
    found = judged("0 1.5 0.5 0.2 0.2", policy={"outside-image": "repair"})
    assert (found.rows, found.problems[0].action) == ((), "rejected")
    assert "cannot be repaired" in found.problems[0].message


def test_outlines_among_boxes_become_the_boxes_around_and_are_counted() -> None:
    """One note a picture, with the number; and each is judged like any box afterwards."""
    found = judged("1 0.2 0.2 0.6 0.3 0.4 0.8\n0 0.5 0.5 0.2 0.2\n0 0.1 0.1 0.3 0.1 0.3 0.3 0.1 0.3\n")
    assert [row.numbers for row in found.rows] == [
        pytest.approx((0.4, 0.5, 0.4, 0.6)),
        (0.5, 0.5, 0.2, 0.2),
        pytest.approx((0.2, 0.2, 0.2, 0.2)),
    ]
    [note] = found.problems
    assert (note.kind, note.action, note.file, note.line) == ("simplified-object", "noted", "a.txt", 0)
    assert note.message == "2 objects are drawn in more detail than detect needs: the box around each is taken"
    over = judged("1 0.2 0.2 0.6 0.3 0.4 1.8")
    assert [problem.kind for problem in over.problems] == ["outside-image", "simplified-object"]


def test_who_wants_no_box_around_says_so() -> None:
    """The policy refuses what is simplified."""
    found = judged("1 0.2 0.2 0.6 0.3 0.4 0.8", policy={"simplified-object": "reject"})
    assert [problem.action for problem in found.problems] == ["rejected"]


def pixels(numbers: tuple[float, ...], width: int, height: int) -> list[tuple[float, float]]:
    """The corners of a row in pixels."""
    return [(x * width, y * height) for x, y in zip(numbers[0::2], numbers[1::2], strict=True)]


def test_an_outline_becomes_the_smallest_turned_box_in_pixels() -> None:
    """A diamond with a bump of no account, in a picture twice as wide as high: right angles are right in pixels."""
    corners = [(40, 20), (60, 40), (55, 45), (40, 60), (20, 40)]
    row = " ".join(f"{x / 200} {y / 100}" for x, y in corners)
    found = judged(f"0 {row}", "obb", size=(200, 100))
    assert [problem.kind for problem in found.problems] == ["simplified-object"]
    assert "the smallest turned box around each is taken" in found.problems[0].message
    places = pixels(found.rows[0].numbers, 200, 100)
    assert sorted((round(x, 6), round(y, 6)) for x, y in places) == [(20, 40), (40, 20), (40, 60), (60, 40)]


def test_a_turned_box_stays_in_the_picture_as_its_outline_does() -> None:
    """A bar that the edge cuts off: the corner beyond is moved to the edge, and nothing is refused."""
    found = judged("0 0.8 1 1 0.8 1 1", "obb", size=(100, 100))
    assert [problem.kind for problem in found.problems] == ["simplified-object"]
    assert all(0 <= value <= 1 for value in found.rows[0].numbers)
    out = judged("0 0.8 1 1 0.8 1 1.2", "obb", size=(100, 100))
    assert "outside-image" in [problem.kind for problem in out.problems]


@pytest.mark.parametrize(
    ("task", "row", "numbers"),
    [
        ("obb", "0.25 0 0.5 0.25 0.25 0.5 0 0.25 0.25 0", (0.25, 0, 0.5, 0.25, 0.25, 0.5, 0, 0.25)),
        ("segment", "0.1 0.1 0.9 0.1 0.9 0.9 0.1 0.1", (0.1, 0.1, 0.9, 0.1, 0.9, 0.9)),
        ("detect", "0.1 0.1 0.9 0.1 0.9 0.9 0.1 0.1", (0.5, 0.5, 0.8, 0.8)),
    ],
)
def test_a_ring_that_comes_back_to_its_first_corner_is_the_same_without(
    task: str, row: str, numbers: tuple[float, ...]
) -> None:
    """Five points are a turned box, four a triangle."""
    found = judged(f"0 {row}", task)
    assert [list(one.numbers) for one in found.rows] == [pytest.approx(list(numbers))]
    assert [problem.kind for problem in found.problems] == ["simplified-object"] * (task == "detect")


@pytest.mark.parametrize(("policy", "rows", "action"), [("drop", 1, "dropped"), ("note", 2, "noted")])
def test_the_same_object_twice_counts_as_the_policy_says(policy: str, rows: int, action: str) -> None:
    """Left out unless somebody wants it."""
    found = judged("0 0.5 0.5 0.2 0.2\n0 0.50 0.5 0.2 0.2\n", policy={"repeated-object": policy})
    assert len(found.rows) == rows
    assert [(problem.line, problem.action) for problem in found.problems] == [(2, action)]


# --- other tasks -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("task", "row"),
    [
        ("segment", "0 0.1 0.1 0.9 0.1 0.9 0.9"),
        ("segment", "0 0.1 0.1 0.9 0.1 0.9 0.9 0.1 0.9"),
        ("obb", "0 0.1 0.1 0.9 0.1 0.9 0.9 0.1 0.9"),
        ("pose", f"0 0.5 0.5 0.2 0.2 {POINTS}"),
    ],
)
def test_a_sound_row_of_each_task_is_kept_as_it_is(task: str, row: str) -> None:
    """Every number, whatever the task."""
    found = judged(row, task, keypoints=(2, 3) if task == "pose" else None)
    assert found.problems == ()
    assert list(found.rows[0].numbers) == [float(column) for column in row.split()[1:]]


@pytest.mark.parametrize(
    ("task", "row", "kind"),
    [
        ("segment", "0 0.5 0.5 0.2 0.2", "wrong-task"),
        ("segment", "0 0.1 0.1 0.9 0.1 0.9", "malformed-row"),
        ("segment", "0 0.1 0.1 0.5 0.5 0.9 0.9", "empty-box"),
        ("segment", "0 0.1 0.1 0.9 0.1 0.9 1.4", "outside-image"),
        ("obb", "0 0.5 0.5 0.2 0.2", "wrong-task"),
        ("obb", "0 0.1 0.1 0.9 0.1 1.0005 0.9 0.1 0.9", "overhanging-box"),
        ("pose", "0 0.5 0.5 0.2 0.2", "wrong-task"),
        ("pose", "0 0.5 0.5 0.2 0.2 0.1 0.1 2 0.2 0.2", "malformed-row"),
        ("pose", "0 0.5 0.5 0.2 0.2 0.1 0.1 2 0.2 0.2 0.7", "malformed-row"),
        ("pose", "0 0.5 0.5 0.2 0.2 0.1 0.1 2 0.2 1.2 1", "outside-image"),
        ("pose", "0 0.5 0.5 0.2 nan 0.1 0.1 2 0.2 0.2 1", "not-a-number"),
    ],
)
def test_a_row_that_does_not_fit_its_task_is_told(task: str, row: str, kind: str) -> None:
    """Each task has the same kinds of findings."""
    found = judged(row, task, keypoints=(2, 3) if task == "pose" else None)
    assert [problem.kind for problem in found.problems] == [kind]


def test_a_keypoint_that_is_not_labelled_may_lie_anywhere() -> None:
    """Where its visibility is 0, its place means nothing, and comes out inside the image."""
    found = judged("0 0.5 0.5 0.2 0.2 -1 7 0 0.2 0.2 1", "pose", keypoints=(2, 3))
    assert (found.problems, found.rows[0].numbers[4:7]) == ((), (0.0, 1.0, 0.0))


@pytest.mark.parametrize("task", ["segment", "obb"])
def test_a_box_among_outlines_becomes_its_corners_where_the_policy_repairs(task: str) -> None:
    """A box is an outline with four corners, but one that nobody drew."""
    found = judged("0 0.5 0.5 0.2 0.4", task, {"wrong-task": "repair"})
    assert found.rows[0].numbers == pytest.approx((0.4, 0.3, 0.6, 0.3, 0.6, 0.7, 0.4, 0.7))


def test_keypoints_in_a_set_of_boxes_are_left_out_and_counted() -> None:
    """The box of the row stays."""
    found = judged(f"0 0.5 0.5 0.2 0.2 {POINTS}", "detect", keypoints=(2, 3))
    assert found.rows[0].numbers == (0.5, 0.5, 0.2, 0.2)
    assert [problem.kind for problem in found.problems] == ["simplified-object"]


@pytest.mark.parametrize(("task", "rows", "kind"), [("detect", 1, "simplified-object"), ("segment", 0, "wrong-task")])
def test_keypoints_of_a_set_that_does_not_say_so_are_no_outline(task: str, rows: int, kind: str) -> None:
    """Two keypoints with their visibility are as many numbers as five corners; the box is the row's own."""
    found = judged(f"0 0.15 0.15 0.2 0.2 {POINTS}", task)
    assert [row.numbers for row in found.rows] == [(0.15, 0.15, 0.2, 0.2)] * rows
    assert [problem.kind for problem in found.problems] == [kind]
    for corner in ("0.9 0.9 1 0.8 0.95 0.7 1 0.5 1 1", "0.9 0.5 1 0.8 0.95 0.7 1 0.5 0.85 1"):
        assert "wrong-task" not in [problem.kind for problem in judged(f"0 {corner}", task).problems]
        outline = tuple(map(float, corner.split()))
        expected = outline if task == "segment" else box_around(outline)
        assert judged(f"0 {corner}", task).rows[0].numbers == pytest.approx(expected)


# --- any text at all ---------------------------------------------------------------------------


@given(st.text(max_size=200), st.sampled_from(["detect", "segment", "obb", "pose"]))
def test_any_text_is_read_without_an_exception_and_every_object_is_sound(text: str, task: str) -> None:
    """Whatever a label file holds, what comes out can be trained on."""
    repair = {"outside-image": "repair", "wrong-task": "repair"}
    for row in judged(text, task, repair, keypoints=(2, 3)).rows:
        assert row.class_id in (0, 1)
        assert all(map(math.isfinite, row.numbers))


@given(st.lists(st.floats() | st.floats(-0.2, 1.2), min_size=4, max_size=4), st.sampled_from(["reject", "repair"]))
def test_no_box_outside_the_image_passes(numbers: list[float], policy: str) -> None:
    """Of all numbers a row can hold, only boxes inside the image come out, mended or not."""
    found = judged(" ".join(["0", *map(repr, numbers)]), policy={"outside-image": policy})
    rejected = [problem for problem in found.problems if problem.action == "rejected"]
    assert len(found.rows) + len(rejected) == 1
    for row in found.rows:
        x, y, width, height = row.numbers
        assert min(width, height) > 0
        assert max(width, height) <= 1
        assert -1.1e-6 <= x - width / 2 <= x + width / 2 <= 1 + 1.1e-6
        assert -1.1e-6 <= y - height / 2 <= y + height / 2 <= 1 + 1.1e-6


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=3, max_size=12))
def test_the_smallest_turned_box_holds_its_outline_and_is_no_larger_than_the_straight_one(
    points: list[tuple[float, float]],
) -> None:
    """Whatever was drawn, in pixels of a picture that is no square."""
    flat = [value for point in points for value in point]
    box = smallest_rectangle(flat, 640, 480)
    corners = pixels(box, 640, 480)
    upright = box_around(flat)
    assert area([v for corner in corners for v in corner]) <= upright[2] * 640 * upright[3] * 480 + 1e-6
    (ax, ay), (bx, by), _, (dx, dy) = corners
    assert abs((bx - ax) * (dx - ax) + (by - ay) * (dy - ay)) < 1e-3
    for x, y in pixels(tuple(flat), 640, 480):
        for (px, py), (qx, qy) in pairwise([*corners, corners[0]]):
            assert (qx - px) * (y - py) - (qy - py) * (x - px) >= -1e-3


@given(st.lists(st.floats(-0.5, 1.5), min_size=6, max_size=20))
def test_no_outline_outside_the_image_passes(numbers: list[float]) -> None:
    """Training refuses a corner outside of the image."""
    found = judged(" ".join(["0", *map(repr, numbers)]), "segment", {"outside-image": "repair"})
    assert all(0 <= value <= 1 for row in found.rows for value in row.numbers)
