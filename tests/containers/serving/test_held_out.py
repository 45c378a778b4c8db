"""The held-out images are read as the preparation wrote them, or not at all."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from containers.serving.held_out import HeldOutError, read_held_out


def write(folder: Path, labels: dict[str, str | None], **changes: object) -> Path:
    (folder / "data.json").write_text(json.dumps({"version": 1, "classes": ["a", "b"], "digest": "d", **changes}))
    for name, text in labels.items():
        image, label = folder / "images" / name, folder / "labels" / Path(name).with_suffix(".txt")
        for path in (image, label):
            path.parent.mkdir(parents=True, exist_ok=True)
        image.write_bytes(b"")
        if text is not None:
            label.write_text(text)
    return folder


def test_boxes_are_read_as_corners_in_pixels(tmp_path: Path) -> None:
    """Centre and size as fractions become left, top, right, bottom."""
    held_out = read_held_out(write(tmp_path, {"one.png": "1 0.5 0.25 0.5 0.5\n"}))
    picture = held_out.pictures[0]
    assert picture.boxes_in_pixels(200, 100).tolist() == [[50, 0, 150, 50]]
    assert picture.classes.tolist() == [1]


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


@pytest.mark.parametrize("changes", [{"version": 2}, {"classes": []}, {"classes": "ab"}, {"digest": ""}])
def test_a_description_that_says_something_else_is_refused(tmp_path: Path, changes: dict) -> None:
    """Every key is needed."""
    with pytest.raises(HeldOutError, match=r"data\.json"):
        read_held_out(write(tmp_path, {}, **changes))


def test_no_description_is_an_error(tmp_path: Path) -> None:
    """An empty input folder is not an empty test set."""
    with pytest.raises(HeldOutError, match=r"data\.json"):
        read_held_out(tmp_path)
