"""Label Studio's JSON as it is exported, and as it should not be."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from workflow.labels.recognition import open_source
from workflow.labels.source import Labelled

SIZE = {"original_width": 100, "original_height": 50, "image_rotation": 0}
VALUE = {"x": 10, "y": 20, "width": 20, "height": 20, "rotation": 0}


def box(label: str = "nut", **value: Any) -> dict[str, Any]:
    """A rectangle in percent of the picture."""
    return {"id": "r1", "type": "rectanglelabels", **SIZE, "value": {**VALUE, "rectanglelabels": [label], **value}}


def polygon(label: str = "bolt", **value: Any) -> dict[str, Any]:
    """An outline in percent of the picture."""
    points = [[10, 20], [50, 20], [50, 80]]
    value = {"points": points, "closed": True, "polygonlabels": [label], **value}
    return {"id": "r2", "type": "polygonlabels", **SIZE, "value": value}


def annotation(*results: Any, **said: Any) -> dict[str, Any]:
    """One person's annotation of a task."""
    return {"id": 7, "was_cancelled": False, "ground_truth": False, "result": list(results), **said}


def task(*annotations: Any, image: str = "/data/upload/2/0123abcd-a.jpg", **data: Any) -> dict[str, Any]:
    """A task and what was made of it."""
    return {"id": 5, "annotations": list(annotations), "data": {"image": image, **data}, "predictions": []}


def export(root: Path, *tasks: Any, pictures: tuple[str, ...] = ("photos/a.jpg",)) -> Path:
    """An export and the pictures that somebody has."""
    for picture in pictures:
        (root / picture).parent.mkdir(parents=True, exist_ok=True)
        (root / picture).write_text("x")
    (root / "project-2-at-2026-01-01.json").write_text(json.dumps(tasks))
    return root


def first(root: Path, task: str = "auto") -> Labelled:
    """The labels of the first picture."""
    source = open_source(root, task=task)
    return source.labels(source.entries[0], 100, 50)


def test_percents_become_fractions_and_labels_classes_by_their_letters(tmp_path: Path) -> None:
    """The export does not know the order of the project's labels."""
    source = open_source(export(tmp_path, task(annotation(box(), box("bolt", x=50)))))
    assert (source.format, source.task, source.classes, source.problems) == (
        "label-studio",
        "detect",
        ("bolt", "nut"),
        [],
    )
    assert [(row.class_id, row.numbers) for row in first(tmp_path).rows] == [
        (1, pytest.approx((0.2, 0.3, 0.2, 0.2))),
        (0, pytest.approx((0.6, 0.3, 0.2, 0.2))),
    ]


def test_a_label_is_one_however_its_letters_are_composed(tmp_path: Path) -> None:
    """An é is one letter, or an e with an accent."""
    export(tmp_path, task(annotation(box("cafe\u0301"), box("caf\u00e9", x=50))))
    assert (open_source(tmp_path).classes, len(first(tmp_path).rows)) == (("caf\u00e9",), 2)


def test_a_turned_rectangle_is_turned_about_its_corner_in_pixels(tmp_path: Path) -> None:
    """A percent across is two pixels for one down here."""
    export(tmp_path, task(annotation(box(rotation=90), box("bolt"), box(x=50, rotation=90))))
    source = open_source(tmp_path)
    assert (source.task, source.problems) == ("obb", [])
    turned, upright, _ = first(tmp_path).rows
    # (10, 10) stays; 20 pixels to the right of it become 20 below, 10 below become 10 to the left.
    assert turned.numbers == pytest.approx((0.1, 0.2, 0.1, 0.6, 0.0, 0.6, 0.0, 0.2))
    assert upright.numbers == pytest.approx((0.1, 0.2, 0.3, 0.2, 0.3, 0.4, 0.1, 0.4))


def test_polygons_and_ellipses_are_outlines(tmp_path: Path) -> None:
    """Each in percent of its own side."""
    value = {"x": 50, "y": 50, "radiusX": 20, "radiusY": 10, "rotation": 0, "ellipselabels": ["nut"]}
    export(tmp_path, task(annotation(polygon(), {"id": "e", "type": "ellipselabels", **SIZE, "value": value})))
    assert (open_source(tmp_path).task, open_source(tmp_path).problems) == ("segment", [])
    drawn, round_ = (row.numbers for row in first(tmp_path).rows)
    assert drawn == (0.1, 0.2, 0.5, 0.2, 0.5, 0.8)
    assert (min(round_[0::2]), max(round_[0::2]), min(round_[1::2])) == pytest.approx((0.3, 0.7, 0.4))


def test_a_label_that_is_chosen_beside_its_rectangle_counts_once(tmp_path: Path) -> None:
    """Where tools are apart from labels there are two results for one region; what else is said of it draws nothing."""
    region = {"id": "a", "type": "rectangle", **SIZE, "value": VALUE}
    named = {"id": "a", "type": "labels", **SIZE, "value": {**VALUE, "labels": ["nut"]}}
    more = {"id": "a", "type": "choices", "value": {**VALUE, "choices": ["blurred"]}}
    found = first(export(tmp_path, task(annotation(region, named, more, {"type": "relation", "from_id": "a"}))))
    assert (len(found.rows), found.problems) == (1, ())


@pytest.mark.parametrize(
    ("said", "pictures"),
    [
        ("/data/upload/2/0123abcd-a.jpg", ("images/0123abcd-a.jpg",)),
        ("/data/upload/2/0123abcd-a.jpg", ("mine/a.jpg",)),
        ("/data/local-files/?d=store/mine/a%20b.jpg", ("mine/a b.jpg", "other/a b.jpg")),
        ("s3://bucket/store/mine/a.jpg", ("mine/a.jpg", "other/a.jpg")),
        ("https://host/mine/a.jpg?X-Amz-Signature=0", ("mine/a.jpg", "other/a.jpg")),
        ("s3://bucket/a%2Bb.jpg", ("a+b.jpg",)),
        ("C:\\mine\\a.jpg", ("mine/a.jpg", "other/a.jpg")),
    ],
)
def test_a_picture_is_found_however_it_was_served(tmp_path: Path, said: str, pictures: tuple[str, ...]) -> None:
    """Uploaded under another name, from a disk, from a bucket, from the web."""
    source = open_source(export(tmp_path, task(annotation(box()), image=said), pictures=pictures))
    assert [entry.image for entry in source.entries] == [pictures[0]]
    assert {problem.kind for problem in source.problems} <= {"unused-file"}


@pytest.mark.parametrize("said", ["/data/upload/1/../../../etc/passwd.jpg", "/data/local-files/?d=..%2F..%2Fout.jpg"])
def test_names_that_leave_the_dataset_find_nothing(tmp_path: Path, said: str) -> None:
    """Only pictures of this folder are ever read."""
    (tmp_path / "out.jpg").write_text("x")
    root = export(tmp_path / "in", task(annotation(box())), task(annotation(box()), image=said))
    assert [entry.image for entry in open_source(root).entries] == ["photos/a.jpg"]


def test_the_picture_may_stand_under_any_key(tmp_path: Path) -> None:
    """What else a task says is not it; two pictures are no one."""
    one = {**task(annotation(box())), "data": {"photo": "s3://b/a.jpg", "place": "hall", "number": 3}}
    two = {**task(annotation(box())), "data": {"left": "s3://b/a.jpg", "right": "s3://b/b.jpg"}}
    source = open_source(export(tmp_path, one, two))
    assert [(problem.kind, problem.message) for problem in source.problems] == [
        ("malformed-row", "task 5 names no picture, or more than one")
    ]
    assert len(source.entries) == 1


@pytest.mark.parametrize(
    ("annotations", "objects", "doubt"),
    [
        ((annotation(), annotation(box(), was_cancelled=True)), 0, False),
        ((annotation(box(), ground_truth=True), annotation()), 1, False),
        ((annotation(box(), updated_at="2026-02-01"), annotation(updated_at="2026-01-01")), 1, True),
        ((annotation(box(), ground_truth=True), annotation(ground_truth=True, updated_at="2026")), 0, True),
    ],
)
def test_of_several_annotations_the_true_one_counts_or_it_is_in_doubt(
    tmp_path: Path, annotations: Any, objects: int, doubt: bool
) -> None:
    """What was cancelled does not count; where it is noted alone, the last one does."""
    root = export(tmp_path, task(*annotations), task(annotation(box()), image="b.jpg"), pictures=("a.jpg", "b.jpg"))
    source = open_source(root, policy={"label-conflict": "note"})
    assert len(source.labels(source.entries[0], 100, 50).rows) == objects
    kinds = [(problem.kind, problem.action) for problem in open_source(root).problems]
    assert kinds == ([("label-conflict", "rejected")] if doubt else [])


def test_a_task_that_was_skipped_is_left_out_and_one_without_annotation_has_no_object(tmp_path: Path) -> None:
    """The one was seen by somebody who would not say; the other by nobody."""
    tasks = [
        task(annotation(box())),
        task(annotation(was_cancelled=True), image="b.jpg"),
        task(image="c.jpg"),
    ]
    source = open_source(export(tmp_path, *tasks, pictures=("a.jpg", "b.jpg", "c.jpg")))
    assert [(problem.kind, problem.file, problem.message) for problem in source.problems] == [
        ("unused-file", "b.jpg", "task 5 was skipped by who labelled it; left out")
    ]
    assert [entry.image for entry in source.entries] == ["a.jpg", "c.jpg"]
    found = source.labels(source.entries[1], 100, 50)
    assert (found.labelled, [problem.kind for problem in found.problems]) == (False, ["missing-label"])


@pytest.mark.parametrize(
    ("result", "kind", "message"),
    [
        ("box", "malformed-row", "must be an object with a type"),
        ({**box(), "value": None}, "malformed-row", "an object must have one label, found none"),
        (box(rectanglelabels=["nut", "bolt"]), "malformed-row", "must have one label, found nut, bolt"),
        ({**box(), "image_rotation": 90}, "malformed-row", "had been turned in Label Studio"),
        (box(x=None), "malformed-row", "x, y, width, height and rotation must be numbers"),
        (box(x=float("nan")), "not-a-number", "coordinates must be finite numbers"),
        (box(x=90), "outside-image", "the box leaves the image"),
        (box(width=0), "empty-box", "a box of no area"),
        (polygon(points=[[1, 2], [3, 4]]), "malformed-row", "points must be three or more pairs"),
        (polygon(closed=False), "malformed-row", "the outline is not closed"),
        (
            {"id": "b", "type": "brushlabels", "value": {"format": "rle", "rle": [1], "brushlabels": ["nut"]}},
            "wrong-task",
            "nut (brush): cannot be read as an object",
        ),
        (
            {"id": "k", "type": "keypointlabels", "value": {"x": 1, "y": 2, "width": 0.3, "keypointlabels": ["eye"]}},
            "wrong-task",
            "eye (keypoint): cannot be read as an object",
        ),
    ],
)
def test_a_broken_object_is_told_with_its_picture(tmp_path: Path, result: Any, kind: str, message: str) -> None:
    """And the others are read."""
    found = first(export(tmp_path, task(annotation(box("bolt"), result))), "detect")
    [problem] = found.problems
    assert (problem.kind, problem.file, len(found.rows)) == (kind, "project-2-at-2026-01-01.json", 1)
    assert message in problem.message
    assert problem.message.startswith("photos/a.jpg: ")


def test_boxes_among_outlines_are_told(tmp_path: Path) -> None:
    """The set is of the task of most."""
    [problem] = open_source(export(tmp_path, task(annotation(box(), polygon(), polygon(points=[[1, 2]] * 3))))).problems
    assert (problem.kind, problem.action) == ("wrong-task", "rejected")
    assert "2 drawn as polygon and 1 drawn as rectangle: read for segment" in problem.message


def test_a_size_that_contradicts_the_picture_is_told(tmp_path: Path) -> None:
    """By the picture's name."""
    source = open_source(export(tmp_path, task(annotation(box()))))
    [problem] = source.labels(source.entries[0], 50, 100).problems
    assert problem.message == "photos/a.jpg: drawn on 100x50 pixels, and the picture has 50x100"


def test_the_short_export_is_refused_with_what_to_export(tmp_path: Path) -> None:
    """JSON-MIN has lost which annotations were cancelled."""
    short = {"id": 5, "image": "/data/upload/2/0123abcd-a.jpg", "label": [VALUE], "annotator": 1}
    source = open_source(export(tmp_path, {**short, "annotation_id": 7, "lead_time": 3.2}))
    assert (source.format, [problem.kind for problem in source.problems][:1]) == ("label-studio", ["layout"])
    assert "of Label Studio's exports, JSON is read, and COCO and YOLO, but not JSON-MIN" in source.problems[0].message


@pytest.mark.parametrize(
    "tail",
    [b"", b"{", b"[" * 100_000, b'{"data": 3}]', b'{"data": {}, "annotations": "\xff"}]', b'{"data": {"image": 3}}] x'],
)
def test_a_broken_file_is_refused(tmp_path: Path, tail: bytes) -> None:
    """Cut off, nested without end, or no list of tasks."""
    export(tmp_path)
    head = json.dumps([task(annotation(box()))]).encode()[:-1]
    (tmp_path / "project-2-at-2026-01-01.json").write_bytes(head + b"," + tail)
    kinds = [(problem.kind, problem.action) for problem in open_source(tmp_path).problems]
    assert ("layout", "rejected") in kinds


@pytest.mark.parametrize("asked", ["pose", "classify"])
def test_tasks_that_it_cannot_label_are_refused(tmp_path: Path, asked: str) -> None:
    """With what to give instead."""
    [problem] = open_source(export(tmp_path, task(annotation(box()))), task=asked).problems
    assert f"read for boxes and outlines, and the task is {asked}: " in problem.message
