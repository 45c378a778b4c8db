"""Opening a dataset never ends in an exception."""

from __future__ import annotations

import json
import shutil
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.workflow.labels.conftest import MakePictures
from tests.workflow.labels.writers import WRITERS
from workflow.contract.model import MAXIMUM_CLASSES
from workflow.contract.run_input import FORMATS
from workflow.labels.recognition import open_source

STARTS = {
    "data.yaml": b"names: [bolt]\n",
    "instances.json": b'{"images": [{"id": 1, "file_name": "images/a.jpg"}], "annotations": [',
    "output.manifest": b'{"source-ref": "s3://b/images/a.jpg", "j": ',
    "images/a.xml": b"<annotation><object>",
    "labels/a.txt": b"0 0.5 ",
    "images/a.json": b'{"shapes": [{"label": "bolt", "shape_type": "rectangle", "points": [[1, 2], [',
    "annotations.xml": b'<annotations><image name="a.jpg" width="64" height="32"><box label="bolt" xtl="',
    "tasks.json": b'[{"data": {"image": "a.jpg"}, "annotations": [{"result": [{"type": "rectanglelabels", "value": ',
    "groups.csv": b"file,group\n",
    "classes.txt": b"bolt\n",
    "obj.data": b"classes = 1\nnames = classes.txt\ntrain = ",
    "train.txt": b"images/a.jpg\n",
}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=20)
@pytest.mark.parametrize("name", STARTS)
@pytest.mark.parametrize("format", FORMATS)
@given(
    rest=st.binary(max_size=60) | st.text(alphabet='{}[]<>/":,1 \n', max_size=60).map(str.encode), more=st.booleans()
)
def test_any_bytes_in_any_document_are_problems_at_most(
    tmp_path: Path, name: str, format: str, rest: bytes, more: bool
) -> None:
    """Whole or broken off, of this format or another or of two, also where the policy mends all it can."""
    for file in ("images/a.jpg", name):
        (tmp_path / file).parent.mkdir(exist_ok=True)
    (tmp_path / "images" / "a.jpg").write_bytes(b"x")
    if more:
        (tmp_path / "images" / "a.txt").write_bytes(b"0 0.5 0.5 0.2 0.2\n")
    else:
        (tmp_path / "images" / "a.txt").unlink(missing_ok=True)
    (tmp_path / name).write_bytes(STARTS[name] + rest)
    source = open_source(tmp_path, format=format, policy={"outside-image": "repair", "wrong-task": "repair"})
    assert source.entries or source.problems
    for entry in source.entries:
        source.labels(entry, 64, 32)


def one_more_class_than_is_taken(root: Path, format: str) -> None:
    """A picture, and a dataset around it that names 10,001 classes."""
    names = [f"class{number}" for number in range(MAXIMUM_CLASSES + 1)]
    (root / "images").mkdir()
    (root / "images" / "a.jpg").write_bytes(b"x")
    if format == "yolo":
        (root / "data.yaml").write_text(f"names: [{', '.join(names)}]\n")
    elif format == "coco":
        categories = [{"id": number, "name": name} for number, name in enumerate(names)]
        images = [{"id": 1, "file_name": "images/a.jpg"}]
        document = {"images": images, "annotations": [], "categories": categories}
        (root / "train.json").write_text(json.dumps(document))
    elif format == "voc":
        objects = "".join(f"<object><name>{name}</name></object>" for name in names)
        (root / "images" / "a.xml").write_text(f"<annotation>{objects}</annotation>")
    elif format == "labelme":
        shapes = [{"label": name, "shape_type": "rectangle", "points": [[1, 1], [9, 9]]} for name in names]
        (root / "images" / "a.json").write_text(json.dumps({"shapes": shapes}))
    elif format == "cvat":
        labels = "".join(f"<label><name>{name}</name></label>" for name in names)
        image = '<image id="0" name="a.jpg" width="64" height="32"/>'
        meta = f"<meta><task><labels>{labels}</labels></task></meta>"
        (root / "annotations.xml").write_text(f"<annotations>{meta}{image}</annotations>")
    elif format == "label-studio":
        box = {"x": 1, "y": 1, "width": 9, "height": 9}
        results = [{"type": "rectanglelabels", "value": {**box, "rectanglelabels": [name]}} for name in names]
        task = {"data": {"image": "a.jpg"}, "annotations": [{"result": results}]}
        (root / "tasks.json").write_text(json.dumps([task]))
    else:
        classes = dict(enumerate(names))
        boxes = {"annotations": [], "image_size": [{"width": 64, "height": 32, "depth": 3}]}
        metadata = {"class-map": classes, "type": "groundtruth/object-detection"}
        line = {"source-ref": "s3://b/images/a.jpg", "job": boxes, "job-metadata": metadata}
        (root / "output.manifest").write_text(json.dumps(line))


PAIRS = [
    ("coco", "labelme"),
    ("labelme", "voc-roboflow"),
    ("cvat", "label-studio"),
    ("ground-truth", "coco"),
    ("roboflow", "labelme"),
    ("flat", "cvat"),
]


@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_a_set_that_is_labelled_twice_is_refused_with_both_readings(
    pictures: MakePictures, tmp_path: Path, one: str, other: str
) -> None:
    """Nobody knows which of the two is the newer one; the format decides, and so does taking one away."""
    made = pictures(splits=("train", "test"))
    for name in (one, other):
        WRITERS[name](made, tmp_path / name)
    source = open_source(tmp_path / one)
    shutil.copytree(tmp_path / other, tmp_path / one, dirs_exist_ok=True, ignore=shutil.ignore_patterns("*.png"))
    [problem] = open_source(tmp_path / one).problems
    both = open_source(tmp_path / other).format
    assert (problem.kind, problem.action) == ("layout", "rejected")
    assert problem.message.startswith("may be read as ")
    assert all(f"{name} (" in problem.message for name in (source.format, both))
    assert f"--set format={source.format}" in problem.message or f"--set format={both}" in problem.message
    chosen = open_source(tmp_path / one, format=source.format)
    assert (chosen.entries, chosen.classes, chosen.problems) == (source.entries, source.classes, source.problems)


STRAYS = {
    "package.json": '{"type": "module", "images": "none", "shapes": {}}',
    "annotations/info.json": '{"info": {}, "licenses": [], "categories": []}',
    "instances_other.json": json.dumps(
        {
            "images": [{"id": 1, "file_name": "elsewhere.jpg"}],
            "annotations": [{"id": 1, "image_id": 1, "category_id": 1, "bbox": [1, 1, 2, 2]}],
            "categories": [{"id": 1, "name": "cat"}],
        }
    ),
    "tasks-of-another.json": '[{"id": 1, "data": {"image": "s3://b/other.jpg"}, "annotations": []}]',
    "list.json": "[1, 2, 3]",
    "pom.xml": "<project><annotations/></project>",
    "layout.xml": "<annotations/>",
    "broken.json": "{",
    "input.manifest": '{"source-ref": "s3://b/p0.png"}',
    "labelmerc.yaml": "auto_save: true\n",
}


PARTS = (("coco", "instances_other.json"), ("label-studio", "tasks-of-another.json"), ("cvat", "layout.xml"))


@pytest.mark.parametrize("format", ["roboflow", "coco", "voc", "ground-truth", "labelme", "cvat", "label-studio"])
def test_files_of_other_programs_change_nothing(pictures: MakePictures, tmp_path: Path, format: str) -> None:
    """Settings, what another set left, and what only looks like labels."""
    WRITERS[format](pictures(), tmp_path / "mine")
    before = open_source(tmp_path / "mine")
    # Another file of the same format is a part of the set.
    strays = {name: text for name, text in STRAYS.items() if (format, name) not in PARTS}
    for name, text in strays.items():
        (tmp_path / "mine" / name).parent.mkdir(exist_ok=True)
        (tmp_path / "mine" / name).write_text(text)
    after = open_source(tmp_path / "mine")
    assert (after.format, after.task, after.classes, after.entries) == (
        before.format,
        before.task,
        before.classes,
        before.entries,
    )
    assert list(after.problems) == list(before.problems)


@pytest.mark.parametrize("name", ["package.json", "list.json", "pom.xml", "broken.json", "input.manifest"])
def test_a_file_of_another_program_beside_class_folders_changes_nothing(tmp_path: Path, name: str) -> None:
    """It is alone in looking like labels, and is none."""
    for picture in ("cat/a.jpg", "cat/b.jpg", "dog/c.jpg"):
        (tmp_path / picture).parent.mkdir(exist_ok=True)
        (tmp_path / picture).write_text(picture)
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text(STRAYS[name])
    source = open_source(tmp_path)
    assert (source.task, source.classes, len(source.entries)) == ("classify", ("cat", "dog"), 3)


@pytest.mark.parametrize("format", FORMATS[1:])
def test_more_classes_than_are_taken_are_one_problem(tmp_path: Path, format: str) -> None:
    """Whatever the format: what counts classes against each other would take minutes and gigabytes."""
    one_more_class_than_is_taken(tmp_path, format)
    source = open_source(tmp_path)
    assert (source.format, source.entries, source.classes) == (format, (), ())
    (problem,) = source.problems
    assert (problem.kind, problem.action) == ("classes", "rejected")
    assert problem.message.startswith("there are 10,001 classes, at most 10,000 are taken")


def test_a_file_of_classes_beyond_any_number_of_them_is_not_read(tmp_path: Path) -> None:
    """Reading YAML takes seconds a megabyte."""
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "a.jpg").write_bytes(b"x")
    (tmp_path / "data.yaml").write_text("names:\n" + "".join(f"- class{number}\n" for number in range(200_000)))
    started = time.process_time()
    problems = open_source(tmp_path).problems
    assert time.process_time() - started < 5
    assert (problems[0].kind, problems[0].file) == ("classes", "data.yaml")
    assert "what names the classes may have 1,000,000" in problems[0].message
