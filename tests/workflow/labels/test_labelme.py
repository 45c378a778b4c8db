"""LabelMe's JSON as it and its kin write it, and as it should not be."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from workflow.labels import labelme
from workflow.labels.recognition import open_source
from workflow.labels.source import Labelled

BOX = {"label": "nut", "points": [[30, 20], [10, 10]], "shape_type": "rectangle"}
TRIANGLE = {"label": "bolt", "points": [[10, 10], [50, 10], [50, 40]], "shape_type": "polygon"}
TURNED = {"label": "nut", "points": [[20, 10], [40, 20], [35, 30], [15, 20]], "shape_type": "oriented_rectangle"}


def draw(root: Path, *shapes: Any, name: str = "a", image: str = "a.jpg", **document: Any) -> Path:
    """A picture of 100 x 50 pixels and what is drawn on it."""
    (root / image).parent.mkdir(parents=True, exist_ok=True)
    (root / image).write_text("x")
    said = {"imagePath": image, "imageData": None, "imageWidth": 100, "imageHeight": 50, **document}
    (root / f"{name}.json").write_text(json.dumps({"version": "5.5.0", "flags": {}, "shapes": shapes, **said}))
    return root


def first(root: Path, task: str = "auto", **policy: str) -> Labelled:
    """The labels of the first picture."""
    source = open_source(root, task=task, policy={key.replace("_", "-"): value for key, value in policy.items()})
    return source.labels(source.entries[0], 100, 50)


def test_classes_are_the_labels_by_their_letters(tmp_path: Path) -> None:
    """In whatever order they are drawn; a rectangle is two opposite corners, whichever comes first."""
    draw(tmp_path, BOX, {**BOX, "label": " bolt "})
    source = open_source(tmp_path)
    assert (source.format, source.task, source.classes, source.problems) == ("labelme", "detect", ("bolt", "nut"), [])
    assert [(row.class_id, row.numbers) for row in first(tmp_path).rows] == [
        (1, (0.2, 0.3, 0.2, 0.2)),
        (0, (0.2, 0.3, 0.2, 0.2)),
    ]


def test_a_label_is_one_however_its_letters_are_composed(tmp_path: Path) -> None:
    """An é is one letter, or an e with an accent."""
    draw(tmp_path, {**BOX, "label": "cafe\u0301"}, {**BOX, "label": "caf\u00e9", "points": [[1, 1], [9, 9]]})
    assert (open_source(tmp_path).classes, len(first(tmp_path).rows)) == (("caf\u00e9",), 2)


def test_outlines_that_share_a_group_are_one_object(tmp_path: Path) -> None:
    """What hides the middle of a thing does not make two of it."""
    other = {**TRIANGLE, "points": [[60, 10], [90, 10], [90, 40]]}
    draw(tmp_path, {**TRIANGLE, "group_id": 1}, {**other, "group_id": 1}, {**other, "group_id": None})
    rows = first(tmp_path).rows
    assert [len(row.numbers) for row in rows] == [16, 6]
    assert rows[1].numbers == (0.6, 0.2, 0.9, 0.2, 0.9, 0.8)


def test_a_circle_is_an_outline_as_wide_as_it_is(tmp_path: Path) -> None:
    """Its middle, and a point on its edge."""
    [row] = first(draw(tmp_path, {"label": "nut", "points": [[50, 25], [50, 45]], "shape_type": "circle"})).rows
    xs, ys = row.numbers[0::2], row.numbers[1::2]
    assert (min(xs), max(xs), min(ys), max(ys)) == pytest.approx((0.3, 0.7, 0.1, 0.9))


def test_rectangles_among_turned_ones_are_turned_by_nothing(tmp_path: Path) -> None:
    """Both are boxes to who looks for turned ones; AnyLabeling calls them rotation, and writes four corners."""
    upright = {**BOX, "points": [[10, 10], [30, 10], [30, 20], [10, 20]]}
    draw(tmp_path, TURNED, {**TURNED, "shape_type": "rotation", "label": "bolt"}, upright)
    source = open_source(tmp_path)
    assert (source.task, source.problems) == ("obb", [])
    assert [row.numbers for row in first(tmp_path).rows] == [
        (0.2, 0.2, 0.4, 0.4, 0.35, 0.6, 0.15, 0.4),
        (0.2, 0.2, 0.4, 0.4, 0.35, 0.6, 0.15, 0.4),
        pytest.approx((0.1, 0.2, 0.3, 0.2, 0.3, 0.4, 0.1, 0.4)),
    ]


@pytest.mark.parametrize(
    ("shapes", "said"),
    [
        ((BOX, TRIANGLE, {**TRIANGLE, "label": "x"}), "2 drawn as polygon and 1 drawn as rectangle: read for segment"),
        ((TURNED, TRIANGLE, {**TRIANGLE, "label": "x"}), "2 drawn as polygon and 1 drawn as oriented_rectangle: read"),
    ],
)
def test_boxes_among_outlines_are_refused_with_how_many_of_each(tmp_path: Path, shapes: Any, said: str) -> None:
    """An outline is more than a box, and nothing is read as something else; as boxes all of them are read."""
    source = open_source(draw(tmp_path, *shapes))
    [mixed] = source.problems
    assert (source.task, mixed.kind, mixed.action) == ("segment", "wrong-task", "rejected")
    assert said in mixed.message
    assert len(source.labels(source.entries[0], 100, 50).rows) == 2
    assert len(first(tmp_path, "detect").rows) == 3


@pytest.mark.parametrize(
    ("shapes", "task"),
    [((BOX, {**BOX, "label": "x"}, TRIANGLE), "detect"), ((BOX, {**BOX, "label": "x"}, TURNED), "detect")],
)
def test_outlines_and_turned_boxes_among_boxes_become_boxes_and_are_told(
    tmp_path: Path, shapes: Any, task: str
) -> None:
    """The set is of the task of most; what says more than that needs is counted."""
    source = open_source(draw(tmp_path, *shapes))
    found = source.labels(source.entries[0], 100, 50)
    assert (source.task, source.problems, len(found.rows)) == (task, [], 3)
    assert [(problem.kind, problem.action) for problem in found.problems] == [("simplified-object", "noted")]


def test_outlines_become_boxes_where_boxes_are_asked_for(tmp_path: Path) -> None:
    """As the message says."""
    draw(tmp_path, BOX, TRIANGLE)
    found = first(tmp_path, "detect")
    assert [row.numbers for row in found.rows] == [(0.2, 0.3, 0.2, 0.2), pytest.approx((0.3, 0.5, 0.4, 0.6))]


def test_a_turned_rectangle_is_no_outline(tmp_path: Path) -> None:
    """Its four corners would pass for one."""
    found = first(draw(tmp_path, TRIANGLE, TURNED), "segment")
    assert [(problem.kind, problem.action) for problem in found.problems] == [("wrong-task", "rejected")]
    assert len(found.rows) == 1


@pytest.mark.parametrize("drawn_as", ["point", "line", "linestrip", "points", "mask", "hexagon"])
def test_what_is_no_box_and_no_outline_is_told(tmp_path: Path, drawn_as: str) -> None:
    """By what it is, and the class that it would be."""
    found = first(draw(tmp_path, BOX, {**BOX, "shape_type": drawn_as}))
    [problem] = found.problems
    assert (problem.kind, problem.file, len(found.rows)) == ("wrong-task", "a.json", 1)
    assert problem.message.startswith(f"nut ({drawn_as}): cannot be read as an object")


@pytest.mark.parametrize(
    ("shape", "kind", "message"),
    [
        ("box", "malformed-row", "must be an object"),
        ({**BOX, "label": None}, "malformed-row", "the label must be a text, found None"),
        ({**BOX, "points": [[1, 2]]}, "malformed-row", "a rectangle has two points, or four"),
        ({**BOX, "points": [[1, 2], "x"]}, "malformed-row", "points must be a list of pairs of numbers"),
        ({**TRIANGLE, "points": [[1, 2], [3, 4]]}, "malformed-row", "an outline has three points or more"),
        ({**BOX, "points": [[1, 2], [float("inf"), 4]]}, "not-a-number", "coordinates must be finite numbers"),
        ({**BOX, "points": [[90, 2], [120, 4]]}, "outside-image", "the box leaves the image"),
        ({**BOX, "points": [[9, 2], [9, 4]]}, "empty-box", "a box of no area"),
    ],
)
def test_a_broken_shape_is_told_and_the_others_are_read(tmp_path: Path, shape: Any, kind: str, message: str) -> None:
    """What is wrong with it, in its file."""
    found = first(draw(tmp_path, BOX, shape), "detect")
    [problem] = found.problems
    assert (problem.kind, problem.file, len(found.rows)) == (kind, "a.json", 1)
    assert message in problem.message


@pytest.mark.parametrize("said", ["b.jpg", "..\\photos\\of\\b.jpg", "/home/me/b.jpg", "../../../etc/passwd", ""])
def test_the_neighbour_is_the_picture_whatever_the_file_says(tmp_path: Path, said: str) -> None:
    """Files are renamed, and come from other machines."""
    draw(tmp_path, {**BOX, "label": "x"}, name="b", image="b.jpg")
    draw(tmp_path, BOX, imagePath=said)
    source = open_source(tmp_path)
    assert ([entry.image for entry in source.entries], source.problems) == (["a.jpg", "b.jpg"], [])
    assert [source.labels(entry, 100, 50).rows[0].class_id for entry in source.entries] == [0, 1]


@pytest.mark.parametrize("folder", ["labels", "drawn"])
def test_files_in_a_folder_of_their_own_find_their_pictures(tmp_path: Path, folder: str) -> None:
    """In a folder that is called like it, or by what they say."""
    (tmp_path / folder).mkdir()
    draw(tmp_path, BOX, name=f"{folder}/a", image="images/a.jpg", imagePath="..\\images\\a.jpg")
    source = open_source(tmp_path)
    assert ([entry.image for entry in source.entries], source.problems) == (["images/a.jpg"], [])


def test_of_two_pictures_of_one_name_the_one_that_the_file_names_counts(tmp_path: Path) -> None:
    """The other has no label."""
    draw(tmp_path, BOX, image="a.png")
    (tmp_path / "a.jpg").write_text("x")
    source = open_source(tmp_path)
    labels = {entry.image: source.labels(entry, 100, 50).labelled for entry in source.entries}
    assert labels == {"a.png": True, "a.jpg": False}


def test_where_the_file_names_neither_of_two_nobody_guesses(tmp_path: Path) -> None:
    """With both."""
    draw(tmp_path, BOX, image="a.png", imagePath="b.png")
    (tmp_path / "a.jpg").write_text("x")
    problem = open_source(tmp_path).problems[0]
    assert (problem.kind, problem.file, problem.action) == ("label-conflict", "a.json", "rejected")
    assert problem.message == "may be of any of a.jpg, a.png"


def test_a_size_that_contradicts_the_picture_is_told(tmp_path: Path) -> None:
    """The picture was turned, or exchanged, since it was drawn on."""
    source = open_source(draw(tmp_path, BOX))
    [problem] = source.labels(source.entries[0], 50, 100).problems
    assert (problem.kind, problem.message) == (
        "malformed-row",
        "drawn on 100x50 pixels, and the picture has 50x100",
    )


def test_a_picture_beside_labelled_ones_has_no_object(tmp_path: Path) -> None:
    """LabelMe writes nothing where nothing was drawn."""
    draw(tmp_path, BOX)
    (tmp_path / "b.jpg").write_text("x")
    source = open_source(tmp_path)
    [problem] = source.labels(source.entries[1], 100, 50).problems
    assert (problem.kind, problem.file, problem.action) == ("missing-label", "b.jpg", "noted")


@pytest.mark.parametrize(
    "stray",
    [
        '{"name": "tool", "shapes": 3}',
        '{"type": "module", "dependencies": {}}',
        '{"config": {"shapes": []}}',
        '{"info": {"description": "of another set"}, "licenses": []}',
        '["a", {"b": 1}]',
        "[" * 100_000,
    ],
)
def test_files_of_other_programs_do_not_matter(tmp_path: Path, stray: str) -> None:
    """Settings of a project, and what is left of another set."""
    draw(tmp_path, BOX)
    for name in ("package.json", "0.json"):
        (tmp_path / name).write_text(stray)
    (tmp_path / "pom.xml").write_text("<project/>")
    source = open_source(tmp_path)
    assert (source.format, source.problems, source.documents) == ("labelme", [], ["a.json"])


@pytest.mark.parametrize(
    "broken", [b'{"shapes": [', b'{"shapes": ' + b"[" * 100_000, b'{"shapes": "\xff"}', b'{"shapes": 3}']
)
def test_a_broken_file_beside_its_picture_is_told(tmp_path: Path, broken: bytes) -> None:
    """Cut off, nested without end, no text, or none of LabelMe's."""
    draw(tmp_path, BOX, name="b", image="b.jpg")
    draw(tmp_path, BOX)
    (tmp_path / "a.json").write_bytes(broken)
    found = first(tmp_path)
    assert [(problem.kind, problem.file, problem.action) for problem in found.problems] == [
        ("malformed-row", "a.json", "rejected")
    ]


def test_a_file_larger_than_any_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory is that of one file."""
    monkeypatch.setattr(labelme, "LARGEST", 1000)
    draw(tmp_path, BOX, name="b", image="b.jpg")
    [problem] = first(draw(tmp_path, BOX, imageData="A" * 1000)).problems
    assert "bytes, and a file of labels may have 1,000" in problem.message


@pytest.mark.parametrize("task", ["pose", "classify"])
def test_tasks_that_it_cannot_label_are_refused(tmp_path: Path, task: str) -> None:
    """In one sentence."""
    [problem] = open_source(draw(tmp_path, BOX), task=task).problems
    assert f"LabelMe's JSON holds boxes and outlines, and the task is {task}" in problem.message
