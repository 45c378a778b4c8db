"""A folder that may be read as two things is refused with both, and a word of the input decides."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.containers.training.preparation.layouts import Files, bring, draw
from tests.containers.training.preparation.test_alike_names import coco, manifest, voc

NAMES = "abcdef"
PICTURES: Files = {f"images/{name}.png": None for name in NAMES}
YOLO = {"data.yaml": "names: [nut]\n"} | {f"labels/{name}.txt": "0 0.25 0.5 0.25 0.5\n" for name in NAMES}
LABELS: dict[str, Files] = {
    "yolo": {**YOLO},
    "ground-truth": {"output.manifest": manifest(*(f"images/{name}.png" for name in NAMES))},
    "coco": {"annotations/instances.json": coco(*(f"{name}.png" for name in NAMES))},
    "voc": {f"annotations/{name}.xml": voc("bolt") for name in NAMES},
}
FIRST = {
    "yolo": "yolo (labels/a.txt)",
    "ground-truth": "ground-truth (output.manifest)",
    "coco": "coco (annotations/instances.json)",
    "voc": "voc (annotations/a.xml)",
}
PAIRS = [(one, other) for at, one in enumerate(LABELS) for other in list(LABELS)[at + 1 :]]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The folder as a person has it."""
    return tmp_path / "mine"


@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_labels_of_two_formats_are_refused_until_somebody_says_which(
    root: Path, tmp_path: Path, one: str, other: str
) -> None:
    """They say the same number of pictures, and other boxes; each is read where the input names it."""
    said = bring(draw(root, {**PICTURES, **LABELS[one], **LABELS[other]}), tmp_path / "both").said
    assert f"may be read as {FIRST[one]} or {FIRST[other]}: the input's format decides" in said
    assert f"--set format={one}  for an upload or  FORMAT={one}  for a demonstration" in said
    for name in (one, other):
        found = bring(root, tmp_path / name, format=name)
        assert (found.report.format, found.splits) == (name, {"all": 6}), found.said
        place = "0.25" if name == "yolo" else "0.5"
        assert set(found.rows.values()) == {f"0 {place} 0.5 0.25 0.5\n"}


def test_three_formats_are_all_named(root: Path, tmp_path: Path) -> None:
    """Whoever takes one away meets the next otherwise."""
    said = bring(draw(root, {**PICTURES, **LABELS["yolo"], **LABELS["coco"], **LABELS["voc"]}), tmp_path).said
    assert f"may be read as {FIRST['yolo']} or {FIRST['coco']} or {FIRST['voc']}" in said


BESIDE = {
    "a README and notes": {
        "README.txt": "mine",
        "notes.json": '{"categories": [{"id": 1, "name": "nut"}], "info": {}}',
    },
    "JSON of other things": {"annotations/list.json": json.dumps({"images": ["a.png"], "annotations": []})},
    "broken JSON": {"annotations/instances.json": '{"images": [{"id": 1'},
    "COCO of other pictures": {"annotations/instances.json": coco("other.png")},
    "COCO without annotations": {"test.json": json.dumps({"images": [{"id": 1, "file_name": "a.png"}]})},
    "XML of other things": {"annotations/all.xml": "<annotations><version>1.1</version></annotations>"},
    "a manifest of pictures": {"input.manifest": '{"source-ref": "s3://b/images/a.png"}\n'},
}


@pytest.mark.parametrize("what", BESIDE)
def test_what_labels_no_picture_of_the_set_does_not_matter(root: Path, tmp_path: Path, what: str) -> None:
    """A folder with one kind of labels stays readable."""
    found = bring(draw(root, {**PICTURES, **YOLO, **BESIDE[what]}), tmp_path)
    assert (found.report.format, found.report.errors, found.splits) == ("yolo", 0, {"all": 6}), found.said


@pytest.mark.parametrize("format", ["ground-truth", "coco", "voc"])
def test_captions_beside_pictures_are_no_labels(root: Path, tmp_path: Path, format: str) -> None:
    """Words are no rows."""
    captions: Files = {f"images/{name}.txt": f"a picture of 5 bolts, {name}\n" for name in NAMES}
    found = bring(draw(root, {**PICTURES, **LABELS[format], **captions}), tmp_path)
    assert (found.report.format, found.splits) == (format, {"all": 6}), found.said


# --- folders that may be splits ----------------------------------------------------------------


@pytest.mark.parametrize("format", ["yolo", "coco", "voc"])
def test_folders_that_nobody_knows_for_splits_are_one_set_and_told(root: Path, tmp_path: Path, format: str) -> None:
    """``fit`` and ``dev`` may be meant as splits: whoever means them so reads that they are not."""
    files: Files = {"data.yaml": "names: [bolt]\n"} if format == "yolo" else {}
    for folder, names in (("fit", "abcd"), ("dev", "ef")):
        files |= {f"{folder}/{name}.png": None for name in names}
        if format == "coco":
            files[f"{folder}/_annotations.coco.json"] = coco(*(f"{name}.png" for name in names))
        else:
            ending, text = ("xml", voc("bolt")) if format == "voc" else ("txt", "0 0.5 0.5 0.25 0.5\n")
            files |= {f"{folder}/{name}.{ending}": text for name in names}
    found = bring(draw(root, files), tmp_path)
    assert (found.report.format, found.splits) == (format, {"all": 6}), found.said
    [note] = found.notes("joined-folders")
    assert "no folder is called like a split: the pictures of dev (2), fit (4) are one set" in note


def test_folders_that_data_yaml_names_are_splits_whatever_they_are_called(root: Path, tmp_path: Path) -> None:
    """Then there is nothing to tell."""
    files: Files = {"data.yaml": "names: [bolt]\ntrain: fit\nval: dev\n"}
    for folder, names in (("fit", "abcd"), ("dev", "ef")):
        files |= {f"{folder}/{name}.png": None for name in names}
        files |= {f"{folder}/{name}.txt": "0 0.5 0.5 0.25 0.5\n" for name in names}
    found = bring(draw(root, files), tmp_path)
    assert found.splits == {"train": 4, "validation": 2}, found.said
    assert not found.notes("joined-folders")


@pytest.mark.parametrize("folders", ["train fit", "images/train images/dev"])
def test_a_folder_that_nobody_knows_beside_a_split_is_refused(root: Path, tmp_path: Path, folders: str) -> None:
    """Its labelled pictures are thrown away by nobody."""
    files: Files = {"data.yaml": "names: [bolt]\n"}
    for folder, names in zip(folders.split(), ("abcd", "ef"), strict=True):
        files |= {f"{folder}/{name}.png": None for name in names}
        files |= {f"{folder.replace('images', 'labels')}/{name}.txt": "0 0.5 0.5 0.25 0.5\n" for name in names}
    said = bring(draw(root, files), tmp_path).said
    assert "labelled pictures are in no split" in said


def test_folders_of_classes_are_no_splits_to_tell_of(root: Path, tmp_path: Path) -> None:
    """Cats and dogs are one set because they are meant so."""
    files: Files = {f"{name}/{name}{at}.png": None for name in ("cat", "dog") for at in range(6)}
    assert not bring(draw(root, files), tmp_path).notes("joined-folders")


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (("bolt", "Bolt", "nut"), ["Bolt, bolt are read as 2 classes"]),
        (("hex bolt", "hex_bolt", "hex-bolt"), ["hex bolt, hex-bolt, hex_bolt are read as 3 classes"]),
        (("bolt", "bolts", "nut 1", "nut 2"), []),
    ],
)
def test_classes_that_differ_in_their_case_alone_are_told(
    root: Path, tmp_path: Path, names: tuple[str, ...], said: list[str]
) -> None:
    """Somebody typed one class twice, and the model would learn two."""
    files: Files = {f"{split}/{name}/{at}.png": None for split in ("train", "val") for name in names for at in range(2)}
    found = bring(draw(root, files), tmp_path)
    assert found.report.classes == tuple(sorted(names)), found.said
    assert [note.partition(": ")[2] for note in found.notes("alike-classes")] == said
