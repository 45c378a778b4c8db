"""Names that people read as one meet, whatever disk wrote them; and where two are there, their bytes are shown."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.containers.training.preparation.layouts import Files, bring, draw

ONE, TWO = "caf\u00e9", "cafe\u0301"
"""An é of one letter, and one of an e and an accent."""
SHOWN = {ONE: "caf\\xc3\\xa9", TWO: "cafe\\xcc\\x81"}
BOX = "0 0.5 0.5 0.25 0.5\n"
ROW = "0 0.5 0.5 0.25 0.5"
YAML = {"data.yaml": "names: [bolt]\n"}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The folder as a person has it."""
    return tmp_path / "mine"


def coco(*names: str, category: str = "bolt") -> str:
    """COCO's JSON of pictures with a box each."""
    images = [{"id": at, "file_name": name, "width": 32, "height": 24} for at, name in enumerate(names)]
    boxes = [{"id": at, "image_id": at, "category_id": 1, "bbox": [12, 6, 8, 12]} for at in range(len(names))]
    categories = [{"id": 1, "name": category}]
    return json.dumps({"images": images, "annotations": boxes, "categories": categories})


def voc(name: str) -> str:
    """VOC's XML of one box; ``name`` is that of the class."""
    box = "<bndbox><xmin>12</xmin><ymin>6</ymin><xmax>20</xmax><ymax>18</ymax></bndbox>"
    return f"<annotation><object><name>{name}</name>{box}</object></annotation>"


def manifest(*names: str) -> str:
    """Ground Truth's manifest of a box for each picture."""
    boxes = {"image_size": [{"width": 32, "height": 24, "depth": 3}]}
    boxes |= {"annotations": [{"class_id": 0, "left": 12, "top": 6, "width": 8, "height": 12}]}
    metadata = {"class-map": {"0": "bolt"}, "type": "groundtruth/object-detection"}
    lines = ({"source-ref": f"s3://b/{name}", "job": boxes, "job-metadata": metadata} for name in names)
    return "".join(json.dumps(line) + "\n" for line in lines)


def numbered(name: str) -> list[str]:
    """Four such names."""
    return [f"{name}{at}" for at in range(4)]


MET = {
    "labels": {**YAML, **{f"labels/{name}.txt": BOX for name in numbered(TWO)}},
    "labels in capitals": {**YAML, **{f"labels/{name}.TXT": BOX for name in numbered(TWO)}},
    "labels beside": {**YAML, **{f"images/{name}.TXT": BOX for name in numbered(TWO)}},
    "coco": {"train.json": coco(*(f"images/{name}.PNG" for name in numbered(TWO)))},
    "voc": {f"images/{name}.XML": voc("bolt") for name in numbered(TWO)},
    "voc by lists": {
        **{f"Annotations/{name}.xml": voc("bolt") for name in numbered(TWO)},
        "ImageSets/Main/train.txt": "".join(f"{name}\n" for name in numbered(TWO)),
    },
    "ground truth": {"output.manifest": manifest(*(f"{name}.PNG" for name in numbered(TWO)))},
    "darknet": {
        "obj.data": "train = train.TXT\nnames = obj.names\n",
        "obj.names": "bolt\n",
        "train.TXT": "".join(f"data/{name}.PNG\n" for name in numbered(TWO)),
        **{f"images/{name}.TXT": BOX for name in numbered(ONE)},
    },
}


@pytest.mark.parametrize("how", MET)
def test_a_name_composed_otherwise_is_the_same_picture_in_every_format(root: Path, tmp_path: Path, how: str) -> None:
    """With its box, and nothing to note."""
    folder = "JPEGImages" if how == "voc by lists" else "images"
    files: Files = {f"{folder}/{name}.png": None for name in numbered(ONE)} | MET[how]
    found = bring(draw(root, files), tmp_path)
    split = "train" if how in ("coco", "voc by lists", "darknet") else "all"
    assert (found.splits, found.report.classes) == ({split: 4}, ("bolt",)), found.said
    assert {rows.strip() for rows in found.rows.values()} == {ROW}
    assert not {"missing-label", "orphan-label", "unused-file", "label-conflict"} & found.report.counted.keys()


def test_folders_of_splits_and_classes_meet_however_they_are_composed(root: Path, tmp_path: Path) -> None:
    """What data.yaml names is found, and the same class of two splits is one."""
    files: Files = {"data.yaml": f"names: [bolt]\ntrain: {TWO}/images\n"}
    files |= {f"{ONE}/images/{at}.png": None for at in range(4)} | {f"{TWO}/labels/{at}.txt": BOX for at in range(4)}
    assert bring(draw(root, files), tmp_path / "boxes").splits == {"train": 4}
    folders: Files = {f"train/{ONE}/{at}.png": None for at in range(3)}
    folders |= {f"val/{TWO}/{at}.png": None for at in range(3, 6)}
    folders |= {f"{split}/nut/n{split}{at}.png": None for split in ("train", "val") for at in range(2)}
    found = bring(draw(tmp_path / "folders", folders), tmp_path / "classes")
    assert found.report.classes == (ONE, "nut"), found.said
    found = bring(draw(tmp_path / "folders", {"data.yaml": f"names: [nut, {TWO}]\n"}), tmp_path / "named")
    assert (found.report.classes, found.splits) == (("nut", ONE), {"train": 5, "validation": 5}), found.said


def test_one_class_of_two_files_is_one_however_it_is_composed(root: Path, tmp_path: Path) -> None:
    """COCO's categories meet by name, and so do VOC's objects."""
    files: Files = {f"{split}/{split}{at}.png": None for split in ("train", "val") for at in range(4)}
    for split, name in (("train", ONE), ("val", TWO)):
        files[f"{split}/_annotations.json"] = coco(*(f"{split}{at}.png" for at in range(4)), category=name)
    assert bring(draw(root, files), tmp_path / "coco").report.classes == (ONE,)
    files = {f"images/{at}.png": None for at in range(4)} | {
        f"images/{at}.xml": voc((ONE, TWO)[at % 2]) for at in range(4)
    }
    assert bring(draw(tmp_path / "voc", files), tmp_path / "more").report.classes == (ONE,)


def both(ending: str) -> list[str]:
    """The two names."""
    return [f"{name}{ending}" for name in (TWO, ONE)]


AMBIGUOUS = {
    "one label for two pictures": (
        {**YAML, **dict.fromkeys((f"images/{name}" for name in both(".png")), None), f"labels/{ONE}.txt": BOX},
        [f"images/{SHOWN[ONE]}.png", f"images/{SHOWN[TWO]}.png", "shares its label"],
    ),
    "two labels for one picture": (
        {**YAML, f"images/{ONE}.png": None, f"labels/{TWO}.txt": BOX, f"labels/{ONE}.TXT": BOX},
        [f"labels/{SHOWN[ONE]}.TXT", f"labels/{SHOWN[TWO]}.txt", "its label may be any of"],
    ),
    "a list of coco": (
        {**dict.fromkeys((f"images/{name}" for name in both(".png")), None), "all.json": coco(f"{ONE}.PNG")},
        [f"images/{SHOWN[ONE]}.png", f"images/{SHOWN[TWO]}.png", "may be any of"],
    ),
    "xml": (
        {**dict.fromkeys((f"images/{name}s.png" for name in both(".A")), None), f"images/{ONE}.as.xml": voc("bolt")},
        [f"images/{SHOWN[ONE]}.As.png", f"images/{SHOWN[TWO]}.As.png", "may be of any of"],
    ),
}


@pytest.mark.parametrize("how", AMBIGUOUS)
def test_two_names_that_look_the_same_are_refused_with_their_bytes(root: Path, tmp_path: Path, how: str) -> None:
    """Nobody can see which is which."""
    files, words = AMBIGUOUS[how]
    files = {f"images/{name}.png": None for name in "abc"} | {f"labels/{name}.txt": BOX for name in "abc"} | files
    if "data.yaml" not in files:
        files = {name: text for name, text in files.items() if not name.startswith("labels")}
    found = bring(draw(root, files), tmp_path)
    [said] = found.notes("label-conflict")
    assert all(word in said for word in words), said
    assert "label-conflict" in found.said


def test_two_names_that_look_the_same_with_a_label_each_are_two_pictures(root: Path, tmp_path: Path) -> None:
    """Each meets its own to the letter."""
    files: Files = {**YAML, "images/a.png": None, "labels/a.txt": BOX}
    for name, row in ((ONE, "0 0.5 0.5 0.5 0.5\n"), (TWO, "0 0.5 0.5 0.75 0.5\n")):
        files |= {f"images/{name}.png": None, f"labels/{name}.txt": row}
    found = bring(draw(root, files), tmp_path)
    rows = {name: row for (_, name), row in found.rows.items()}
    assert rows == {"a": BOX, ONE: "0 0.5 0.5 0.5 0.5\n", TWO: "0 0.5 0.5 0.75 0.5\n"}, found.said


def test_groups_meet_their_pictures_or_say_which_may_be_meant(root: Path, tmp_path: Path) -> None:
    """A third spelling of two names that look the same is neither."""
    files: Files = {**YAML, "groups.csv": f"file,group\n{TWO}.PNG,one\nlot/{ONE}.PNG,two\n", f"images/{ONE}.png": None}
    files |= {f"labels/{name}.txt": BOX for name in (ONE, "a", "b")} | {"images/a.png": None, "images/b.png": None}
    assert "unused-file" not in bring(draw(root, files), tmp_path / "one").report.counted
    draw(root, {f"images/{TWO}.png": None, f"labels/{TWO}.txt": BOX})
    notes = bring(root, tmp_path / "two").notes("unused-file")
    assert len(notes) == 2
    assert all(f"images/{shown}.png" in note for shown in SHOWN.values() for note in notes)
