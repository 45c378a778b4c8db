"""Which folders are found, and what is said of those that are not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from containers.training.layout import class_names, find_layout
from tests.containers.training.conftest import Write


@pytest.mark.parametrize(
    "folders",
    [
        pytest.param(("train/images", "valid/images", "test/images"), id="Roboflow"),
        pytest.param(("images/train", "images/val", "images/test"), id="Ultralytics"),
        pytest.param(("train/images", "validation/images", "test/images"), id="validation spelled out"),
    ],
)
def test_the_usual_layouts_are_found(write_dataset: Write, folders: tuple[str, ...]) -> None:
    """Every split is found with its pictures and the labels beside them."""
    layout = find_layout(write_dataset(dict.fromkeys(folders, 2)))
    assert layout.findings == []
    assert layout.classes == ("bolt", "nut")
    assert {split: len(pairs) for split, pairs in layout.splits.items()} == {"train": 2, "validation": 2, "test": 2}
    assert all(pair.label.is_file() for pairs in layout.splits.values() for pair in pairs)


def test_a_layout_without_splits_is_found(write_dataset: Write) -> None:
    """Images and labels side by side are one heap."""
    layout = find_layout(write_dataset({"images": 3}))
    assert {split: len(pairs) for split, pairs in layout.splits.items()} == {"all": 3}


def test_a_folder_without_anything_says_what_was_looked_for(tmp_path: Path) -> None:
    """An empty folder gives a finding for the images and one for data.yaml."""
    said = [finding.text() for finding in find_layout(tmp_path).findings]
    assert any("no data.yaml: looked for data.yaml" in text for text in said)
    assert any("no images: looked for train/images, images/train" in text for text in said)


def test_a_split_without_labels_says_where_they_were_looked_for(write_image: Write, tmp_path: Path) -> None:
    """Images alone are an error, not a thousand pictures without objects."""
    write_image("train/images/a.png")
    (tmp_path / "dataset" / "data.yaml").write_text("names: [bolt]\n", encoding="utf-8")
    said = [finding.text() for finding in find_layout(tmp_path / "dataset").findings]
    assert said == ["train/images: 1 images and no labels: looked in train/labels"]


def test_a_label_without_an_image_is_a_warning(write_dataset: Write) -> None:
    """An orphan label is told by name and stops nothing."""
    root = write_dataset({"images/train": 1})
    (root / "labels/train/lost.txt").write_text("0 0.5 0.5 0.1 0.1", encoding="utf-8")
    found = [(finding.severity, finding.file) for finding in find_layout(root).findings]
    assert found == [("warning", "labels/train/lost.txt")]


def test_two_images_that_share_a_label_are_an_error(write_dataset: Write, write_image: Write) -> None:
    """p0.png and p0.jpg cannot both own p0.txt."""
    root = write_dataset({"images/train": 1})
    write_image("images/train/p0.jpg", seed=9)
    [finding] = find_layout(root).findings
    assert finding.severity == "error"
    assert "shares its label labels/train/p0.txt with images/train/p0.jpg" in finding.message


def test_a_file_that_is_no_image_is_left_out_with_a_warning(write_dataset: Write) -> None:
    """Notes among the pictures are no pictures."""
    root = write_dataset({"images/train": 1})
    (root / "images/train/readme.md").write_text("hello", encoding="utf-8")
    [finding] = find_layout(root).findings
    assert (finding.severity, finding.file) == ("warning", "images/train/readme.md")


def test_one_split_in_two_places_is_an_error(write_dataset: Write) -> None:
    """Nobody guesses which of two training folders is meant."""
    layout = find_layout(write_dataset({"images/train": 1, "train/images": 1}))
    assert [finding.message for finding in layout.findings] == [
        "the train split is there twice: train/images and images/train"
    ]


@pytest.mark.parametrize(
    "document",
    [
        pytest.param({"names": ["bolt", "nut"]}, id="a list"),
        pytest.param({"names": {0: "bolt", 1: "nut"}, "nc": 2}, id="a map"),
        pytest.param({"names": {1: "nut", 0: "bolt"}}, id="a map in another order"),
    ],
)
def test_class_names_come_as_a_list_or_a_map(document: dict[str, Any]) -> None:
    """Both forms of data.yaml give the names in order."""
    assert class_names(document) == ("bolt", "nut")


@pytest.mark.parametrize(
    ("document", "said"),
    [
        pytest.param(None, "names: must be a list", id="an empty file"),
        pytest.param({"names": "bolt"}, "names: must be a list", id="a text"),
        pytest.param({"names": []}, "names: must be a list", id="no names"),
        pytest.param({"names": {1: "bolt"}}, "keys must be 0 to 0", id="counted from 1"),
        pytest.param({"names": ["bolt", "bolt"]}, "a name of its own", id="a name twice"),
        pytest.param({"names": ["bolt"], "nc": 2}, "nc: 2, but names has 1", id="another count"),
    ],
)
def test_class_names_that_cannot_be_meant_are_refused(document: Any, said: str) -> None:
    """The message says what names must be."""
    with pytest.raises(ValueError, match=said):
        class_names(document)
