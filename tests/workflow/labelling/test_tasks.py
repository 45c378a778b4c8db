"""A task goes out to every tool and comes back as the dataset's next version, for every task that the tool draws."""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from tests.infra import policies
from tests.workflow.labelling.bucket import BucketCloud
from tests.workflow.labelling.production import (
    BOXES,
    CLASSES,
    DAY,
    HIGH,
    WIDE,
    check_numbers,
    dataset,
    fetch,
    first_label,
    keep,
    pick,
    stored,
    tell,
)
from workflow.commands.cli import run
from workflow.contract.feedback import GivenBox
from workflow.labelling.forms.tools import TOOLS
from workflow.labels.recognition import open_source

PAIRS = [(tool, task) for tool, each in TOOLS.items() for task in each.tasks]


@pytest.fixture
def cloud() -> BucketCloud:
    return BucketCloud()


def accept_in_label_studio(task: Path, out: Path) -> Path:
    """What Label Studio exports once somebody has submitted every suggestion, as its task format is documented."""
    tasks = json.loads((task / "tasks.json").read_text())
    for one in tasks:
        said = one.pop("predictions")[0]["result"]
        one["annotations"] = [{"id": one["id"], "result": said, "was_cancelled": False, "updated_at": "2026-12-01"}]
        one["predictions"] = []
    (out / "project.json").write_text(json.dumps(tasks))
    return out / "project.json"


def adjust_in_ground_truth(task: Path, out: Path) -> Path:
    """What a job that adjusts labels puts out: the lines it was given, with another attribute and its date."""
    lines = [json.loads(line) for line in (task / "input.manifest").read_text().splitlines()]
    for line in lines:
        line["adjusted"] = line["suggested"]
        made = {"human-annotated": "yes", "creation-date": "2099-01-01T00:00:00", "adjustment-status": "unadjusted"}
        line["adjusted-metadata"] = {**line["suggested-metadata"], **made, "job-name": "labeling-job/adjusted"}
    (out / "output.manifest").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return out / "output.manifest"


def export_from_cvat(task: Path, out: Path) -> Path:
    """CVAT for images 1.1 with its pictures, as a zip."""
    with zipfile.ZipFile(out / "export.zip", "w") as archive:
        archive.write(task / "annotations.xml", "annotations.xml")
        for file in (task / "images").iterdir():
            archive.write(file, f"images/{file.name}")
    return out / "export.zip"


EXPORTS: Mapping[str, Callable[[Path, Path], Path]] = {
    "cvat": export_from_cvat,
    "label-studio": accept_in_label_studio,
    "ground-truth": adjust_in_ground_truth,
}


@pytest.mark.parametrize(("tool", "task"), PAIRS)
def test_what_is_suggested_comes_back_as_it_was_and_is_what_a_run_reads(
    tool: str, task: str, cloud: BucketCloud, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    dataset(cloud, task)
    ids = keep(cloud, task, 5)
    handed = tmp_path / "handed"
    assert pick(cloud, handed, tool, "--json") == 0, capsys.readouterr().err
    chosen = [one["name"] for one in json.loads(capsys.readouterr().out)["pictures"]]
    assert len(chosen) == 3
    assert set(chosen) < {f"{one}.jpg" for one in ids}
    export = [str(EXPORTS[tool](handed, tmp_path))] if tool != "yolo" else []
    before = stored(cloud)
    assert run(["label", "take", str(handed), *export], cloud) == 2
    assert "Did somebody look?" in capsys.readouterr().err
    assert stored(cloud) == before
    assert run(["label", "take", str(handed), *export, "--yes"], cloud) == 0, capsys.readouterr().err

    after = stored(cloud)
    assert {key: after[key] for key in before} == before
    assert ".ready" in after
    root = fetch(cloud, tmp_path / "whole")
    opened = open_source(root)
    assert [one for one in opened.problems if one.action == "rejected"] == []
    assert (opened.task, opened.classes) == (task, CLASSES)
    new = {Path(entry.image).name: entry for entry in opened.entries if Path(entry.image).name in chosen}
    assert set(new) == set(chosen)
    for name, entry in new.items():
        assert (root / entry.image).read_bytes() == stored(cloud, DAY)[name]
        assert entry.split == "train"
        rows = opened.labels(entry, WIDE, HIGH).rows
        assert [row.class_id for row in rows] == ([1, 0] if task == "detect" else [1])
        check_numbers(task, rows[0].numbers)


def test_a_second_pick_leaves_out_what_the_dataset_has_by_now(
    cloud: BucketCloud, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    dataset(cloud, "detect")
    ids = keep(cloud, "detect", 4)
    assert pick(cloud, tmp_path / "one", "yolo", "--json") == 0
    first = [one["name"] for one in json.loads(capsys.readouterr().out)["pictures"]]
    assert run(["label", "take", str(tmp_path / "one"), "--yes"], cloud) == 0
    capsys.readouterr()
    assert pick(cloud, tmp_path / "two", "yolo", "--json") == 0
    second = [one["name"] for one in json.loads(capsys.readouterr().out)["pictures"]]
    assert sorted(first + second) == [f"{one}.jpg" for one in ids]


def test_a_picture_of_the_dataset_that_production_was_asked_about_is_left_out(
    cloud: BucketCloud, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """By its bytes: a held-out one among those to train on would have the next run refused."""
    dataset(cloud, "detect")
    ids = keep(cloud, "detect", 4)
    cloud.objects["datasets/things/images/test/photo.jpg"] = cloud.objects[f"{DAY}{ids[3]}.jpg"]
    assert pick(cloud, tmp_path / "task", "yolo", "--json") == 0
    chosen = [one["name"] for one in json.loads(capsys.readouterr().out)["pictures"]]
    assert sorted(chosen) == [f"{one}.jpg" for one in ids[:3]]


def test_the_policy_of_who_labels_holds_what_is_called_and_no_more(cloud: BucketCloud, tmp_path: Path) -> None:
    dataset(cloud, "detect")
    keep(cloud, "detect", 3)
    assert pick(cloud, tmp_path / "task", "label-studio") == 0
    export = accept_in_label_studio(tmp_path / "task", tmp_path)
    assert run(["label", "take", str(tmp_path / "task"), str(export), "--yes"], cloud) == 0
    actions = {
        "describe_stacks": {"cloudformation:DescribeStacks"},
        "list_objects_v2": {"s3:ListBucket"},
        "get_object": {"s3:GetObject"},
        "put_object": {"s3:PutObject"},
        "copy_object": {"s3:GetObject", "s3:PutObject"},
    }
    needed = {action for operation in cloud.asked for action in actions[operation]}
    assert policies.actions(policies.load("labelling")) == needed


@pytest.mark.parametrize("tool", ["yolo", "cvat", "label-studio"])
@pytest.mark.parametrize("task", ["segment", "obb"])
def test_a_box_that_is_suggested_for_an_outline_has_its_corners(
    tool: str, task: str, cloud: BucketCloud, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As of a model that finds boxes, beside a dataset that says more by now."""
    dataset(cloud, task)
    keep(cloud, "detect", 3)
    assert pick(cloud, tmp_path / "task", tool) == 0, capsys.readouterr().err
    export = [] if tool == "yolo" else [str(EXPORTS[tool](tmp_path / "task", tmp_path))]
    assert run(["label", "take", str(tmp_path / "task"), *export, "--yes"], cloud) == 0, capsys.readouterr().err
    opened = open_source(fetch(cloud, tmp_path / "whole"))
    (entry,) = [one for one in opened.entries if one.image.endswith("00000000-aaaa.jpg")]
    left, top, right, bottom = BOXES[0]
    points = opened.labels(entry, WIDE, HIGH).rows[0].numbers
    assert {(round(x * WIDE), round(y * HIGH)) for x, y in zip(points[::2], points[1::2], strict=True)} == {
        (left, top),
        (right, top),
        (right, bottom),
        (left, bottom),
    }


def test_a_model_or_a_tool_of_another_task_than_the_dataset_is_refused(
    cloud: BucketCloud, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    dataset(cloud, "classify")
    keep(cloud, "detect", 3)
    assert pick(cloud, tmp_path / "task", "cvat") == 2
    assert "these do: ground-truth, yolo" in re.sub(r"\s+", " ", capsys.readouterr().err)
    assert pick(cloud, tmp_path / "task", "yolo") == 2
    assert "answers otherwise" in capsys.readouterr().err
    assert not (tmp_path / "task").exists()


def test_feedback_and_drift_bring_a_picture_to_the_front(
    cloud: BucketCloud, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Against the model's own certainty. What somebody found right is not handed over."""
    dataset(cloud, "detect")
    ids = keep(cloud, "detect", 6)
    left, top, right, bottom = BOXES[1]
    boxes = (GivenBox("bolt", (left, top, right, bottom)),)
    for one in (tell(ids[0], "wrong", "bob"), tell(ids[5], "right", "bob"), tell(ids[0], "wrong", "ada", boxes)):
        cloud.objects[one.key()] = json.dumps(one.document()).encode()
    cloud.objects["feedback/2026/12/01/c.json"] = b"no object"
    (tmp_path / "drift.json").write_text(json.dumps({**dict.fromkeys(ids, 0.1), ids[3]: 9.0}))
    assert pick(cloud, tmp_path / "task", "yolo", "--json", "--drift", str(tmp_path / "drift.json")) == 0
    told = {one["name"]: one["why"] for one in json.loads(capsys.readouterr().out)["pictures"]}
    assert told[f"{ids[0]}.jpg"] == "somebody said that the answer is wrong"
    assert "drift 9" in told[f"{ids[3]}.jpg"]
    assert f"{ids[5]}.jpg" not in told
    # What the person drew is suggested in the place of what the model saw.
    assert (tmp_path / "task" / "labels" / f"{ids[0]}.txt").read_text() == "0 0.775000 0.700000 0.250000 0.400000\n"


def test_where_somebody_says_that_nothing_is_in_a_picture_nothing_is_suggested(
    cloud: BucketCloud, tmp_path: Path
) -> None:
    """Before a mere word, whoever it is from, and after boxes that somebody gave earlier."""
    dataset(cloud, "detect")
    (identity,) = keep(cloud, "detect", 1)
    left, top, right, bottom = BOXES[1]
    earlier = tell(identity, "wrong", "cleo", (GivenBox("bolt", (left, top, right, bottom)),))
    empty = replace(tell(identity, "wrong", "ada", ()), at="2026-12-01T10:00:00+00:00")
    for one in (earlier, empty, *(tell(identity, "wrong", f"person {at}") for at in range(9))):
        cloud.objects[one.key()] = json.dumps(one.document()).encode()
    assert pick(cloud, tmp_path / "task", "yolo") == 0
    assert first_label(tmp_path / "task").read_text() == ""
