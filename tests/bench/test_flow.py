"""What the flow itself costs beside the work of its jobs: whole executions with images that do next to nothing."""

from __future__ import annotations

import statistics
import time
from pathlib import Path
from typing import Any

import pytest

from tests.flow.conftest import deployed
from tests.flow.driver import Flow

pytestmark = pytest.mark.bench
RUNS = 5


def job_seconds(flow: Flow, run: str) -> float:
    """Seconds that the jobs of one run took, from their start to their end."""

    def spent(described: dict[str, Any], start: str, end: str) -> float:
        return float((described[end] - described[start]).total_seconds())

    processing = flow.sagemaker.list_processing_jobs(NameContains=run)["ProcessingJobSummaries"]
    training = flow.sagemaker.list_training_jobs(NameContains=run)["TrainingJobSummaries"]
    return sum(
        spent(
            flow.sagemaker.describe_processing_job(ProcessingJobName=job["ProcessingJobName"]),
            "ProcessingStartTime",
            "ProcessingEndTime",
        )
        for job in processing
    ) + sum(
        spent(
            flow.sagemaker.describe_training_job(TrainingJobName=job["TrainingJobName"]),
            "TrainingStartTime",
            "TrainingEndTime",
        )
        for job in training
    )


def test_the_flow_costs_little_beside_its_jobs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """From start to production, approval answered at once: the flow's seconds beside one minute of training."""
    with deployed(tmp_path / "state") as flow:
        cold, warm = 0.0, []
        for number in range(RUNS):
            started = time.monotonic()
            ended = flow.build(flow.upload())
            seconds = time.monotonic() - started
            assert ended.status == "SUCCEEDED", ended.cause
            overhead = seconds - job_seconds(flow, ended.arn.rsplit(":", 1)[-1])
            if number:
                warm.append(overhead)
            else:
                cold = overhead
    usual = statistics.median(warm)
    with capsys.disabled():
        print("\n| start of the functions | seconds of the flow | ratio to one minute of training |\n|---|---|---|")
        print(
            f"| cold | {cold:.1f} | {cold / 60:.2f} |\n| warm, median of {len(warm)} | {usual:.1f} | {usual / 60:.2f} |"
        )
    assert cold < 20
