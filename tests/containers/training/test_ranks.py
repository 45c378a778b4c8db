"""A training shared by the GPUs of a machine, shown with two processes on a processor (gloo in place of NCCL)."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.containers.training.conftest import REPOSITORY
from tests.containers.training.jobs import (
    MODEL_FILES,
    environment,
    epochs,
    failure,
    files,
    make_job,
    read_json,
)

pytestmark = [pytest.mark.training, pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")]


def start(python: Path, job: Path) -> subprocess.Popen[str]:
    """The job of a machine with two GPUs; everything temporary is below its folder."""
    (job / "temporary").mkdir(exist_ok=True)
    return subprocess.Popen(
        [str(python), "-m", "tests.containers.training.sharing"],
        cwd=REPOSITORY,
        env={**environment(job), "TMPDIR": str(job / "temporary")},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def running(job: Path) -> list[int]:
    """The processes whose command names this job's folder."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdecimal() and os.fsencode(job) in (entry / "cmdline").read_bytes():
                found.append(int(entry.name))
        except OSError:
            continue  # ended meanwhile
    return found


def test_a_request_to_stop_ends_every_process_and_a_restart_goes_on_together(
    training_python: Path, tmp_path: Path
) -> None:
    """Each epoch is told once, by the first process; no process is left behind; the model is whole in the end."""
    job = make_job(tmp_path / "ml", epochs="4")
    with start(training_python, job) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith("epoch=2 "):
                process.send_signal(signal.SIGTERM)
                break
        asked = time.monotonic()
        process.communicate(timeout=60)
    assert process.returncode == 143
    assert time.monotonic() - asked < 30
    assert running(job) == []
    assert not list((job / "temporary").glob("training-*"))
    assert files(job / "model") == set()

    with start(training_python, job) as process:
        told, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    done = read_json(job / "model/training.json")["resumed_after"]
    assert done >= 1
    assert epochs(told) == list(range(done + 1, 5))
    assert "training on 2 GPUs" in told
    assert files(job / "model") == MODEL_FILES
    assert [epoch["epoch"] for epoch in read_json(job / "model/training.json")["epochs"]] == [1, 2, 3, 4]


def test_what_fails_one_process_is_the_reason_of_the_job(training_python: Path, tmp_path: Path) -> None:
    """A diverged loss ends all processes, and its text is what SageMaker shows."""
    job = make_job(tmp_path / "ml", box="1e39")
    with start(training_python, job) as process:
        process.communicate(timeout=120)
    assert process.returncode == 1
    assert "DivergedError: box_loss became" in failure(job)
    assert running(job) == []
    assert files(job / "model") == set()
