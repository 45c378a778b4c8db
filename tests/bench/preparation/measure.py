"""Lets everyone prepare the same data, one after the other, and measures time and memory."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from infra.local.environments import REPOSITORY
from tests.bench.preparation.contestants import Contestant
from tests.bench.preparation.workload import make_dataset
from tests.bench.serving.processes import cores, proportional_bytes

JOBS = ("checks", "whole")
CAP = 900.0
"""Seconds after which a run is given up."""
_BETWEEN_LOOKS = 0.1


@dataclass(frozen=True)
class Run:
    """One job of one contestant. ``seconds`` are without imports, None where it was given up or failed."""

    contestant: str
    job: str
    images: int
    seconds: float | None
    peak_bytes: int
    processor_seconds: float
    said: str = ""

    @property
    def rate(self) -> float:
        """Images a second, 0 without an end."""
        return self.images / self.seconds if self.seconds else 0.0


@dataclass
class Results:
    """All runs, and what they ran on."""

    contestants: Sequence[Contestant]
    cores: int
    runs: list[Run] = field(default_factory=list)

    def run(self, name: str, job: str, images: int) -> Run:
        """One of the runs."""
        return next(one for one in self.runs if (one.contestant, one.job, one.images) == (name, job, images))

    def ratio(self, job: str, images: int) -> float:
        """How many times faster ours is than the fastest other; infinite where no other came to an end."""
        others = [one.rate for one in self.runs if one.contestant != "ours" and (one.job, one.images) == (job, images)]
        fastest = max(others, default=0.0)
        return self.run("ours", job, images).rate / fastest if fastest else float("inf")


def measure(contestants: Sequence[Contestant], sizes: Sequence[int], say: Callable[[str], None]) -> Results:
    """Every job of every contestant on datasets of every size, which are made for it and deleted."""
    results = Results(contestants, cores())
    for images in sizes:
        with tempfile.TemporaryDirectory(prefix="bench-preparation-") as work:
            say(f"drawing {images:,} images")
            dataset = make_dataset(Path(work) / "dataset", images)
            for job in JOBS:
                for contestant in contestants:
                    run = _run(contestant, job, dataset, images, Path(work))
                    results.runs.append(run)
                    ended = f"{run.rate:,.0f} images/s" if run.seconds else run.said
                    say(f"{job} of {images:,} images, {contestant.name}: {ended}")
    return results


def _run(contestant: Contestant, job: str, dataset: Path, images: int, work: Path) -> Run:
    output = work / "output"
    output.mkdir()
    environ = {"PATH": os.environ["PATH"], "PYTHONPATH": str(REPOSITORY), "HOME": str(work), "TMPDIR": str(work)}
    environ |= {"YOLO_OFFLINE": "1", "YOLO_AUTOINSTALL": "false", "YOLO_CONFIG_DIR": str(work)}
    command = [str(contestant.python()), "-m", contestant.module, job, str(dataset), str(output)]
    before = os.times()
    with (work / "log").open("w+", encoding="utf-8") as log:
        process = subprocess.Popen(
            command, cwd=REPOSITORY, env=environ, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
        )
        peak, given_up = _watch(process)
        log.seek(0)
        text = log.read()
    after = os.times()
    used = after.children_user + after.children_system - before.children_user - before.children_system
    shutil.rmtree(output)
    for file in (*dataset.glob("*.cache"), *dataset.glob("autosplit_*.txt")):
        file.unlink()
    found = re.findall(r"^seconds=([\d.]+)$", text, re.MULTILINE)
    if given_up or process.returncode or not found:
        said = f"given up after {CAP:.0f} s" if given_up else (text.strip().splitlines() or ["failed"])[-1]
        return Run(contestant.name, job, images, None, peak, used, said)
    return Run(contestant.name, job, images, float(found[-1]), peak, used)


def _watch(process: subprocess.Popen[bytes]) -> tuple[int, bool]:
    """The most memory that the program took with its children, and whether it was ended for taking too long."""
    started, peak = time.monotonic(), 0
    while process.poll() is None:
        peak = max(peak, proportional_bytes(process.pid))
        if time.monotonic() - started > CAP:
            os.killpg(process.pid, 9)
            process.wait()
            return peak, True
        time.sleep(_BETWEEN_LOOKS)
    return peak, False
