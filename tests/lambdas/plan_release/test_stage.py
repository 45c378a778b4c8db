"""A stage is brought up as a release that runs has asked for it, and by nobody else."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from lambdas.plan_release import asked
from lambdas.plan_release import handler as function
from lambdas.plan_release.action import PlanningAStage, read_action
from lambdas.plan_release.asked import check_asked
from lambdas.plan_release.package import RefusalError
from lambdas.plan_release.plan import Endpoint, LeavingError, OvertakenError
from lambdas.plan_release.stage import MovesError, StageInput, check_ready, draw_stage
from tests.lambdas.conftest import Context
from tests.workflow.contract.released import PLAN
from workflow.contract.deployment import LONGEST_SECONDS, at_once, watched
from workflow.contract.execution import Execution
from workflow.contract.release_plan import Asynchronous, PlannedKinds, PreviousVersion, ReleasePlan
from workflow.contract.serverless import SERVERLESS

HERE = "arn:aws:states:us-east-1:123456789012"
NAME = f"{PLAN['production_configuration']}-0-0"
EXECUTION = Execution(f"{HERE}:execution:greenlight-stage:{NAME}", NAME)
RELEASE = replace(
    ReleasePlan.parse(PLAN),
    variant={"InstanceType": "ml.m5.large", "InitialInstanceCount": 1},
    production_variant={"InstanceType": "ml.m5.xlarge", "InitialInstanceCount": 1},
    kinds=PlannedKinds("realtime", "realtime", keeps_instances=True),
    serving={"serve": "realtime"},
    serverless_environment={"GREENLIGHT_WORKERS": "1"},
    previous=PreviousVersion(
        "c" * 64, "s3://bucket/runs/before/evaluation/", only_the_digest=True, smoke_digest="6" * 64
    ),
)
GIVEN = {"stage": "production", "release": RELEASE.document()}
"""What the execution is started with."""
STARTED = {"StateMachineArn": f"{HERE}:stateMachine:greenlight-stage", "Name": NAME, "Input": GIVEN}


def scheduled(**changes: Any) -> list[dict[str, Any]]:
    """The newest events of a release that waits for a stage, but for what the call said."""
    called = {"type": "TaskScheduled", "taskScheduledEventDetails": {"parameters": json.dumps({**STARTED, **changes})}}
    return [{"type": "TaskSubmitted"}, {"type": "TaskStarted"}, called, {"type": "TaskStateEntered"}]


class Releases:
    """The executions of the Release machine, as Step Functions tells of them."""

    class exceptions:
        """None of these is raised here."""

        ExecutionDoesNotExist = InvalidArn = KeyError

    def __init__(self, newest: list[dict[str, Any]], status: str = "RUNNING") -> None:
        """One release with these newest events."""
        self.newest, self.status = newest, status

    def describe_execution(self, **_: str) -> dict[str, str]:
        """Whether it runs."""
        return {"status": self.status}

    def get_execution_history(self, **_: Any) -> dict[str, Any]:
        """Its newest events."""
        return {"events": self.newest}


def test_what_a_release_has_asked_for_is_planned() -> None:
    """By the call that it waits for, whose input a service may have written as text."""
    check_asked(EXECUTION, GIVEN, RELEASE.execution_arn, scheduled())
    check_asked(EXECUTION, GIVEN, RELEASE.execution_arn, scheduled(Input=json.dumps(GIVEN)))


@pytest.mark.parametrize(
    "newest",
    [
        [],
        scheduled(Name="another"),
        scheduled(StateMachineArn=f"{HERE}:stateMachine:greenlight-challenge"),
        scheduled(Input={**GIVEN, "stage": "staging"}),
        scheduled(Input={**GIVEN, "release": {**RELEASE.document(), "model_data_url": "s3://bucket/another"}}),
        [{"type": "TaskScheduled", "taskScheduledEventDetails": {"parameters": "no JSON"}}],
    ],
)
def test_nobody_else_brings_anything_up(newest: list[dict[str, Any]]) -> None:
    """Whoever may start executions may name any release that runs, and any archive."""
    with pytest.raises(RefusalError, match="has not asked for this"):
        check_asked(EXECUTION, GIVEN, RELEASE.execution_arn, newest)


def test_an_execution_of_another_machine_asks_for_nothing() -> None:
    """One that somebody made shows whatever call they like."""
    other = f"{HERE}:execution:another-release:go"
    with pytest.raises(RefusalError, match="no release of this project"):
        check_asked(EXECUTION, GIVEN, other, scheduled())


def test_an_execution_that_no_release_waits_for_is_refused(monkeypatch: pytest.MonkeyPatch, context: Context) -> None:
    """One that has ended, and one that asks for something else, a few looks later."""
    monkeypatch.setattr(asked, "PAUSE_SECONDS", 0)
    event = {"machine": "stage", "input": GIVEN, "execution": {"id": EXECUTION.id, "name": EXECUTION.name}}
    for releases in (Releases(scheduled(), "FAILED"), Releases(scheduled(Name="another"))):
        monkeypatch.setattr(function, "stepfunctions", releases)
        with pytest.raises(function.ReleaseRefused, match=r"does not run|has not asked"):
            function.handler(event, context)


def planned(monkeypatch: pytest.MonkeyPatch, given: dict[str, Any], endpoint: Endpoint | None, confirmed: Any) -> Any:
    """What the function answers, with an endpoint as it is and a confirmation that does something."""
    monkeypatch.setattr(function, "stepfunctions", Releases(scheduled(Input=given)))
    monkeypatch.setattr(function, "find_endpoint", lambda *_: endpoint)
    monkeypatch.setattr(function, "confirm", confirmed)
    event = {"machine": "stage", "input": given, "execution": {"id": EXECUTION.id, "name": EXECUTION.name}}
    action = read_action(event, {})
    assert isinstance(action, PlanningAStage)
    assert action.asked == given
    return function.handler(event, Context())


def fail(error: Exception) -> Any:
    """A confirmation that fails."""

    def confirm(_: ReleasePlan) -> None:
        raise error

    return confirm


PRODUCTION = Endpoint("greenlight-production", "InService", "greenlight-production-v3-00000000", instances=3)
BROKEN = ClientError({"Error": {"Code": "ThrottlingException"}}, "PutItem")


def test_production_moves_with_what_it_has_at_that_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Confirmed once more: a release that was overtaken while it was stopped changes nothing."""
    plan = planned(monkeypatch, GIVEN, PRODUCTION, lambda _: None)
    assert plan["variant"] == {"InstanceType": "ml.m5.xlarge", "InitialInstanceCount": 3}
    assert plan["deployment"] == watched(RELEASE.production_configuration, 3)
    assert (plan["watched"], plan["retained"], plan["exists"], plan["back"]) == (True, True, True, False)
    assert plan["configuration"] == f"{RELEASE.production_configuration}-00"
    assert plan["model_name"] == f"{RELEASE.model_name}-200"
    with pytest.raises(function.ReleaseOvertaken):
        planned(monkeypatch, GIVEN, PRODUCTION, fail(OvertakenError("version 5")))


def test_the_way_back_waits_for_nobody_but_another_release(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nobody can tell whose production is, it is this release's; the way forward does without."""
    back = {**GIVEN, "back": True}
    plan = planned(monkeypatch, back, replace(PRODUCTION, status="UpdateRollbackFailed"), fail(BROKEN))
    assert (plan["configuration"], plan["deployment"]) == (RELEASE.previous_configuration, at_once())
    assert (plan["back"], plan["watched"], plan["retained"]) == (True, False, True)
    assert plan["smoke"]["model_digest"] == "c" * 64
    with pytest.raises(function.ReleaseOvertaken):
        planned(monkeypatch, back, PRODUCTION, fail(OvertakenError("version 5")))
    with pytest.raises(ClientError):
        planned(monkeypatch, GIVEN, PRODUCTION, fail(BROKEN))


def test_an_endpoint_on_its_way_elsewhere_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """A release that was stopped meanwhile has left it so; SageMaker takes no update until that has ended."""
    with pytest.raises(function.EndpointMoves, match="greenlight-production is Updating"):
        planned(monkeypatch, GIVEN, replace(PRODUCTION, status="Updating"), lambda _: None)


@pytest.mark.parametrize(
    ("status", "forward", "back"),
    [
        ("InService", None, None),
        ("Creating", MovesError, MovesError),
        ("RollingBack", MovesError, MovesError),
        ("Deleting", LeavingError, None),
        ("Failed", RefusalError, None),
    ],
)
def test_the_way_back_is_tried_whatever_the_endpoint_is(
    status: str, forward: type[Exception] | None, back: type[Exception] | None
) -> None:
    """And the way forward is not; both wait for one that moves."""
    for goes_back, error in ((False, forward), (True, back)):
        endpoint = replace(PRODUCTION, status=status)
        if error is None:
            check_ready(endpoint, back=goes_back)
            continue
        with pytest.raises(error):
            check_ready(endpoint, back=goes_back)
    check_ready(None, back=False)


def test_staging_is_updated_at_once_and_unwatched_for_as_long_as_it_is_looked_at() -> None:
    """By its own variant, with its own names; a stage that answers out of a queue says where to."""
    queued = replace(RELEASE, asynchronous=Asynchronous(staging={"OutputConfig": {}}))
    plan = draw_stage(StageInput("staging", queued), "00", exists=False)
    assert (plan.endpoint, plan.configuration) == (RELEASE.staging_endpoint, f"{RELEASE.staging_configuration}-00")
    assert (plan.variant, plan.watched, plan.retained) == (RELEASE.variant, False, False)
    assert plan.deployment["BlueGreenUpdatePolicy"]["MaximumExecutionTimeoutInSeconds"] == 3600 > LONGEST_SECONDS
    assert (plan.asynchronous, plan.capture) == ({"OutputConfig": {}}, None)
    assert plan.number == 0
    assert draw_stage(StageInput("production", queued, back=True), "", exists=True).asynchronous is None


def test_a_stage_without_instances_has_the_variables_of_one() -> None:
    """One worker answers there."""
    alone = replace(RELEASE, kinds=PlannedKinds("realtime", SERVERLESS, keeps_instances=False))
    assert draw_stage(StageInput("production", alone, back=True), "", exists=True).environment == {
        "GREENLIGHT_WORKERS": "1"
    }
    assert draw_stage(StageInput("staging", alone), "00", exists=True).environment == RELEASE.environment
