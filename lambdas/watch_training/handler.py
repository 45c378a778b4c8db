"""The edge of watching trainings: stops each that has waited for spot capacity for as long as it may.

A schedule calls it. The machine that waits for the job then tries the next instance. Only jobs of the stack's own role
are looked at: another project's name may begin like this one's.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import boto3
from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from lambdas.watch_training.waiting import has_waited


@dataclass(frozen=True)
class Environment:
    """The function's settings."""

    project: str
    job_role: str

    @staticmethod
    def read(environ: Mapping[str, str]) -> Environment:
        """Read the settings from environment variables."""
        return Environment(environ["PROJECT"], environ["JOB_ROLE"])


environment = Environment.read(os.environ)
logger = Logger()
tracer = Tracer()
metrics = Metrics()
sagemaker = boto3.client("sagemaker")


@metrics.log_metrics
@tracer.capture_lambda_handler
@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Return the names of the trainings that were stopped."""
    metrics.add_metric(name="TrainingsWatched", unit=MetricUnit.Count, value=1)
    now = datetime.now(UTC)
    stopped = [name for name, described in find_running() if has_waited(described, now)]
    for name in stopped:
        sagemaker.stop_training_job(TrainingJobName=name)
        logger.info("stopped, as it waited for spot capacity", training=name)
    return {"stopped": stopped}


def find_running() -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The stack's trainings that are not over, each with its description."""
    pages = sagemaker.get_paginator("list_training_jobs").paginate(
        NameContains=f"{environment.project}-", StatusEquals="InProgress"
    )
    for page in pages:
        for summary in page["TrainingJobSummaries"]:
            name = summary["TrainingJobName"]
            # Another project's may be named in the middle, and this function may not look at it.
            if name.startswith(f"{environment.project}-"):
                described = sagemaker.describe_training_job(TrainingJobName=name)
                if described.get("RoleArn") == environment.job_role:
                    yield name, described
