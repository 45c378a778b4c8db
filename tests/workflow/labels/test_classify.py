"""Folders of classes: which of them are splits, which are classes, and what nobody can tell."""

from __future__ import annotations

from pathlib import Path

import pytest

from workflow.labels.recognition import open_source
from workflow.labels.source import Opened


def lay(root: Path, *folders: str, settings: str = "") -> Opened:
    """Open a dataset with a picture in each folder."""
    for folder in folders:
        (root / folder).mkdir(parents=True)
        (root / folder / f"{folder.replace('/', '-')}.jpg").write_text("x")
    if settings:
        (root / "data.yaml").write_text(settings)
    return open_source(root)


def test_data_yaml_says_where_the_splits_of_classes_are(tmp_path: Path) -> None:
    """As it does for boxes: a folder may be called anything."""
    settings = "names: [cat, dog]\ntrain: learn\nval: ../valid\ntest: gone\n"
    source = lay(tmp_path, "learn/cat", "learn/dog", "val/cat", "val/dog", settings=settings)
    assert [(entry.image.split("/")[0], entry.split) for entry in source.entries] == [
        *[("learn", "train")] * 2,
        *[("val", "validation")] * 2,
    ]
    assert [(problem.kind, problem.action) for problem in source.problems] == [
        ("moved-split", "noted"),
        ("made-split", "noted"),
    ]


@pytest.mark.parametrize(
    ("folders", "settings", "message"),
    [
        (["cat/train", "cat/val", "dog/train"], "names: [cat, dog]", "splits lie in folders of classes: cat/train (1)"),
        (["cat/train", "cat/val", "dog/train"], "", "splits lie in the folders cat, dog: put the folders"),
        (["train/cat", "train/dog", "dev/cat"], "", "folders called like classes are in no split: dev/cat (1)"),
        (
            ["fit/cat", "fit/dog"],
            "names: [cat, dog]\ntrain: learn",
            "names learn for the train split, where no",
        ),
        (["cat/dog", "cat/bird"], "names: [cat, dog, bird]", "lies in the folder of another class"),
        (["x/cat", "x/dog"], "names: [cat, dog]\ntrain: x\nval: x", "names x for the train and the validation split"),
    ],
)
def test_class_folders_that_nobody_can_tell_are_refused(
    tmp_path: Path, folders: list[str], settings: str, message: str
) -> None:
    """No split is thrown away and no class guessed."""
    rejected = [
        problem for problem in lay(tmp_path, *folders, settings=settings).problems if problem.action == "rejected"
    ]
    assert message in rejected[0].message
