"""What names of files say, and what the prepared files are called."""

from __future__ import annotations

import pytest

from workflow.labels.files import names_below, split_of


def test_no_prepared_name_holds_a_folder_called_images() -> None:
    """Training would look for the labels in its place."""
    names = names_below("", ["a/images/b.jpg", "a/pictures/b.jpg", "images/images.jpg"])
    assert names == ["a/pictures/b.jpg", "a/pictures/b_jpg.jpg", "pictures/images.jpg"]


@pytest.mark.parametrize(
    ("path", "split"),
    [
        ("crash-test", ""),
        ("crash-test/images/a.jpg", ""),
        ("crash-test/instances_train.json", "train"),
        ("annotations/instances_val2017.json", "validation"),
        ("Train/_annotations.coco.json", "train"),
        ("images/val2017", "validation"),
        ("images/train/crash-test", "train"),
        ("test.manifest", "test"),
    ],
)
def test_a_folder_is_a_split_by_its_whole_name_alone(path: str, split: str) -> None:
    """Lists of labels have the split somewhere in theirs."""
    assert split_of(path) == split
