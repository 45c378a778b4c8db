"""Labels that came back make the dataset's next version, in the format and the places that it has."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.workflow.labelling.bucket import BucketCloud
from tests.workflow.labelling.production import (
    HIGH,
    WIDE,
    check_numbers,
    dataset,
    fetch,
    first_image,
    first_label,
    keep,
    pick,
    stored,
    write_list,
)
from workflow.commands.cli import run
from workflow.labels.recognition import open_source


@pytest.fixture
def cloud() -> BucketCloud:
    return BucketCloud()


def test_a_dataset_without_splits_takes_new_pictures_beside_its_own(cloud: BucketCloud, tmp_path: Path) -> None:
    dataset(cloud, "detect", splits=False)
    ids = keep(cloud, "detect", 3)
    assert pick(cloud, tmp_path / "task", "yolo") == 0
    assert run(["label", "take", str(tmp_path / "task"), "--yes"], cloud) == 0
    assert f"images/{ids[0]}.jpg" in stored(cloud)
    assert {entry.split for entry in open_source(fetch(cloud, tmp_path / "whole")).entries} == {""}


@pytest.mark.parametrize("tool", ["cvat", "label-studio", "ground-truth"])
@pytest.mark.parametrize("splits", [True, False])
def test_a_dataset_of_a_tool_takes_new_pictures_in_a_file_of_their_own(
    tool: str, splits: bool, cloud: BucketCloud, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of each split, its old list stays as it is."""
    write_list(cloud, tool, tmp_path, splits)
    keep(cloud, "detect", 3)
    before = stored(cloud)
    assert pick(cloud, tmp_path / "task", "yolo") == 0, capsys.readouterr().err
    assert run(["label", "take", str(tmp_path / "task"), "--yes"], cloud) == 0, capsys.readouterr().err
    after = stored(cloud)
    assert {key: after[key] for key in before} == before
    opened = open_source(fetch(cloud, tmp_path / "whole"))
    assert [one for one in opened.problems if one.action == "rejected"] == []
    new = [entry for entry in opened.entries if "aaaa" in entry.image]
    assert [entry.split for entry in new] == ["train" if splits else ""] * 3
    check_numbers("detect", opened.labels(new[0], WIDE, HIGH).rows[0].numbers)


def test_a_dataset_that_cannot_take_them_is_left_alone(
    cloud: BucketCloud, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Lists of pictures are its splits: a new one would be in none of them."""
    dataset(cloud, "detect", splits=False)
    for split, at in (("train", 0), ("val", 1)):
        cloud.objects[f"datasets/things/{split}.txt"] = f"images/old-{at}.jpg\n".encode()
    cloud.objects["datasets/things/data.yaml"] = b"train: train.txt\nval: val.txt\nnames: [bolt, nut]\n"
    keep(cloud, "detect", 3)
    before = stored(cloud)
    assert pick(cloud, tmp_path / "task", "yolo") == 0, capsys.readouterr().err
    capsys.readouterr()
    assert run(["label", "take", str(tmp_path / "task"), "--yes"], cloud) == 2
    assert "nothing was sent" in capsys.readouterr().err
    assert stored(cloud) == before


@pytest.mark.parametrize("tool", ["yolo", "cvat"])
def test_a_task_that_is_taken_again_has_its_new_labels_in_the_place_of_the_old_ones(
    tool: str, cloud: BucketCloud, tmp_path: Path
) -> None:
    """Also where the first time was interrupted, and sent one picture of three."""
    dataset(cloud, "detect")
    if tool == "cvat":
        write_list(cloud, "cvat", tmp_path)
    keep(cloud, "detect", 3)
    task = tmp_path / "task"
    assert pick(cloud, task, "yolo") == 0
    assert run(["label", "take", str(task), "--yes"], cloud) == 0
    first = stored(cloud)
    name = first_image(task).name
    (gone,) = [key for key in first if key.endswith(f"/{name}") or key == name]
    del cloud.objects[f"datasets/things/{gone}"]
    first_label(task).write_text("0 0.5 0.5 0.5 0.5\n")
    assert run(["label", "take", str(task)], cloud) == 0
    assert stored(cloud).keys() == first.keys()
    opened = open_source(fetch(cloud, tmp_path / "whole"))
    (entry,) = [one for one in opened.entries if one.image.endswith(name)]
    assert [row.numbers for row in opened.labels(entry, WIDE, HIGH).rows] == [pytest.approx((0.5, 0.5, 0.5, 0.5))]


@pytest.mark.parametrize(
    ("task", "said"), [("detect", "nut: the dataset things has no such class any more"), ("classify", "nut: the")]
)
def test_a_class_that_the_dataset_has_lost_meanwhile_is_named(
    task: str, said: str, cloud: BucketCloud, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Or, of sorted pictures, one of which it has nothing to train on."""
    dataset(cloud, task)
    keep(cloud, task, 3)
    assert pick(cloud, tmp_path / "task", "yolo") == 0
    if task == "detect":
        cloud.objects["datasets/things/data.yaml"] = b"names: [bolt, screw]\n"
    else:
        del cloud.objects["datasets/things/train/nut/old-1.jpg"]
    before = stored(cloud)
    capsys.readouterr()
    assert run(["label", "take", str(tmp_path / "task"), "--yes"], cloud) == 2
    assert said in re.sub(r"\s+", " ", capsys.readouterr().err)
    assert stored(cloud) == before


def test_a_picture_without_a_label_is_left_for_later(
    cloud: BucketCloud, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """And one whose label says that nothing is on it is none of those."""
    dataset(cloud, "detect")
    keep(cloud, "detect", 3)
    task = tmp_path / "task"
    assert pick(cloud, task, "yolo") == 0
    missing, empty, _ = sorted((task / "labels").iterdir())
    missing.unlink()
    empty.write_text("")
    capsys.readouterr()
    assert run(["label", "take", str(task), "--json"], cloud) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["unlabelled"], len(told["pictures"])) == ([f"{missing.stem}.jpg"], 2)
    after = stored(cloud)
    assert f"images/train/{missing.stem}.jpg" not in after
    assert after[f"labels/train/{empty.stem}.txt"] == b""
