"""Splits that somebody made are kept, or told, also where folders and lists are called almost like them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.containers.training.preparation.layouts import BOX, Files, bring, draw, pictures
from workflow.datasets.check import read_dataset

NAMES: Files = {"data.yaml": "names: [bolt, nut]\n"}
OWN = {"train": 5, "validation": 2, "test": 1}
WORDS = {"train": range(5), "val": range(5, 7), "test": range(7, 8)}
VOC = (
    "<annotation><size><width>32</width><height>24</height></size><object><name>bolt</name><bndbox>"
    "<xmin>4</xmin><ymin>4</ymin><xmax>9</xmax><ymax>9</ymax></bndbox></object></annotation>"
)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The folder as a person has it."""
    return tmp_path / "mine"


def lists(called: str, line: str) -> Files:
    """A list for each split, with a line for each of its pictures."""
    return {called.format(word): "".join(f"{line.format(at)}\n" for at in them) for word, them in WORDS.items()}


@pytest.mark.parametrize("called", ["autosplit_{}.txt", "{}_list.txt", "lists/2007_{}.txt"])
def test_a_list_tells_its_split_by_any_word_of_its_name(root: Path, tmp_path: Path, called: str) -> None:
    """As those do that ultralytics itself writes."""
    files = {**NAMES, **pictures("images", "labels", 8), **lists(called, "./images/images{}.png")}
    found = bring(draw(root, files), tmp_path)
    assert found.splits == OWN, found.said


def voc() -> Files:
    """Eight pictures with VOC's XML."""
    return {f"JPEGImages/{at}.png": None for at in range(8)} | {f"Annotations/{at}.xml": VOC for at in range(8)}


@pytest.mark.parametrize(
    ("called", "line"),
    [
        ("ImageSets/Segmentation/{}.txt", "{}"),
        ("ImageSets/{}.txt", "{}"),
        ("{}.txt", "./JPEGImages/{0}.png ./Annotations/{0}.xml"),
    ],
)
def test_vocs_lists_count_wherever_they_lie(root: Path, tmp_path: Path, called: str, line: str) -> None:
    """``ImageSets/Main`` is only the first place."""
    found = bring(draw(root, voc() | lists(called, line)), tmp_path)
    assert found.splits == OWN, found.said


def test_vocs_lists_of_its_main_folder_come_first(root: Path, tmp_path: Path) -> None:
    """Others beside them are of another challenge; those of one class are no split's; a log is no list."""
    others = lists("ImageSets/Segmentation/{}.txt", "0") | lists("ImageSets/Main/bolt_{}.txt", "1 -1")
    found = bring(draw(root, voc() | others | lists("ImageSets/Main/{}.txt", "{}")), tmp_path)
    assert found.splits == OWN, found.said
    found = bring(draw(tmp_path / "log", voc() | {"train.txt": "epoch 1, loss 0.5\n"}), tmp_path / "more")
    assert found.splits == {"all": 8}, found.said


def test_lists_beside_labels_of_a_format_that_has_none_are_told(root: Path, tmp_path: Path) -> None:
    """Somebody chose the pictures in them."""
    shape = '{"label": "bolt", "shape_type": "rectangle", "points": [[4, 4], [9, 9]]}'
    files: Files = {f"photos/{at}.png": None for at in range(8)}
    files |= {f"photos/{at}.json": f'{{"shapes": [{shape}], "imagePath": "{at}.png"}}' for at in range(8)}
    found = bring(draw(root, files | lists("{}.txt", "photos/{}.png")), tmp_path)
    assert found.splits == {"all": 8}, found.said
    told = found.notes("joined-folders")
    assert [note.partition(": ")[0] for note in told] == ["test.txt", "train.txt", "val.txt"]
    assert all("is not read beside labels of LabelMe" in note for note in told)


def test_folders_that_speak_of_splits_are_never_joined(root: Path, tmp_path: Path) -> None:
    """Pictures of ``test_set`` would be trained on."""
    files: Files = {**NAMES}
    for word, them in WORDS.items():
        files |= pictures(f"{word}_set/images", f"{word}_set/labels", len(them))
    said = bring(draw(root, files), tmp_path).said
    assert "folders look like splits and are not called so, test_set (1), train_set (5), val_set (2)" in said
    assert "call them train, val and test" in said


@pytest.mark.parametrize("before", ["{}_set", "seg_{0}/seg_{0}"])
def test_folders_of_classes_in_such_folders_are_not_the_classes(root: Path, tmp_path: Path, before: str) -> None:
    """Whatever a file of settings might say."""
    files: Files = {}
    for word in WORDS:
        files |= {f"{before.format(word)}/{name}/{word}{at}.png": None for name in ("bolt", "nut") for at in range(2)}
    assert "folders look like splits and are not called so" in bring(draw(root, files), tmp_path).said
    assert "call them train, val and test" in bring(draw(root, NAMES), tmp_path / "named").said


def test_splits_in_the_folders_of_classes_are_told_as_such(root: Path, tmp_path: Path) -> None:
    """And are no classes that anybody is to name."""
    files: Files = {f"{name}/{word}/{word}.png": None for name in ("bolt", "nut") for word in WORDS}
    said = bring(draw(root, files), tmp_path).said
    assert "splits lie in the folders bolt, nut: put the folders of the classes into the splits" in said


def test_a_picture_in_two_lists_is_told_as_one(root: Path, tmp_path: Path) -> None:
    """And not as a copy of itself."""
    files: Files = {**NAMES, **pictures("images", "labels", 8, BOX), **lists("{}.txt", "images/images{}.png")}
    found = bring(draw(root, files | {"val.txt": "images/images0.png\nimages/images5.png\n"}), tmp_path)
    assert found.notes("leaked-image") == [
        "images/images0.png: one picture in two splits: train must not show what validation is measured with"
    ]


def test_a_picture_in_two_of_vocs_lists_is_refused_and_dropped_from_the_lesser(root: Path, tmp_path: Path) -> None:
    """But not one that is in ``trainval`` as well, which is both."""
    files = voc() | lists("ImageSets/Main/{}.txt", "{}")
    files["ImageSets/Main/trainval.txt"] = "".join(f"{at}\n" for at in range(7))
    found = bring(draw(root, files), tmp_path)
    assert (found.splits, found.report.errors) == (OWN, 0), found.said
    said = bring(draw(root, {"ImageSets/Main/test.txt": "7\n5\n"}), tmp_path / "again").said
    assert "test.txt:2: 5 is in the list of the validation split as well: no picture may be in two" in said
    assert "--policy leaked-image=drop" in said
    dataset = read_dataset(root, policy={"leaked-image": "drop"})
    assert dataset.splits == {"train": 5, "validation": 1, "test": 2}
