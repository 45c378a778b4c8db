"""How often a watch finds a drift that is there, and one that is not; and what ten thousand pictures take of memory.

BENCH_PICTURES, BENCH_EPOCHS and BENCH_WINDOWS say how many are drawn, how long the network learns and how many windows
are tried. The pictures are the sample's, drawn anew; the network is trained on others of them.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from containers.serving.drift.table import FIGURES, Table
from containers.serving.drift.verdict import MOST_TESTED, compare
from tests.bench.drift.scenes import AFTER, BEFORE, draw
from tests.bench.training.workload import Workload, make_workload
from tests.containers.serving.conftest import ROOT
from tests.containers.serving.drift.test_program import Watched
from tests.containers.serving.evaluation.test_program import Job
from tests.containers.serving.tiny_onnx import archive_model
from tests.containers.training.jobs import run
from workflow.demo.sample.fasteners import CLASSES

pytestmark = [pytest.mark.bench, pytest.mark.training, pytest.mark.serving]

PICTURES = int(os.environ.get("BENCH_PICTURES", "2400"))
EPOCHS = int(os.environ.get("BENCH_EPOCHS", "25"))
WINDOWS = int(os.environ.get("BENCH_WINDOWS", "400"))
HELD_OUT = 300
SIZES = (50, 100, 200)
TRIED = 10
"""Windows of each drift and size."""
RARE_ENOUGH = 0.01
MEMORY_OF_A_PICTURE = 5_000
"""Bytes that a picture more may take: its numbers, and its lines in the table and on no page."""


@pytest.fixture(scope="module")
def model(training_python: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A detector of the sample's fasteners."""
    named = os.environ.get("BENCH_MODEL")
    if named:
        return Path(named)
    folder = tmp_path_factory.mktemp("training")
    workload = make_workload(folder)
    trained = Workload(workload.channel, {**workload.hyperparameters, "epochs": str(EPOCHS)}).job(folder / "job")
    ran = run(training_python, trained)
    assert ran.returncode == 0, ran.stderr[-3000:]
    return trained / "model"


def look(python: Path, model: Path, folder: Path) -> Table:
    """The rows of every picture of a folder."""
    target = folder.with_suffix(".npz")
    program = [str(python), "-m", "tests.bench.drift.look", str(model), str(folder), str(target)]
    done = subprocess.run(program, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    rows = np.load(target)
    figures = dict(zip(FIGURES, rows["figures"], strict=True))
    return Table(tuple(rows["names"].tolist()), figures, rows["classes"], rows["features"])


def drifted(reference: Table, window: Table, seed: int) -> list[str]:
    """The figures that drifted."""
    return [one.name for one in compare(reference, window, seed) if one.drifted]


@pytest.mark.timeout(7200)
def test_what_is_found_and_what_is_not(
    model: Path, serving_python: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each window against held-out pictures that are drawn anew with it; none is in both."""
    fresh = look(serving_python, model, draw(tmp_path / "fresh", "", 1, PICTURES))
    random = np.random.default_rng(2)
    lines = ["| | " + " | ".join(f"{size} pictures" for size in SIZES) + " | what is named |", "|---|---|---|---|---|"]
    alarms = dict.fromkeys(SIZES, 0)
    for size in SIZES:
        for seed in range(WINDOWS):
            drawn = random.permutation(len(fresh))
            held_out, window = fresh.choose(drawn[:HELD_OUT]), fresh.choose(drawn[HELD_OUT : HELD_OUT + size])
            alarms[size] += bool(drifted(held_out, window, seed))
    told = " | ".join(f"{alarms[size]} of {WINDOWS}" for size in SIZES)
    lines.append(f"| fresh pictures of the same kind | {told} | |")
    found: dict[str, dict[int, int]] = {}
    for drift in (*AFTER, *BEFORE):
        moved, named = look(serving_python, model, draw(tmp_path / drift, drift, 3, max(SIZES) + 60)), Counter[str]()
        found[drift] = {}
        for size in SIZES:
            alarmed = 0
            for seed in range(TRIED):
                held_out = fresh.choose(random.permutation(len(fresh))[:HELD_OUT])
                names = drifted(held_out, moved.choose(random.permutation(len(moved))[:size]), seed)
                alarmed += bool(names)
                named.update(names)
            found[drift][size] = alarmed
        most = ", ".join(name for name, _ in named.most_common(4))
        lines.append(f"| {drift} | {' | '.join(f'{found[drift][size]} of {TRIED}' for size in SIZES)} | {most} |")
    with capsys.disabled():
        print("\n" + "\n".join(lines))
    assert sum(alarms.values()) < RARE_ENOUGH * WINDOWS * len(SIZES)
    assert {drift: at[max(SIZES)] for drift, at in found.items()} == dict.fromkeys(found, TRIED)


@pytest.mark.timeout(7200)
def test_ten_thousand_pictures_take_little_more_memory_than_one_thousand(
    model: Path, serving_python: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of the whole job, with its page."""
    held_out, window = draw(tmp_path / "held", "", 4, 100), draw(tmp_path / "window", "", 5, 200)
    job = Job(serving_python, tmp_path / "judged")
    job.describe(list(CLASSES))
    shutil.copytree(held_out, job.inputs / "test" / "images")
    (job.inputs / "test" / "labels").mkdir()
    (job.inputs / "candidate").mkdir()
    lean = tmp_path / "model"
    shutil.copytree(model, lean, ignore=shutil.ignore_patterns("weights.pt"))
    archive_model(lean, job.inputs / "candidate" / "model.tar.gz")
    job.tell_champion(None)
    status, said = job.run()
    assert status == 0, said
    bodies = [path.read_bytes() for path in sorted(window.iterdir())]
    peaks = {}
    for pictures in (1_000, 10_000):
        asked = {f"captured/kept/2026/12/01/{at:05d}.jpg": bodies[at % len(bodies)] for at in range(pictures)}
        watched = Watched(serving_python, job)
        status, line = watched.watch(tmp_path / str(pictures), asked)
        assert status == 0, line
        peaks[pictures] = watched.peak_bytes
    with capsys.disabled():
        told = ", ".join(f"{pictures:,} pictures: {peak / 1e6:.0f} MB" for pictures, peak in peaks.items())
        print(f"\n{told}; tested are {MOST_TESTED:,} at most")
    assert peaks[10_000] - peaks[1_000] < 9_000 * MEMORY_OF_A_PICTURE + 100e6
