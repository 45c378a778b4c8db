"""Lets our job and ultralytics train in turns, and says how long an epoch and the whole take each of them."""

from __future__ import annotations

import os
import re
import statistics
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from tests.bench.training.workload import Workload
from tests.containers.training.conftest import REPOSITORY

OURS, EQUAL, OWN = "our job", "ultralytics, our threads", "ultralytics as it comes"


@dataclass
class Times:
    """What one contestant took, in seconds; lists hold one entry for each epoch, or each training."""

    epochs: list[float] = field(default_factory=list)
    """From the end of an epoch to the end of the next, all that happens between them included."""
    trained: list[float] = field(default_factory=list)
    """From the start of the process to the end of its last epoch."""
    whole: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)
    """Of all threads."""
    callbacks: list[float] = field(default_factory=list)
    """Within our own functions, checkpoints included."""

    @property
    def epoch(self) -> float:
        """The median."""
        return statistics.median(self.epochs)


def race(python: Path, workload: Workload, folder: Path, rounds: int, say: Callable[[str], None]) -> dict[str, Times]:
    """Train in turns, each alone on the machine, the order reversed every other round."""
    times = {name: Times() for name in (OURS, EQUAL, OWN)}
    for turn in range(rounds):
        for name in list(times)[:: -1 if turn % 2 else 1]:
            place = folder / f"{turn} {name}"
            job = workload.job(place / "ml")
            if name == OURS:
                command = ["tests.bench.training.timed"]
            else:
                command = ["tests.bench.training.plain", str(job), str(place), "own" if name == OWN else "equal"]
            run(python, command, job, times[name])
            say(f"  {name}: {times[name].whole[-1]:.1f} s")
    return times


def run(python: Path, command: list[str], job: Path, times: Times) -> None:
    """Run one training and note its times. Raises RuntimeError where it fails."""
    began = time.monotonic()
    environment = {**os.environ, "SAGEMAKER_BASE_DIR": str(job)}
    with subprocess.Popen(
        [str(python), "-m", *command], cwd=REPOSITORY, env=environment, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        ends: list[float] = []
        for line in process.stdout:
            if line.startswith("epoch="):
                ends.append(time.monotonic() - began)
            elif found := re.match(r"epoch \d+ ended after ([0-9.]+)", line):
                ends.append(float(found[1]))
            elif line.startswith("callbacks took "):
                times.callbacks.append(float(line.split()[-1]))
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise RuntimeError(f"{command} ended with {process.returncode}")
    times.epochs += [after - before for before, after in pairwise(ends)]
    times.trained.append(ends[-1])
    times.whole.append(time.monotonic() - began)
    times.processor.append(used.ru_utime + used.ru_stime)
