"""Which trainings are stopped because they have waited for spot capacity for too long."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.stub import Stubber

from lambdas.watch_training import handler as function
from lambdas.watch_training.waiting import has_waited
from tests.lambdas.conftest import ENVIRONMENT, Context

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
LIMITS = {"MaxRuntimeInSeconds": 86_400, "MaxWaitTimeInSeconds": 90_000}


def described(minutes: float, now: datetime = NOW, **more: Any) -> dict[str, Any]:
    """A training on spot capacity that was created so many minutes ago and may wait for an hour."""
    return {
        "TrainingJobName": "greenlight-one-train-0-0",
        "TrainingJobStatus": "InProgress",
        "EnableManagedSpotTraining": True,
        "StoppingCondition": LIMITS,
        "CreationTime": now - timedelta(minutes=minutes),
        "RoleArn": ENVIRONMENT["JOB_ROLE"],
        **more,
    }


@pytest.mark.parametrize(
    ("training", "too_long"),
    [
        pytest.param(described(61), True, id="longer than it may"),
        pytest.param(described(59), False, id="not that long yet"),
        pytest.param(described(300, TrainingStartTime=NOW), False, id="has an instance, or had one"),
        pytest.param(described(300, EnableManagedSpotTraining=False), False, id="on demand"),
        pytest.param(
            described(300, StoppingCondition={"MaxRuntimeInSeconds": 86_400}), False, id="without a longest wait"
        ),
        pytest.param(described(300, TrainingJobStatus="Stopping"), False, id="is stopped already"),
    ],
)
def test_only_a_training_that_never_ran_has_waited(training: dict[str, Any], too_long: bool) -> None:
    """What was trained so far is never thrown away."""
    assert has_waited(training, NOW) is too_long


def test_trainings_of_this_stack_are_stopped_and_no_others(context: Context) -> None:
    """A name that begins the same, or has the project's in the middle, may be another's."""
    now = datetime.now(UTC)
    listed = ["greenlight-one-train-0-0", "greenlight-two-train-0-0", "greenlight-other-train-0-0", "my-greenlight-x"]
    names = [{"TrainingJobName": name} for name in listed]
    summaries = [
        {**name, "TrainingJobArn": "arn", "CreationTime": now, "TrainingJobStatus": "InProgress"} for name in names
    ]
    answers = (described(61, now), described(5, now), described(61, now, RoleArn="arn:aws:iam::1:role/other"))
    with Stubber(function.sagemaker) as stub:
        asked = {"NameContains": "greenlight-", "StatusEquals": "InProgress"}
        stub.add_response("list_training_jobs", {"TrainingJobSummaries": summaries}, asked)
        for name, answer in zip(names, answers, strict=False):
            whole = {**answer, **name, "TrainingJobArn": "arn", "SecondaryStatus": "Starting"}
            stub.add_response(
                "describe_training_job", {**whole, "ModelArtifacts": {"S3ModelArtifacts": "s3://b/m"}}, name
            )
        stub.add_response("stop_training_job", {}, names[0])
        assert function.handler({}, context) == {"stopped": ["greenlight-one-train-0-0"]}
        stub.assert_no_pending_responses()
