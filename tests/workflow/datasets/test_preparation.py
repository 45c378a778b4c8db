"""What a run would refuse is refused on the machine in front of the user, and what was recognised is told."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from tests.containers.training.preparation.layouts import BOX, draw, pictures
from tests.workflow.cloud import ScriptedCloud
from tests.workflow.commands.test_cli import STACK
from workflow.commands.cli import run
from workflow.contract.dataset_report import DatasetReport
from workflow.contract.way_on import read_policy
from workflow.datasets.account import tell_prepared, tell_recognised
from workflow.datasets.check import read_dataset
from workflow.datasets.preparation import find_interpreter, prepare_here
from workflow.errors import GreenlightError, UsageError

NAMES = {"data.yaml": "names: [bolt]\n"}
SPLITS = {
    name: text
    for split, count in (("train", 6), ("val", 2), ("test", 2))
    for name, text in pictures(f"images/{split}", f"labels/{split}", count).items()
}


def prepared(folder: Path, **settings: object) -> DatasetReport | None:
    """What the preparation finds here."""
    kept = folder.parent / "found"
    dataset = read_dataset(folder, judged_later=True)
    return prepare_here(dataset, settings, "again {policy}", kept, lambda line: None)


def test_what_was_recognised_is_told_with_what_was_left_out(tmp_path: Path) -> None:
    """Format, task, classes, splits, those that will be made, and pictures that belong to none."""
    files = {**NAMES, **pictures("images/train", "labels/train", 6), "doc/screen.png": None}
    told = list(tell_recognised(read_dataset(draw(tmp_path, files))))
    assert told == [
        "YOLO for the task detect, 1 class: bolt",
        "6 train; validation and test will be made of what is there; 6 objects",
        "1 unused-file: doc/screen.png: in no split's folder; left out",
    ]


def test_a_leak_and_a_cut_picture_are_refused_before_anything_is_sent(tmp_path: Path) -> None:
    """With what is wrong in the labels, all at once, by file and with what to type; and that goes."""
    tmp_path = draw(tmp_path / "set", {**NAMES, **SPLITS})
    first, second, *_ = sorted((tmp_path / "images" / "train").iterdir())
    shutil.copyfile(next((tmp_path / "images" / "test").iterdir()), first)
    # Labelled otherwise, which is of no account where the copy cannot stay.
    (tmp_path / "labels" / "train" / f"{first.stem}.txt").write_text("0 0.3 0.3 0.1 0.1\n")
    second.write_bytes(second.read_bytes()[:-200])
    (tmp_path / "labels" / "val" / "images-val0.txt").write_text("3 0.5 0.5 0.1 0.1\n" + BOX)
    with pytest.raises(UsageError) as caught:
        prepared(tmp_path)
    said = str(caught.value)
    assert f"    {first}: the same picture as images/test/" in said
    assert f"    {second}: " in said
    every = [json.loads(line) for line in (tmp_path.parent / "found" / "findings.jsonl").read_text().splitlines()]
    assert {"leaked-image", "truncated-image"} <= {one["kind"] for one in every}
    page = tmp_path.parent / "found" / "data.html"
    assert f"all of it, with pictures: {page}" in said
    assert "Rejected for 3 findings of 3 kinds" in page.read_text(encoding="utf-8")
    policy = read_policy(said.rpartition("again ")[2])
    assert policy == {"leaked-image": "drop", "truncated-image": "drop", "unknown-class": "drop"}
    report = prepared(tmp_path, policy=policy)
    assert report
    assert {name: split.images for name, split in report.splits.items()} == {"train": 4, "validation": 2, "test": 2}
    told = list(tell_prepared(report, tmp_path))
    assert told[0] == "every picture read: 4 train (4 objects), 2 validation (2 objects), 2 test (2 objects)"
    assert "1 truncated-image dropped" in told[1]
    assert "Nothing rejects this data" in page.read_text(encoding="utf-8")


def test_the_page_of_another_time_never_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither where the preparation fails, nor where nothing here can do it."""
    folder = draw(tmp_path / "set", {**NAMES, **SPLITS})
    prepared(folder)
    kept = tmp_path / "found"
    assert sorted(file.name for file in kept.iterdir()) == ["data.html", "dataset-report.json", "findings.jsonl"]
    with monkeypatch.context() as broken:
        broken.setattr("workflow.datasets.preparation.find_interpreter", lambda: Path("/bin/false"))
        with pytest.raises(GreenlightError):
            prepared(folder)
    assert list(kept.iterdir()) == []
    prepared(folder)
    monkeypatch.setattr("workflow.datasets.preparation.find_interpreter", lambda: None)
    assert prepared(folder) is None
    assert list(kept.iterdir()) == []


def test_splits_are_made_as_the_run_will_make_them(tmp_path: Path) -> None:
    """With the run's own seed."""
    report = prepared(draw(tmp_path / "set", {**NAMES, **pictures("images", "labels", 10)}), seed=3)
    assert report
    assert sum(split.images for split in report.splits.values()) == 10
    assert all(split.images for split in report.splits.values())


def test_without_the_libraries_the_run_reads_the_pictures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Unless the training image has an environment here that was made to its end."""
    monkeypatch.setattr("workflow.datasets.preparation.find_spec", lambda name: None)
    (tmp_path / "containers" / "training").mkdir(parents=True)
    made = tmp_path / ".greenlight" / "environments" / "training-1" / "complete"
    made.parent.mkdir(parents=True)
    assert find_interpreter(tmp_path) is None
    made.touch()
    assert find_interpreter(tmp_path) == made.parent / "bin" / "python"


def test_an_upload_tells_what_it_takes_and_removes_nothing_unasked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another folder under the same name: nothing is sent before somebody agreed, and --yes does."""
    monkeypatch.chdir(tmp_path)
    draw(tmp_path / "bolts", {**NAMES, **SPLITS})
    there = {"Contents": [{"Key": "datasets/bolts/old.jpg", "ETag": '"1"'}]}
    cloud = ScriptedCloud({**STACK, "list_objects_v2": there, "put_object": {}, "delete_objects": {}})
    assert run(["upload", str(tmp_path / "bolts")], cloud) == 2
    said = capsys.readouterr().err
    assert "YOLO for the task detect, 1 class: bolt" in said
    assert "every picture read: 6 train (6 objects), 2 validation (2 objects), 2 test (2 objects)" in said
    assert "all of it, with pictures: .greenlight/upload/bolts/data.html" in said
    assert Path(".greenlight/upload/bolts/data.html").is_file()
    assert "bolts holds 1 file that" in said
    assert not any(operation in ("put_object", "delete_objects") for operation, _ in cloud.asked)
    assert run(["upload", str(tmp_path / "bolts"), "--yes", "--json"], cloud) == 0
    assert json.loads(capsys.readouterr().out)["removed"] == 1


def under(**parameters: str) -> ScriptedCloud:
    """A cloud with an empty bucket and a stack with these parameters."""
    (stack,) = STACK["describe_stacks"]["Stacks"]  # type: ignore[index]
    given = [{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()]
    answers = {"describe_stacks": {"Stacks": [{**stack, "Parameters": given}]}}
    return ScriptedCloud({**STACK, **answers, "list_objects_v2": {}, "put_object": {}, "delete_objects": {}})


def test_data_are_read_as_the_stack_has_its_runs_read_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its defaults count where the person says nothing, so that what passes here passes there, and the other way."""
    monkeypatch.chdir(tmp_path)
    folder = draw(tmp_path / "bolts", {**NAMES, **SPLITS})
    (folder / "labels" / "train" / "images-train0.txt").write_text("0 0.99 0.5 0.1 0.1\n" + BOX)
    assert run(["upload", str(folder)], under()) == 2
    assert "outside-image" in capsys.readouterr().err
    repairs = json.dumps({"policy": {"outside-image": "repair"}, "epochs": 3})
    assert run(["upload", str(folder)], under(Defaults=repairs)) == 0
    assert "1 outside-image" in capsys.readouterr().err
    stricter = json.dumps({"policy": {"unused-file": "reject"}})
    (folder / "doc").mkdir()
    shutil.copyfile(next((folder / "images" / "test").iterdir()), folder / "doc" / "screen.jpg")
    assert run(["upload", str(folder), "--policy", "outside-image=repair"], under(Defaults=stricter)) == 0
    said = capsys.readouterr().err.replace("\n", " ")
    assert (
        "asks policy.outside-image=repair where it demands reject, policy.unused-file=note where it demands reject"
        in said
    )
    assert run(["upload", str(folder), "--policy", "drop", "--set", "seed=3"], under()) == 0
    said = capsys.readouterr().err.replace("\n", " ")
    assert re.search(r"policy\.\S+ where it demands reject and \d+ more: before the start", said)
    assert re.search(
        rf"train on it: greenlight start --dataset {folder.name} --policy \S*empty-box=drop\S* --set seed=3", said
    )
    shown = under(Defaults=stricter, PolicyLoosening="show")
    assert run(["upload", str(folder), "--policy", "outside-image=repair"], shown) == 0
    assert "demands" not in capsys.readouterr().err


def test_what_is_told_to_be_typed_is_told_otherwise_where_it_does_not_help(tmp_path: Path) -> None:
    """A brush of Label Studio's is no box that could be repaired: the second refusal leaves it out, and that goes."""
    box = {"type": "rectanglelabels", "value": {"x": 1, "y": 1, "width": 9, "height": 9, "rectanglelabels": ["bolt"]}}
    brush = {"type": "brushlabels", "value": {"format": "rle", "rle": [1], "brushlabels": ["bolt"]}}
    tasks = [
        {"data": {"image": f"{at}.png"}, "annotations": [{"result": [box, *([brush] if not at else [])]}]}
        for at in range(6)
    ]
    folder = draw(tmp_path / "set", {f"{at}.png": None for at in range(6)} | {"tasks.json": json.dumps(tasks)})
    policy: dict[str, str] = {}
    for wanted in ("repair", "drop"):
        with pytest.raises(UsageError) as caught:
            prepared(folder, policy=policy)
        policy = read_policy(str(caught.value).rpartition("again ")[2])
        assert policy == {"wrong-task": wanted}
        page = (tmp_path / "found" / "data.html").read_text(encoding="utf-8")
        assert f"wrong-task={wanted}" in page
    report = prepared(folder, policy=policy)
    assert report
    assert report.problems == {"wrong-task": 1}


def test_what_is_typed_again_says_all_that_was_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Name, project and settings stay in the command that goes on; a policy that was given stands in it once."""
    monkeypatch.chdir(tmp_path)
    folder = draw(tmp_path / "my bolts", {**NAMES, **SPLITS})
    (folder / "labels" / "train" / "images-train0.txt").write_text("0 0.99 0.5 0.1 0.1\n" + BOX)
    also = ["--name", "b", "--project", "parts"]
    words = ["upload", str(folder), *also, "--set", "seed=3", "--set", "policy.crowd=reject"]
    assert run(words, under()) == 2
    said = f"greenlight upload '{folder}' {' '.join(also)} --set seed=3 --policy crowd=reject,outside-image=repair"
    assert said in capsys.readouterr().err
