"""What is looked at before a run, and what is told of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.stand_in import StandIn
from tests.workflow.cloud import Answer, ScriptedCloud
from workflow.clients import AwsCloud
from workflow.commands.cli import run
from workflow.errors import ServiceError, UsageError
from workflow.stack.changes import Step
from workflow.stack.deploy import deploy
from workflow.stack.doctor import OK, PROBLEM, UNKNOWN, Finding, examine
from workflow.stack.quotas import check_quotas

SPOT = "ml.g5.xlarge for spot training job usage"
DEMAND = "ml.g5.xlarge for training job usage"
ENDPOINT = "ml.c7i.xlarge for endpoint usage"


@pytest.fixture(scope="module")
def stand_in(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandIn]:
    """An account with no training on ml.g5 and two instances for endpoints."""
    options = ("--quota", f"{SPOT}=0", "--quota", f"{DEMAND}=0", "--quota", f"{ENDPOINT}=2")
    with (
        StandIn(tmp_path_factory.mktemp("state"), options=options) as running,
        pytest.MonkeyPatch.context() as environment,
    ):
        for name, value in running.environment().items():
            environment.setenv(name, value)
        yield running


def by_name(findings: Iterator[Finding]) -> dict[str, Finding]:
    """The findings by what they are about."""
    return {one.what: one for one in findings}


def test_an_account_is_looked_at_before_and_after_its_stack_is_made(
    stand_in: StandIn, root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Quotas are told as they will be used, with the second fleet of a release; a problem says what to type."""
    before = by_name(examine(AwsCloud(), "ready", {}))
    assert before["credentials"].state == OK
    assert (before["stack"].state, before["stack"].then) == (PROBLEM, "greenlight deploy --project ready --email …")
    assert before[f"quota {SPOT}"].state == PROBLEM
    assert "--quota-code L-" in before[f"quota {SPOT}"].then
    assert "is 2, and 3 needed" in before[f"quota {ENDPOINT}"].said

    told: list[Step] = []
    deploy("ready", email="ada@example.com", on_progress=told.append, root=root)
    assert sorted(step.reason.partition("'")[2].partition("'")[0] for step in told if step.resource == "quota") == [
        ENDPOINT,
        SPOT,
        DEMAND,
    ]
    with pytest.raises(UsageError, match=r"endpoint_instance = ml\.c7i\.xlarge: .*training_instance = ml\.g5\.xlarge"):
        check_quotas(AwsCloud(), "ready", {})

    small = {"spot": False, "training_instance": "ml.c7i.xlarge", "endpoint_instance": "ml.c7i.large"}
    after = by_name(examine(AwsCloud(), "ready", small))
    assert {one.state for one in after.values()} == {OK}
    assert check_quotas(AwsCloud(), "ready", small) == ""
    words = [word for key, value in small.items() for word in ("--set", f"{key}={str(value).lower()}")]
    assert run(["doctor", "--project", "ready", *words]) == 0
    assert run(["doctor", "--project", "ready", "--json"]) == 1
    assert '"state": "problem"' in capsys.readouterr().out


STACK: dict[str, Any] = {
    "StackStatus": "UPDATE_COMPLETE",
    "StackId": "arn:aws:cloudformation:us-east-1:1:stack/greenlight/1",
    "Parameters": [
        {
            "ParameterKey": "TrainingImage",
            "ParameterValue": "1.dkr.ecr.us-east-1.amazonaws.com/greenlight-training@sha256:0",
        },
        {"ParameterKey": "ServingImage", "ParameterValue": "elsewhere/serving:1"},
        {"ParameterKey": "ApprovalConcurrency", "ParameterValue": "0"},
    ],
    "Outputs": [
        {"OutputKey": name, "OutputValue": "any"}
        for name in (
            *("Bucket", "Table", "TopicArn", "BuildMachineArn", "ReleaseMachineArn", "PackageGroup", "ApprovalUrl"),
            *("DecideUrl", "StagingEndpoint", "ProductionEndpoint", "TrainingRepository", "ServingRepository"),
        )
    ],
}
ANSWERS: dict[str, Answer] = {
    "get_caller_identity": {"Account": "1", "Arn": "arn:aws:iam::1:user/ada"},
    "describe_stacks": {"Stacks": [STACK]},
    "get_account_settings": {"AccountLimit": {"UnreservedConcurrentExecutions": 10}},
    "describe_endpoint": ServiceError("ValidationException", "no such endpoint"),
    "list_service_quotas": ServiceError("AccessDeniedException", "not authorized"),
    "list_objects_v2": {},
    "describe_images": ServiceError("ImageNotFoundException", "no such image"),
    "get_topic_attributes": {"Attributes": {"SubscriptionsConfirmed": "0", "SubscriptionsPending": "1"}},
}


def test_what_is_not_well_says_what_to_type_and_what_may_not_be_looked_at_is_no_problem(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An image that is gone, a mail nobody confirmed; a role that may not ask for quotas is told so."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    found = by_name(examine(ScriptedCloud(ANSWERS, local=False), "greenlight", {}))
    states = {what: one.state for what, one in found.items()}
    assert states == {
        "credentials": OK,
        "Lambda's limit": OK,
        "approval page": OK,
        "registry": OK,
        "quotas": UNKNOWN,
        "stack": OK,
        "bucket": OK,
        "TrainingImage": PROBLEM,
        "ServingImage": UNKNOWN,
        "mail": PROBLEM,
    }
    assert "greenlight deploy" in found["TrainingImage"].then
    assert "not authorized" in found["quotas"].said
    assert "L-B99A9384" in found["Lambda's limit"].said
    assert check_quotas(ScriptedCloud(ANSWERS), "greenlight", {}) != ""


def test_trouble_that_reaches_nobody_is_a_problem_also_where_nobody_has_to_be_asked_by_mail(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whoever watches the registry for what waits is told of no alarm there."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    outputs = [*STACK["Outputs"], {"OutputKey": "TroubleTopicArn", "OutputValue": "trouble"}]
    allowing = [*STACK["Parameters"], {"ParameterKey": "AskWithoutMail", "ParameterValue": "allow"}]
    counts = {"any": ("0", "0"), "trouble": ("0", "0")}

    def attributes(asked: dict[str, Any]) -> dict[str, Any]:
        confirmed, pending = counts[asked["TopicArn"]]
        return {"Attributes": {"SubscriptionsConfirmed": confirmed, "SubscriptionsPending": pending}}

    stack = {**STACK, "Outputs": outputs, "Parameters": allowing}
    cloud = ScriptedCloud(
        {**ANSWERS, "describe_stacks": {"Stacks": [stack]}, "get_topic_attributes": attributes}, local=False
    )
    found = by_name(examine(cloud, "greenlight", {}))
    assert (found["mail"].state, found["mail of trouble"].state) == (OK, PROBLEM)
    assert "TroubleTopicArn" in found["mail of trouble"].then
    counts["trouble"] = ("0", "1")
    assert "has mailed" in by_name(examine(cloud, "greenlight", {}))["mail of trouble"].then
    counts["trouble"] = ("1", "0")
    assert by_name(examine(cloud, "greenlight", {}))["mail of trouble"].state == OK


def test_without_credentials_nothing_else_is_looked_at() -> None:
    """The one problem comes first, alone."""
    refused = ScriptedCloud({"get_caller_identity": UsageError("no AWS credentials were found.")})
    (only,) = examine(refused, "greenlight", {})
    assert replace(only, then="") == Finding("credentials", PROBLEM, "no AWS credentials were found.")
