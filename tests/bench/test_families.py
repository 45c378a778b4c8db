"""What each family costs and finds: the smallest of each, trained alike on the sample and judged by the evaluation.

BENCH_EPOCHS and BENCH_SEEDS say how long and how often. The sample is small and drawn, and its networks begin
untrained: how long an epoch and a picture take says something of other data, which family finds most says little.
"""

from __future__ import annotations

import os
import shutil
import statistics
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.bench.training.workload import PICTURES, Workload, make_workload
from tests.containers.serving.evaluation.test_program import Job
from tests.containers.serving.tiny_onnx import archive_model
from tests.containers.training.jobs import read_json, run
from workflow.contract.architecture import FAMILIES, SIZES
from workflow.contract.scores import Metrics, ModelScore
from workflow.demo.sample import make_sample
from workflow.demo.sample.fasteners import CLASSES

pytestmark = [pytest.mark.bench, pytest.mark.training, pytest.mark.serving]

EPOCHS = int(os.environ.get("BENCH_EPOCHS", "30"))
SEEDS = int(os.environ.get("BENCH_SEEDS", "2"))
HELD_OUT = 64
FLOOR = 0.5
"""mAP50 that every family must reach in 30 epochs: far below what each does, far above what an untrained one does."""


@dataclass
class Tried:
    """What one family came to, a figure for each seed."""

    scores: list[ModelScore] = field(default_factory=list)
    epoch_seconds: list[float] = field(default_factory=list)

    @property
    def map50(self) -> float:
        """The median."""
        return statistics.median(score.map50 or 0.0 for score in self.scores)

    def line(self) -> str:
        """Its figures, with the widest intervals of the held-out pictures over all seeds."""
        told = []
        for name in ("map50", "map50_95"):
            drawn = [score.intervals[name] for score in self.scores]
            low, high = min(one.low for one in drawn), max(one.high for one in drawn)
            middle = statistics.median(getattr(score, name) for score in self.scores)
            told.append(f"{name} {middle:.3f} ({low:.3f}–{high:.3f})")
        picture = statistics.median(score.latency_p50_ms for score in self.scores)
        told += [f"epoch {statistics.median(self.epoch_seconds):.2f} s", f"picture {picture:.1f} ms"]
        return "  ".join([*told, f"{self.scores[0].model_bytes / 1e6:.1f} MB"])


@pytest.mark.timeout(7200)
def test_families_beside_one_another(
    training_python: Path, serving_python: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """In turns, so that what else the machine does meets all of them."""
    workload = make_workload(tmp_path)
    make_sample(tmp_path / "held out", train=0, validation=0, test=HELD_OUT)
    tried = {family + SIZES[0]: Tried() for family in FAMILIES}
    with capsys.disabled():
        print(f"\n{PICTURES} pictures, {EPOCHS} epochs, {SEEDS} seeds; judged by {HELD_OUT} pictures")
        for seed in range(SEEDS):
            for model in list(tried)[:: -1 if seed % 2 else 1]:
                attempt(training_python, serving_python, workload, tmp_path, seed, model, tried[model], print)
        for model, one in tried.items():
            print(f"{model}  {one.line()}")
    if EPOCHS >= 30:
        assert {model: one.map50 for model, one in tried.items() if one.map50 < FLOOR} == {}


def attempt(
    training: Path,
    serving: Path,
    workload: Workload,
    folder: Path,
    seed: int,
    model: str,
    tried: Tried,
    say: Callable[[str], None],
) -> None:
    """Train one network and evaluate it."""
    place = folder / f"{model} {seed}"
    given = {**workload.hyperparameters, "model": model, "seed": str(seed), "epochs": str(EPOCHS)}
    trained = Workload(workload.channel, given).job(place / "training")
    ran = run(training, trained)
    assert ran.returncode == 0, ran.stderr[-3000:]
    epochs = read_json(trained / "model/training.json")["epochs"]
    tried.epoch_seconds.append(statistics.median(epoch["seconds"] for epoch in epochs))
    tried.scores.append(evaluate(serving, place / "evaluation", trained / "model", folder / "held out").candidate)
    spent = sum(epoch["seconds"] for epoch in epochs)
    say(f"  {model}, seed {seed}: mAP50 {tried.scores[-1].map50:.3f}, {spent:.0f} s")


def evaluate(python: Path, base: Path, model: Path, held_out: Path) -> Metrics:
    """What the evaluation says of a model, as in every run."""
    job = Job(python, base)
    job.describe(list(CLASSES))
    for kind in ("images", "labels"):
        shutil.copytree(held_out / kind / "test", job.inputs / "test" / kind)
    (job.inputs / "candidate").mkdir()
    (model / "weights.pt").unlink()
    archive_model(model, job.inputs / "candidate" / "model.tar.gz")
    job.tell_champion(None)
    status, said = job.run()
    assert status == 0, said
    return job.metrics()
