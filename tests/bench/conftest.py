"""A detector of the sample, as a training job leaves it: what several measurements begin with."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.bench.training.workload import Workload, make_workload
from tests.containers.training.jobs import run


@pytest.fixture(scope="session")
def sample_training(tmp_path_factory: pytest.TempPathFactory) -> Workload:
    """The pictures of the sample that it learns from, and its settings."""
    return make_workload(tmp_path_factory.mktemp("sample"))


@pytest.fixture(scope="session")
def sample_model(training_python: Path, sample_training: Workload, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the job leaves: ``model.onnx``, ``weights.pt`` and their documents. BENCH_MODEL names what one has left."""
    named = os.environ.get("BENCH_MODEL")
    if named:
        return Path(named)
    trained = sample_training.job(tmp_path_factory.mktemp("training") / "job")
    ran = run(training_python, trained)
    assert ran.returncode == 0, ran.stderr[-3000:]
    return trained / "model"
