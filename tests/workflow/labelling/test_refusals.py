"""What a task is refused for, on its way out and on its way back: then nothing is laid anywhere, and nothing sent."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.workflow.labelling.bucket import BucketCloud
from tests.workflow.labelling.production import (
    DAY,
    WIDE,
    dataset,
    first_image,
    first_label,
    keep,
    pick,
    picture,
    stored,
    tell,
)
from workflow.commands.cli import run


@pytest.fixture
def cloud() -> BucketCloud:
    return BucketCloud()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda task: (task / "labels" / "stranger.txt").write_text("0 2 2 9 9\n"), ""),
        (lambda task: first_label(task).write_text("7 0.5 0.5 0.2 0.2\n"), "unknown-class"),
        (lambda task: first_label(task).write_text("0 0.5 0.5 1.9 1.9\n"), "outside-image"),
        (lambda task: (task / "data.yaml").write_text("names: [bolt, screw]\n"), "screw: no class of the dataset"),
        (lambda task: shutil.copyfile(first_image(task), task / "images" / "own.jpg"), "is no picture of this task"),
        (lambda task: first_image(task).write_bytes(picture(9)[:400]), "cannot be read as a picture"),
        (lambda task: first_image(task).write_bytes(picture(9)), "00000000-aaaa.jpg: is not the picture"),
        (lambda task: label_twice(task), "is 00000000-aaaa.jpg a second time"),
        (lambda task: rename(task, "../elsewhere.jpg"), "pictures[0].name: must be the name of a file"),
        (lambda task: rename(task, "/etc/elsewhere.jpg"), "pictures[0].name: must be the name of a file"),
    ],
)
def test_labels_that_cannot_be_used_are_refused_and_nothing_is_sent(
    change: Callable[[Path], Any], said: str, cloud: BucketCloud, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    task, before = handed_over(cloud, tmp_path, "yolo")
    change(task)
    capsys.readouterr()
    code = run(["label", "take", str(task), "--yes"], cloud)
    told = capsys.readouterr().err
    if said:
        assert (code, stored(cloud)) == (2, before)
    assert said in re.sub(r"\s+", " ", told)


def handed_over(cloud: BucketCloud, folder: Path, tool: str) -> tuple[Path, dict[str, bytes]]:
    """A task of three pictures in ``folder``, and what the bucket has stored before it comes back."""
    dataset(cloud, "detect")
    keep(cloud, "detect", 3)
    task, before = folder / "task", stored(cloud)
    assert pick(cloud, task, tool) == 0
    return task, before


def label_twice(task: Path) -> None:
    """Put a picture beside itself, with another label."""
    image, label = first_image(task), first_label(task)
    for folder in (task / "images" / "again", task / "labels" / "again"):
        folder.mkdir()
    shutil.copyfile(image, task / "images" / "again" / image.name)
    (task / "labels" / "again" / label.name).write_text("0 0.2 0.2 0.1 0.1\n")


def rename(task: Path, name: str) -> None:
    """Call a picture otherwise in the note, which has been with whoever labelled."""
    note = json.loads((task / "task.json").read_text())
    note["pictures"][0]["name"] = name
    (task / "task.json").write_text(json.dumps(note))


def test_other_pictures_that_an_export_brings_under_the_same_names_are_refused(
    cloud: BucketCloud, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Their labels would be taught beside what production was asked, or what nobody was."""
    task, before = handed_over(cloud, tmp_path, "cvat")
    shutil.copytree(task / "images", tmp_path / "export" / "images")
    shutil.copyfile(task / "annotations.xml", tmp_path / "export" / "annotations.xml")
    first_image(tmp_path / "export").write_bytes(picture(99))
    capsys.readouterr()
    assert run(["label", "take", str(task), str(tmp_path / "export"), "--yes"], cloud) == 2
    assert "is not the picture that 'greenlight label pick' handed over" in capsys.readouterr().err.replace("\n", " ")
    assert stored(cloud) == before


@pytest.mark.parametrize("called", ["../../evil", "/tmp/evil", "a/b", "..", ".hidden"])
def test_a_class_that_no_folder_can_be_called_is_no_way_out_of_the_task(
    called: str, cloud: BucketCloud, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of sorted pictures, whose folders say their classes; another tool takes any name."""
    keep(cloud, "classify", 3)
    made = {"type": "groundtruth/image-classification", "creation-date": "2026-01-01", "human-annotated": "yes"}
    for at, name in enumerate(("nut", called)):
        line = {"source-ref": f"s3://b/{at}.jpg", "of": at, "of-metadata": {"class-name": name, **made}}
        cloud.objects[f"datasets/things/{at}.manifest"] = json.dumps(line).encode()
        cloud.objects[f"datasets/things/{at}.jpg"] = picture(at)
    task = tmp_path / "one" / "two" / "task"
    assert pick(cloud, task, "yolo") == 2
    assert "called like their classes" in re.sub(r"\s+", " ", capsys.readouterr().err)
    assert list(tmp_path.iterdir()) == []
    assert pick(cloud, task, "ground-truth") == 0, capsys.readouterr().err


def test_a_document_that_is_called_otherwise_than_it_says_is_none(
    cloud: BucketCloud, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A picture is laid here by what its document says that it is called."""
    dataset(cloud, "detect")
    for identity in keep(cloud, "detect", 3):
        key = f"{DAY}{identity}.json"
        cloud.objects[key] = cloud.objects[key].replace(b'"id": "', b'"id": "../../../', 1)
    assert pick(cloud, tmp_path / "task", "yolo") == 1
    assert "must be what the object is called" in re.sub(r"\s+", " ", capsys.readouterr().err)


@pytest.mark.parametrize("known", ["right", "gone", "broken"])
def test_a_task_without_a_picture_is_handed_to_nobody(
    known: str, cloud: BucketCloud, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where somebody found every answer right, and where no picture is left that can be read."""
    dataset(cloud, "detect")
    for identity in keep(cloud, "detect", 3):
        one = tell(identity, "right", "ada")
        if known == "right":
            cloud.objects[one.key()] = json.dumps(one.document()).encode()
        elif known == "gone":
            del cloud.objects[f"{DAY}{identity}.jpg"]
        else:
            cloud.objects[f"{DAY}{identity}.jpg"] = b"no picture"
    assert pick(cloud, tmp_path / "task", "cvat") == 2
    assert re.search("nothing to (choose from: somebody|label: the pictures)", capsys.readouterr().err)
    assert not (tmp_path / "task").exists()


def test_labels_of_a_picture_of_another_shape_are_refused(
    cloud: BucketCloud, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What only the picture's own size shows."""
    task, before = handed_over(cloud, tmp_path, "cvat")
    text = (task / "annotations.xml").read_text().replace(f'width="{WIDE}"', f'width="{WIDE * 2}"')
    (tmp_path / "export.xml").write_text(text)
    capsys.readouterr()
    assert run(["label", "take", str(task), str(tmp_path / "export.xml"), "--yes"], cloud) == 2
    assert "drawn on 400x100 pixels" in re.sub(r"\s+", " ", capsys.readouterr().err)
    assert stored(cloud) == before
