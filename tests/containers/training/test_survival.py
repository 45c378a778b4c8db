"""What a training survives: a request to stop, a damaged checkpoint, a full disk."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.containers.training.conftest import REPOSITORY
from tests.containers.training.jobs import (
    MODEL_FILES,
    epochs,
    failure,
    files,
    make_job,
    read_json,
    run,
    stop_after,
)

pytestmark = pytest.mark.training

CLOCK = ("seconds", "images_per_second")
"""Figures that no two trainings share."""


def kept(job: Path) -> list[int]:
    """The epochs done in each checkpoint, the newest first."""
    seals = job.glob("checkpoints/*/checkpoint.json")
    return sorted((len(read_json(seal)["epochs"]) for seal in seals), reverse=True)


def model_digest(job: Path) -> str:
    """The digest of the published graph."""
    return str(read_json(job / "model/manifest.json")["model_digest"])


def learned(job: Path) -> list[dict[str, Any]]:
    """What the epochs showed, without what depends on the clock."""
    recorded = read_json(job / "model/training.json")["epochs"]
    return [{name: value for name, value in epoch.items() if name not in CLOCK} for epoch in recorded]


@pytest.mark.parametrize(
    ("task", "given"),
    [
        # Mosaic ends with the second epoch: one restart is just there, the other after it.
        # YOLO26 weighs the losses of its two heads otherwise in every epoch.
        pytest.param("detect", {"model": "yolo26n", "mosaic": "1", "close_mosaic": "4"}, id="detect, mosaic, YOLO26"),
        # As long as both others, and by the same way: `make bench` has time for it.
        pytest.param(
            "pose",
            {"optimizer": "SGD", "cos_lr": "true", "warmup_epochs": "2"},
            id="pose, SGD and cosine",
            marks=pytest.mark.bench,
        ),
        pytest.param("classify", {}, id="classify"),
    ],
)
def test_a_training_stopped_twice_ends_as_one_that_was_not(
    training_python: Path, tmp_path: Path, task: str, given: dict[str, str]
) -> None:
    """The same losses, figures and learning rates in every epoch, and the same model to the last bit.

    No tolerance is needed: weights, averages, optimiser, learning rate, random numbers and the order of the pictures
    go on where the checkpoint left them, and a processor computes the same from the same.
    """
    whole = make_job(tmp_path / "whole", task, 5, epochs="6", **given)
    ran = run(training_python, whole)
    assert ran.returncode == 0, ran.stderr

    stopped = make_job(tmp_path / "stopped", task, 5, epochs="6", **given)
    for epoch in (2, 4):
        began = stop_after(training_python, stopped, epoch)
        assert began.returncode == 143, began.stderr
        assert files(stopped / "model") == set()
    done = kept(stopped)[0]
    assert done >= 2
    rest = run(training_python, stopped)
    assert rest.returncode == 0, rest.stderr
    assert f"found a checkpoint: {done} of 6 epochs are done" in rest.stdout
    assert epochs(rest.stdout) == list(range(done + 1, 7))
    assert learned(stopped) == learned(whole)
    assert model_digest(stopped) == model_digest(whole)
    assert read_json(stopped / "model/training.json")["resumed_after"] == done


def test_a_request_to_stop_is_heeded_within_seconds(training_python: Path, tmp_path: Path) -> None:
    """SageMaker kills after 120; the checkpoint of an epoch before is there."""
    job = make_job(tmp_path, epochs="60")
    began = stop_after(training_python, job, 2)
    ended = time.monotonic()
    assert began.returncode == 143, began.stderr
    assert "asked to stop: training can go on from the last epoch's checkpoint" in began.stdout
    assert kept(job)[0] >= 1
    assert time.monotonic() - ended < 10
    assert not (job / "output/failure").exists()


@pytest.fixture(scope="module")
def finished(training_python: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A job of two epochs that is done, with a checkpoint of each."""
    job = make_job(tmp_path_factory.mktemp("finished"), "classify", epochs="2")
    ran = run(training_python, job)
    assert ran.returncode == 0, ran.stderr
    assert kept(job) == [2, 1]
    return job


@pytest.fixture
def again(finished: Path, tmp_path: Path) -> Path:
    """A copy of that job, without its model."""
    copy = tmp_path / "again"
    shutil.copytree(finished, copy)
    shutil.rmtree(copy / "model")
    return copy


def slot(job: Path, done: int) -> Path:
    """Where the checkpoint of this many epochs is."""
    (found,) = (
        seal.parent for seal in job.glob("checkpoints/*/checkpoint.json") if len(read_json(seal)["epochs"]) == done
    )
    return found


def test_a_finished_training_only_exports_and_publishes_the_same_model(
    training_python: Path, finished: Path, again: Path
) -> None:
    """A restart after the last epoch trains nothing more and never falls back to other data."""
    ran = run(training_python, again)
    assert ran.returncode == 0, ran.stderr
    assert epochs(ran.stdout) == []
    assert files(again / "model") == MODEL_FILES
    assert read_json(again / "model/manifest.json") == read_json(finished / "model/manifest.json")
    assert read_json(again / "model/training.json")["resumed_after"] == 2


@pytest.mark.parametrize("name", ["state.pt", "best.pt", "checkpoint.json"])
def test_a_damaged_checkpoint_costs_the_epochs_since_the_one_before(
    training_python: Path, finished: Path, again: Path, name: str
) -> None:
    """The training goes on from the older one, and ends the same."""
    damaged = slot(again, 2) / name
    damaged.write_bytes(damaged.read_bytes()[:100])
    ran = run(training_python, again)
    assert ran.returncode == 0, ran.stderr
    assert "found a checkpoint: 1 of 2 epochs are done" in ran.stdout
    assert epochs(ran.stdout) == [2]
    assert model_digest(again) == model_digest(finished)


def test_two_damaged_checkpoints_are_a_clear_failure(training_python: Path, again: Path) -> None:
    """To start anew in silence would hide the loss of hours."""
    for done in (1, 2):
        (slot(again, done) / "state.pt").write_bytes(b"")
    assert run(training_python, again).returncode == 1
    assert "CheckpointError: no checkpoint is whole: first (digests differ), second (digests differ)" in failure(again)
    assert files(again / "model") == set()


def on_small_disk(folder: Path, megabytes: int, listing: Path) -> list[str]:
    """The words before a command that runs with a file system of this size at ``folder``.

    What lies in it when the command has ended is written to ``listing``: nobody else sees it.
    """
    script = f'mount -t tmpfs -o size={megabytes}m none "$0" && {{ "$@"; status=$?; find "$0" -type f > "{listing}"; }}'
    return ["unshare", "--map-root-user", "--mount", "sh", "-c", f"{script}; exit $status", str(folder)]


@pytest.fixture
def small_disks(tmp_path: Path) -> None:
    """Skips where this user may not mount a file system of its own."""
    if sys.platform != "linux" or shutil.which("unshare") is None:
        pytest.skip("needs Linux's unshare")
    tried = subprocess.run([*on_small_disk(tmp_path, 1, tmp_path / "listing"), "true"], check=False)
    if tried.returncode != 0:
        pytest.skip("this user may not mount a file system of its own")


@pytest.mark.usefixtures("small_disks")
@pytest.mark.parametrize(
    ("folder", "megabytes", "left"),
    [
        # A checkpoint of a classifier takes 38 MB, and its model 9 MB.
        pytest.param("checkpoints", 20, set(), id="no checkpoint fits"),
        pytest.param("checkpoints", 60, {"best.pt", "checkpoint.json", "state.pt"}, id="one fits"),
        pytest.param("model", 5, set(), id="no model fits"),
    ],
)
def test_a_full_disk_is_named_and_nothing_half_written_is_left(
    training_python: Path, tmp_path: Path, folder: str, megabytes: int, left: set[str]
) -> None:
    """The reason says which disk and what to do; a whole checkpoint stays, a partial model never does."""
    job = make_job(tmp_path / "ml", "classify", epochs="2")
    (job / folder).mkdir()
    ran = run(training_python, job, on_small_disk(job / folder, megabytes, tmp_path / "listing"))
    assert ran.returncode == 1, ran.stderr
    assert "DiskFullError: no room left while writing" in failure(job)
    assert f"{job / folder} " in failure(job)
    assert "give the training job a larger volume" in failure(job)
    assert {Path(line).name for line in (tmp_path / "listing").read_text("utf-8").splitlines()} == left
    if folder == "checkpoints":
        assert files(job / "model") == set()


def test_processes_that_load_images_die_of_the_signal_in_silence(training_python: Path) -> None:
    """Only the training itself has something to say when it is asked to stop."""
    code = (
        "import os, signal, time\n"
        "from containers.training.stopping import stop_on_request\n"
        "stop_on_request()\n"
        "ready, tell = os.pipe()\n"
        "child = os.fork()\n"
        "if child == 0:\n"
        "    os.write(tell, b'.')\n"
        "    time.sleep(30)\n"
        "    os._exit(0)\n"
        "os.read(ready, 1)\n"
        "os.kill(child, signal.SIGTERM)\n"
        "print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)\n"
        "os.kill(os.getpid(), signal.SIGTERM)\n"
    )
    ran = subprocess.run(
        [str(training_python), "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 143
    assert ran.stdout.splitlines() == ["-15", "asked to stop: training can go on from the last epoch's checkpoint"]
