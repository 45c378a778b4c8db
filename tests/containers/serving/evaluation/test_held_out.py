"""The held-out images are read as the preparation wrote them, or not at all."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from containers.serving.evaluation.held_out import HeldOutError, read_held_out

ABOUT = {"version": 1, "classes": ["a", "b"], "digest": "d", "task": "detect", "keypoints": None}


def write(folder: Path, labels: dict[str, str | None], **changes: object) -> Path:
    (folder / "data.json").write_text(json.dumps({**ABOUT, **changes}))
    for name, text in labels.items():
        image, label = folder / "images" / name, folder / "labels" / Path(name).with_suffix(".txt")
        for path in (image, label):
            path.parent.mkdir(parents=True, exist_ok=True)
        image.write_bytes(b"")
        if text is not None:
            label.write_text(text)
    return folder


def test_boxes_are_read_as_corners(tmp_path: Path) -> None:
    """Centre and size become left, top, right, bottom, all as fractions."""
    held_out = read_held_out(write(tmp_path, {"one.png": "1 0.5 0.25 0.5 0.5\n"}))
    picture = held_out.pictures[0]
    assert picture.boxes.tolist() == [[0.25, 0, 0.75, 0.5]]
    assert picture.classes.tolist() == [1]


def test_outlines_are_read_with_the_boxes_around_them(tmp_path: Path) -> None:
    """A triangle; and a turned box that leaves the picture."""
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    line = read_held_out(write(tmp_path / "a", {"one.png": "0 0.25 0.5 0.5 0.25 0.75 0.5"}, task="segment")).pictures[0]
    assert line.outlines is not None
    assert line.outlines[0].tolist() == [[0.25, 0.5], [0.5, 0.25], [0.75, 0.5]]
    assert line.boxes.tolist() == [[0.25, 0.25, 0.75, 0.5]]
    box = read_held_out(write(tmp_path / "b", {"one.png": "1 0.5 -0.25 0.75 0 0.5 0.25 0.25 0"}, task="obb")).pictures[
        0
    ]
    assert box.outlines is not None
    assert box.outlines[0].shape == (4, 2)
    assert box.boxes.tolist() == [[0.25, 0, 0.75, 0.25]]


@pytest.mark.parametrize(("numbers", "row", "labelled"), [(3, "0.5 0.5 2 0 0 0", [2, 0]), (2, "0.5 0.5 -1 -1", [1, 0])])
def test_keypoints_are_read_with_whether_they_are_labelled(
    tmp_path: Path, numbers: int, row: str, labelled: list[float]
) -> None:
    """By a third number, or by a place that is none."""
    folder = write(tmp_path, {"one.png": f"0 0.5 0.5 0.1 0.1 {row}"}, task="pose", keypoints=[2, numbers])
    points = read_held_out(folder).pictures[0].keypoints
    assert points is not None
    assert points[0, 0, :2].tolist() == [0.5, 0.5]
    assert points[0, :, 2].tolist() == labelled


def test_a_classifiers_picture_has_one_class_and_no_box(tmp_path: Path) -> None:
    """A picture counts as an object; one with two classes, or none, ends the evaluation."""
    held_out = read_held_out(write(tmp_path, {"one.png": "1\n"}, task="classify"))
    assert held_out.objects == 1
    assert held_out.pictures[0].classes.tolist() == [1]
    assert len(held_out.pictures[0].boxes) == 0
    for text in ("", "0\n1\n"):
        (tmp_path / "labels" / "one.txt").write_text(text)
        with pytest.raises(HeldOutError, match=r"one\.txt"):
            read_held_out(tmp_path)


@pytest.mark.parametrize(
    ("task", "row"),
    [
        ("classify", "0 0.5 0.5 0.1 0.1"),
        ("segment", "0 0.5 0.5 0.1 0.1"),
        ("segment", "0 0.5 0.5 0.1 0.1 0.2 0.2 0.3"),
        ("obb", "0 0.5 0.5 0.1 0.1 0.2 0.2"),
        ("pose", "0 0.5 0.5 0.1 0.1 0.5 0.5 2"),
    ],
)
def test_a_row_of_another_task_ends_the_evaluation(tmp_path: Path, task: str, row: str) -> None:
    """Nothing is guessed."""
    keypoints = [2, 3] if task == "pose" else None
    with pytest.raises(HeldOutError, match=rf"one\.txt:1.*{task}"):
        read_held_out(write(tmp_path, {"one.png": row}, task=task, keypoints=keypoints))


def test_pictures_in_folders_keep_their_place_and_order(tmp_path: Path) -> None:
    """By name, whatever the file system says."""
    held_out = read_held_out(write(tmp_path, {"b.png": "", "a/z.jpg": None}))
    assert [picture.name for picture in held_out.pictures] == ["a/z.jpg", "b.png"]
    assert held_out.objects == 0


def test_the_same_row_twice_is_one_object(tmp_path: Path) -> None:
    """As in training."""
    row = "0 0.5 0.5 0.1 0.1\n"
    assert read_held_out(write(tmp_path, {"one.png": row + row})).objects == 1


@pytest.mark.parametrize("row", ["2 0.5 0.5 0.1 0.1", "0.5 0.5 0.5 0.1 0.1", "0 nan 0.5 0.1 0.1", "0 0.5 0.5", "x"])
def test_a_label_that_makes_no_sense_ends_the_evaluation(tmp_path: Path, row: str) -> None:
    """File and line are named."""
    with pytest.raises(HeldOutError, match=r"one\.txt:2"):
        read_held_out(write(tmp_path, {"one.png": f"0 0.5 0.5 0.1 0.1\n{row}\n"}))


@pytest.mark.parametrize(
    "changes", [{"version": 2}, {"classes": []}, {"classes": "ab"}, {"digest": ""}, {"task": None}, {"task": "pose"}]
)
def test_a_description_that_says_something_else_is_refused(tmp_path: Path, changes: dict) -> None:
    """Every key is needed."""
    with pytest.raises(HeldOutError, match=r"data\.json"):
        read_held_out(write(tmp_path, {}, **changes))


def test_no_description_is_an_error(tmp_path: Path) -> None:
    """An empty input folder is not an empty test set."""
    with pytest.raises(HeldOutError, match=r"data\.json"):
        read_held_out(tmp_path)
