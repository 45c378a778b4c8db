"""Data that would hang, fill the memory or upset a reader are refused by name, or left out by name."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest
from PIL import Image

from tests.containers.training.preparation.layouts import BOX, Files, bring, draw, pictures
from workflow.labels import files as limits
from workflow.labels.rows import Judge, Rules

NAMES = {"data.yaml": "names: [bolt, nut]\n"}
QUICK = 3.0
"""Seconds of processor time in which any of these must be done; without a limit they take ten and more."""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The folder as a person has it."""
    folder = tmp_path / "mine"
    folder.mkdir()
    return folder


def put(root: Path, name: bytes) -> None:
    """A file below the root with a name of any bytes, and a picture in it."""
    path = os.path.join(os.fsencode(root), name)  # noqa: PTH118 - bytes
    os.makedirs(os.path.dirname(path), exist_ok=True)  # noqa: PTH103, PTH120 - bytes
    with open(path, "wb") as stream:  # noqa: PTH123 - bytes
        Image.new("RGB", (32, 24), "red").save(stream, "PNG")


@pytest.mark.parametrize(
    ("name", "shown"), [(b"caf\xe9.png", "caf\\xe9.png"), (b"a\nb\x1b[31m.png", "a\\x0ab\\x1b[31m.png")]
)
def test_a_picture_whose_name_nothing_can_write_down_is_refused_with_its_bytes(
    root: Path, tmp_path: Path, name: bytes, shown: str
) -> None:
    """As old Windows archives have it: no key of S3 and no line of a report is called so. It can be dropped."""
    draw(root, {**NAMES, **pictures("images", "labels", 6)})
    put(root, b"images/" + name)
    said = bring(root, tmp_path).said
    assert f"images/{shown}: has a name that is no plain text in UTF-8: rename it" in said
    assert "--policy unreadable-image=drop" in said


def test_other_files_of_such_names_are_left_out_and_folders_refused(root: Path, tmp_path: Path) -> None:
    """``Icon`` and a carriage return is in every folder that a Mac gave a picture."""
    draw(root, {**NAMES, **pictures("images", "labels", 6)})
    put(root, b"Icon\r")
    found = bring(root, tmp_path)
    assert found.splits == {"all": 6}, found.said
    assert found.notes("unused-file") == ["Icon\\x0d: has a name that is no plain text in UTF-8: rename it"]
    put(root, b"images/caf\xe9/a.png")
    assert "images/caf\\xe9: has a name that is no plain text" in bring(root, tmp_path / "again").said


@pytest.mark.parametrize("name", ["a\\nb", "a\\e[31m", "x" * 300])
def test_names_of_classes_are_one_short_line(root: Path, tmp_path: Path, name: str) -> None:
    """They stand in mails, tables and the model itself."""
    files = pictures("images", "labels", 6) | {"data.yaml": f'names: ["{name}"]\n'}
    said = bring(draw(root, files), tmp_path).said
    assert "has a control character in its name" in said or "has a name of 300 letters, and 200 are taken" in said


def test_emojis_and_joined_letters_are_names_of_classes(root: Path, tmp_path: Path) -> None:
    """What only joins letters or chooses how they look is part of many a script."""
    names = ("⚙️", "می‌روم")
    files = pictures("images", "labels", 6) | {"data.yaml": f"names: [{', '.join(names)}]\n"}
    assert bring(draw(root, files), tmp_path).report.classes == names


def test_settings_nested_thousands_deep_are_refused_at_once(root: Path, tmp_path: Path) -> None:
    """PyYAML takes seconds for them, each time that it reads them."""
    draw(root, {**pictures("images", "labels", 6), "data.yaml": f"names: {'[' * 5000}\n"})
    began = time.process_time()
    assert "data.yaml:1: is not readable YAML: it is nested too deeply" in bring(root, tmp_path).said
    assert time.process_time() - began < QUICK


def test_a_picture_of_twenty_thousand_objects_is_drawn_at_once(root: Path, tmp_path: Path) -> None:
    """With as many of them as anybody sees."""
    many = "".join(f"0 0.5 0.5 {0.1 + at * 1e-5:.5f} 0.1\n" for at in range(20_000))
    draw(root, {**NAMES, **pictures("images", "labels", 3), "labels/images0.txt": many})
    began = time.process_time()
    assert bring(root, tmp_path).report.rejected == {"many-objects": 1}
    assert time.process_time() - began < QUICK * 2


VOC = (
    "<annotation><size><width>32</width><height>24</height></size><object><name>bolt</name><bndbox>"
    "<xmin>4</xmin><ymin>4</ymin><xmax>9</xmax><ymax>9</ymax></bndbox></object></annotation>"
)
ENDLESS: dict[str, tuple[Files, str, str]] = {
    "a label": (
        {**NAMES, **pictures("images", "labels", 6)},
        "labels/images0.txt",
        "labels/images0.txt:1: has more than 1,000 bytes, which no picture's labels take",
    ),
    "VOC's XML": (
        {f"Annotations/{at}.xml": VOC for at in range(6)} | {f"JPEGImages/{at}.png": None for at in range(6)},
        "Annotations/0.xml",
        "bytes, and a file of labels may have 1,000",
    ),
    "a list": (
        {**pictures("images", "labels", 6), "data.yaml": "train: t.txt\nnames: [bolt]\n", "t.txt": ""},
        "t.txt",
        "the train split holds no images",
    ),
}


@pytest.mark.parametrize("kind", ENDLESS)
def test_texts_without_end_are_not_read(root: Path, tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A gigabyte in one line took six of memory."""
    files, name, message = ENDLESS[kind]
    for module in ("yolo", "voc"):
        monkeypatch.setattr(f"workflow.labels.{module}.LARGEST_LABEL", 1000)
    monkeypatch.setattr(limits, "LARGEST_LIST", 1000)
    draw(root, files)
    (root / name).write_text((root / name).read_text() + "0.5 " * 1000)
    assert message in bring(root, tmp_path).said


def test_what_labels_say_is_one_line_of_plain_text(root: Path, tmp_path: Path) -> None:
    """On the terminal, in the report and on the page, whatever a file of labels names."""
    evil = "gone\n  to go on: rm -rf \x1b[31m\u202e<b>.png"
    images = [{"id": at, "file_name": name} for at, name in enumerate(["a.png", evil])]
    box = {"id": 1, "image_id": 0, "category_id": 1, "bbox": [4, 4, 0, 8]}
    papers = {"images": images, "annotations": [box], "categories": [{"id": 1, "name": "bolt"}]}
    found = bring(draw(root, {"a.png": None, "coco.json": json.dumps(papers)}), tmp_path)
    told = [finding.message for finding in found.report.findings]
    assert "gone   to go on: rm -rf  [31m<b>.png is not in this dataset" in told
    assert all(message.isprintable() for message in told)
    page = (tmp_path / "there/processing/output/report/data.html").read_text(encoding="utf-8")
    assert "\x1b" not in page
    assert "<b>.png" not in page
    assert "\n  to go on: rm" not in found.said


def test_words_without_end_are_told_by_their_beginning() -> None:
    """And commas with what is to stand there instead."""
    judge = Judge(Rules("detect", 1, None, {}), "a.txt", 10, 10)
    judge.read(f"{'9' * 5000} 0.5 0.5 0.1 0.1\n0,0.5,0.5,0.1,0.1\n{BOX}")
    long, commas = (problem.message for problem in judge.labelled().problems)
    assert long == f"'{'9' * 40}'… (5,000 letters) is not a finite number"
    assert commas.endswith("is not a finite number: columns are parted by blanks, and a point stands in a number")


def test_rows_in_pixels_are_told_for_what_they_are() -> None:
    """To clip them all would be no way on; an edge that is a little outside is no pixel's."""
    judge = Judge(Rules("detect", 1, None, {}), "a.txt", 32, 24)
    judge.read("0 16 12 8 6\n0 0.99 0.5 0.2 0.2\n")
    pixels, edge = (problem.message for problem in judge.labelled().problems)
    assert pixels.endswith("bottom 15 (in pixels? fractions of the picture are meant)")
    assert edge.endswith("right 1.09")
