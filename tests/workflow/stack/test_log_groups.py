"""How long the logs are kept that SageMaker makes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.workflow.cloud import Answer, ScriptedCloud
from workflow.errors import ServiceError
from workflow.stack.changes import Step
from workflow.stack.log_groups import AS_THEY_ARE, keep_logs

STAGING, PRODUCTION = "/aws/sagemaker/Endpoints/greenlight-staging", "/aws/sagemaker/Endpoints/greenlight-production"
JOBS = ["/aws/sagemaker/TrainingJobs", "/aws/sagemaker/ProcessingJobs", "/aws/sagemaker/TransformJobs"]


def kept(
    groups: Mapping[str, int | None], job_days: int = AS_THEY_ARE, created: Answer | None = None
) -> tuple[list[str], dict[str, int], list[str]]:
    """What was created, what was set, and what was told, where these groups are kept for so many days."""

    def describe(asked: dict[str, Any]) -> dict[str, Any]:
        names = [name for name in groups if name.startswith(asked["logGroupNamePrefix"])]
        return {
            "logGroups": [
                {"logGroupName": name, **({"retentionInDays": groups[name]} if groups[name] else {})} for name in names
            ]
        }

    answers: dict[str, Answer] = {"describe_log_groups": describe, "create_log_group": created or {}}
    cloud = ScriptedCloud({**answers, "put_retention_policy": {}})
    steps: list[Step] = []
    keep_logs(cloud, "greenlight", 90, job_days, steps.append)
    made = [asked["logGroupName"] for operation, asked in cloud.asked if operation == "create_log_group"]
    retained = {
        asked["logGroupName"]: asked["retentionInDays"]
        for operation, asked in cloud.asked
        if operation == "put_retention_policy"
    }
    return made, retained, [step.resource for step in steps]


def test_the_logs_of_endpoints_are_kept_as_long_as_the_stack_says() -> None:
    """Made before SageMaker makes them; one that it has made, and keeps for ever, is changed."""
    made, retained, told = kept({STAGING: None})
    assert made == [PRODUCTION]
    assert retained == {STAGING: 90, PRODUCTION: 90}
    assert told == [STAGING, PRODUCTION]


def test_a_second_deployment_changes_and_tells_nothing() -> None:
    """A project whose name begins alike has groups of its own."""
    assert kept({STAGING: 90, PRODUCTION: 90, f"{PRODUCTION}-2": None}) == ([], {}, [])


def test_the_logs_of_jobs_are_everybodys_and_left_alone_unless_somebody_asks() -> None:
    """One group for the whole account."""
    there = {STAGING: 90, PRODUCTION: 90, JOBS[0]: None}
    assert kept(there)[1] == {}
    made, retained, _ = kept(there, job_days=30)
    assert made == JOBS[1:]
    assert retained == dict.fromkeys(JOBS, 30)


def test_a_group_that_sagemaker_makes_at_this_moment_is_as_good() -> None:
    """Its days are set all the same."""
    assert kept({}, created=ServiceError("ResourceAlreadyExistsException", "there"))[1] == {STAGING: 90, PRODUCTION: 90}
