"""The preparation as the job runs it: a dataset in, three outputs out."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from containers.training.__main__ import main
from containers.training.channel import ChannelError, lay_out, read_channel
from tests.containers.training.conftest import REPOSITORY, Write
from workflow.contract import DatasetReport

SPLITS = {"train/images": 4, "valid/images": 2, "test/images": 2}


@pytest.fixture
def job(tmp_path: Path, write_dataset: Write) -> Path:
    """The folders of a processing job whose input is a sound dataset."""
    root = tmp_path / "ml"
    (root / "processing" / "input").mkdir(parents=True)
    (root / "processing" / "input" / "dataset").symlink_to(write_dataset(SPLITS))
    return root


def prepare(root: Path) -> int:
    """Run the program on these folders."""
    return main(["prepare"], {"SAGEMAKER_BASE_DIR": str(root), "SEED": "0"})


def output(root: Path, name: str) -> Path:
    """One output of the job."""
    return root / "processing" / "output" / name


def read(path: Path) -> Any:
    """A JSON document."""
    return json.loads(path.read_text(encoding="utf-8"))


def test_a_sound_dataset_becomes_a_training_channel_and_held_out_images(job: Path) -> None:
    """All images arrive, those held out apart from the others."""
    assert prepare(job) == 0
    training, test = output(job, "training"), output(job, "test")
    assert len(list((training / "images/train").iterdir())) == 4
    assert len(list((training / "labels/validation").iterdir())) == 2
    assert len(list((test / "images").iterdir())) == len(list((test / "labels").iterdir())) == 2
    report = DatasetReport.parse(read(output(job, "report") / "dataset-report.json"))
    assert read(test / "data.json") == {"version": 1, "classes": ["bolt", "nut"], "digest": report.digest}


def test_what_is_prepared_is_what_training_accepts(job: Path, tmp_path: Path) -> None:
    """The channel verifies and lays out with absolute paths."""
    prepare(job)
    channel = read_channel(output(job, "training"))
    assert (channel.classes, len(channel.images("train")), len(channel.images("validation"))) == (("bolt", "nut"), 4, 2)
    data = lay_out(channel, output(job, "training"), tmp_path / "work")
    assert f"path: {tmp_path / 'work'}" in data.read_text(encoding="utf-8")
    assert (tmp_path / "work/images/train/p0.png").read_bytes()


@pytest.mark.parametrize("name", ["images/train/p0.png", "labels/train/p0.txt", "data.yaml"])
def test_a_file_changed_after_the_preparation_is_refused(job: Path, name: str) -> None:
    """Training uses the files that were judged and no others."""
    prepare(job)
    with (output(job, "training") / name).open("ab") as stream:
        stream.write(b" ")
    with pytest.raises(ChannelError, match=f"{name} of the training channel is not the file that prepare wrote"):
        read_channel(output(job, "training"))


def test_a_broken_label_ends_well_with_errors_in_the_report_and_nothing_to_train_on(job: Path) -> None:
    """The flow rejects the data; the job itself has done its work."""
    label = job / "processing/input/dataset/train/labels/p0.txt"
    label.write_text("7 0.5 0.5 0.1 0.1\n", encoding="utf-8")
    assert prepare(job) == 0
    report = DatasetReport.parse(read(output(job, "report") / "dataset-report.json"))
    assert report.errors == 1
    assert report.findings[0].text().startswith("train/labels/p0.txt:1: class 7 is unknown")
    assert list(output(job, "training").iterdir()) == list(output(job, "test").iterdir()) == []


def test_a_job_that_fails_says_why(tmp_path: Path) -> None:
    """An output that cannot be written is a failed job with its reason."""
    (tmp_path / "processing").mkdir()
    (tmp_path / "processing" / "output").write_text("in the way", encoding="utf-8")
    assert prepare(tmp_path) == 1
    assert "NotADirectoryError" in (tmp_path / "output" / "message").read_text(encoding="utf-8")


@pytest.mark.parametrize("arguments", [[], ["serve"], ["train", "twice"]])
def test_an_unknown_program_is_a_usage_error(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """The error names what can be run."""
    assert main(arguments, {}) == 2
    assert "usage: python -m containers.training train|prepare" in capsys.readouterr().err


def test_the_entry_point_prepares_in_a_process_of_its_own(job: Path) -> None:
    """The image's command line works without torch."""
    environ = {**os.environ, "SAGEMAKER_BASE_DIR": str(job)}
    command = [sys.executable, "-m", "containers.training", "prepare"]
    ran = subprocess.run(command, cwd=REPOSITORY, env=environ, capture_output=True, text=True, check=True)
    assert ran.stdout.splitlines()[0] == "train: 4 images, 4 boxes"
    assert "0 errors, 0 warnings" in ran.stdout
