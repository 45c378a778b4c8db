"""A stage is brought up as its release has planned it, once its endpoint takes an update."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from lambdas.plan_release import handler as function
from lambdas.plan_release.action import PlanningAStage, read_action
from lambdas.plan_release.package import RefusalError
from lambdas.plan_release.plan import Endpoint, LeavingError, OvertakenError
from lambdas.plan_release.stage import MovesError, StageInput, check_ready, draw_stage
from tests.lambdas.conftest import Context
from tests.lambdas.plan_release.releases import EXECUTION, GIVEN, RELEASE, Releases, scheduled
from workflow.contract.deployment import LONGEST_SECONDS, at_once, watched
from workflow.contract.release_plan import Asynchronous, PlannedKinds, ReleasePlan
from workflow.contract.serverless import SERVERLESS
from workflow.contract.stage_accounts import STAGES


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
    """Confirmed once more: a release that was overtaken while it was stopped changes nothing, on staging neither."""
    plan = planned(monkeypatch, GIVEN, PRODUCTION, lambda _: None)
    assert plan["variant"] == {"InstanceType": "ml.m5.xlarge", "InitialInstanceCount": 3}
    assert plan["deployment"] == watched(RELEASE.production_configuration, 3)
    assert (plan["watched"], plan["retained"], plan["exists"], plan["back"]) == (True, True, True, False)
    assert plan["configuration"] == f"{RELEASE.production_configuration}-00"
    assert plan["model_name"] == f"{RELEASE.model_name}-200"
    for stage in STAGES:
        with pytest.raises(function.ReleaseOvertaken):
            planned(monkeypatch, {**GIVEN, "stage": stage}, PRODUCTION, fail(OvertakenError("version 5")))


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
