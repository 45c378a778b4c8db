"""Has the evaluation judge a model for a bench, as a run's job does."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.containers.serving.evaluation.test_program import Job
from tests.containers.serving.tiny_onnx import archive_model


def judge_alone(job: Job, model: Path, lean: Path) -> None:
    """Run the job on a model, which is copied to ``lean`` without its weights, beside no champion.

    Raises RuntimeError with what the job said where it failed.
    """
    (job.inputs / "candidate").mkdir()
    shutil.copytree(model, lean, ignore=shutil.ignore_patterns("weights.pt"))
    archive_model(lean, job.inputs / "candidate" / "model.tar.gz")
    job.tell_champion(None)
    status, said = job.run()
    if status:
        raise RuntimeError(said)
