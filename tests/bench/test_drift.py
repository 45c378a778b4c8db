"""How often a watch finds a drift that is there, and one that is not; and what ten thousand pictures take of memory.

BENCH_PICTURES and BENCH_WINDOWS say how many are drawn, and how many windows of each size are tried; BENCH_FOLDER keeps
what was drawn. Pictures are the sample's, drawn anew; the network is trained on others of them.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from containers.serving.drift.table import FIGURES, Table
from containers.serving.drift.verdict import MOST_TESTED, compare
from tests.bench.drift.scenes import AFTER, BEFORE, draw
from tests.bench.judging import judge_alone
from tests.containers.serving.conftest import ROOT
from tests.containers.serving.drift.test_program import Watched
from tests.containers.serving.evaluation.test_program import Job
from workflow.demo.sample.fasteners import CLASSES

pytestmark = [pytest.mark.bench, pytest.mark.training, pytest.mark.serving]

PICTURES = int(os.environ.get("BENCH_PICTURES", "2400"))
WINDOWS = int(os.environ.get("BENCH_WINDOWS", "400"))
HELD_OUT = 300
SIZES = (50, 100, 200)
TRIED = 10
"""Windows of each drift and size."""
SURE = 0.8
"""Of the largest windows of each drift, so many have to be found."""
MOVED = max(SIZES) + 20
"""Pictures of each drift, of which windows are drawn."""
RARE_ENOUGH = 0.01
MEMORY_OF_A_PICTURE = 5_000
"""Bytes that a picture more may take: its numbers, and its lines in the table and on no page."""


def look(python: Path, model: Path, folder: Path) -> Table:
    """The rows of every picture of a folder."""
    target = folder.with_suffix(".npz")
    program = [str(python), "-m", "tests.bench.drift.look", str(model), str(folder), str(target)]
    done = subprocess.run(program, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    rows = np.load(target)
    figures = dict(zip(FIGURES, rows["figures"], strict=True))
    return Table(tuple(rows["names"].tolist()), figures, rows["classes"], rows["features"])


def drifted(tried: tuple[Table, Table, int]) -> list[str]:
    """The figures by which a window drifted from a reference, both given with a seed."""
    return [one.name for one in compare(*tried) if one.drifted]


@pytest.mark.timeout(7200)
def test_what_is_found_and_what_is_not(
    sample_model: Path, serving_python: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each window against held-out pictures that are drawn anew with it; none is in both."""
    base, random = Path(os.environ.get("BENCH_FOLDER", tmp_path)), np.random.default_rng(2)
    fresh = look(serving_python, sample_model, draw(base / "fresh", "", 1, PICTURES))

    def windows(of: Table | None, size: int, number: int) -> Iterator[tuple[Table, Table, int]]:
        for seed in range(number):
            drawn = random.permutation(len(fresh))
            window = fresh.choose(drawn[HELD_OUT:]) if of is None else of.choose(random.permutation(len(of)))
            yield fresh.choose(drawn[:HELD_OUT]), window.choose(np.arange(size)), seed

    lines = [
        "| drift | " + " | ".join(f"{size} pictures" for size in SIZES) + " | by |",
        f"|---|{'---|' * len(SIZES)}---|",
    ]
    counted: dict[str, list[int]] = {}
    with ProcessPoolExecutor() as pool:
        for drift in ("", *AFTER, *BEFORE):
            moved = look(serving_python, sample_model, draw(base / drift, drift, 3, MOVED)) if drift else None
            number, named = TRIED if drift else WINDOWS, Counter[str]()
            found = [list(pool.map(drifted, windows(moved, size, number))) for size in SIZES]
            counted[drift] = [sum(map(bool, names)) for names in found]
            named.update(name for names in found for one in names for name in one)
            told = " | ".join(f"{alarms} of {number}" for alarms in counted[drift])
            by = ", ".join(name for name, _ in named.most_common(4))
            lines.append(f"| {drift or 'none: pictures of the same kind'} | {told} | {by} |")
            with capsys.disabled():
                print(lines[-1], flush=True)
    with capsys.disabled():
        print("\n" + "\n".join(lines))
    alarms = counted.pop("")
    assert sum(alarms) < RARE_ENOUGH * WINDOWS * len(SIZES)
    assert {drift: of for drift, of in counted.items() if of[-1] < SURE * TRIED} == {}


@pytest.mark.timeout(7200)
def test_ten_thousand_pictures_take_little_more_memory_than_one_thousand(
    sample_model: Path, serving_python: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of the whole job, with its page."""
    held_out, window = draw(tmp_path / "held", "", 4, 100), draw(tmp_path / "window", "", 5, 200)
    job = Job(serving_python, tmp_path / "judged")
    job.describe(list(CLASSES))
    shutil.copytree(held_out, job.inputs / "test" / "images")
    (job.inputs / "test" / "labels").mkdir()
    judge_alone(job, sample_model, tmp_path / "model")
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
