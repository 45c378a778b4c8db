"""The Stage machine: a model behind the endpoint of one stage, until it is seen that the endpoint answers rightly.

A part of a release, which starts it for staging, for production, and once more where production goes back. It does what
a release that runs has asked for, and nothing else. Nobody is told of its end: the release is, and says what it means.
Pure: makes no AWS call and needs no network.
"""

from __future__ import annotations

from typing import Any

from stepfunctions.steps import Chain
from stepfunctions.steps.choice_rule import ChoiceRule
from stepfunctions.steps.states import State

from workflow.contract.failures import RELEASE_OVERTAKEN_BY_FUNCTION, Failure, StateError
from workflow.machines import settings
from workflow.machines.components import NOT_LOOKED, is_shared, serve_on_shared
from workflow.machines.endings import WAITED_FOR, Endings
from workflow.machines.endpoints import (
    create_configuration,
    create_endpoint,
    create_model,
    next_name,
    smoke_test,
    update_endpoint,
    wait_until_ready,
)
from workflow.machines.kinds import begin, on_error, plan_the_execution, raise_error, render_machine
from workflow.machines.quotas import NO_QUOTA, a_quota_is_in_use, again_after_quota
from workflow.machines.retries import QUOTA, retry_moving, retry_planning
from workflow.machines.serverless import create_serverless_model, is_serverless
from workflow.machines.states import Choice, EndpointConfigStep, Succeed
from workflow.machines.watching import is_watched, probe, put_alarms, remove_alarms

CONFIGURED = "$.configuration.name"


def machine() -> dict[str, Any]:
    """The Stage machine in the States Language."""
    endings = Endings("stage", tail="Put it in words")
    refused = endings.way_out(
        "The stage was refused", at="Plan the stage", error=Failure.STAGE_REFUSED, kind=WAITED_FOR
    )
    overtaken = endings.way_out(
        "The release was overtaken", at="Plan the stage", error=Failure.RELEASE_OVERTAKEN, kind=WAITED_FOR
    )
    failed = endings.way_out("The endpoint failed", at="Bring it up", error=Failure.STAGE_FAILED, kind=WAITED_FOR)
    untrue = endings.way_out(
        "The smoke test failed", at="Smoke-test the endpoint", error=Failure.SMOKE_TEST_FAILED, kind=WAITED_FOR
    )
    watched = Choice("Was it watched?")
    watched.add_choice(is_watched(), remove_alarms("Remove the failed release's alarms", failed))
    watched.default_choice(failed)

    plan = plan_the_execution(
        "Plan the stage",
        "${PlanReleaseArn}",
        refused,
        also={
            "looked": {"looks": 0},
            # On the way back nothing is made: the plan names what was there.
            "model": {"name.$": "$.Payload.configuration", "variant": {}},
            "configuration": {"name.$": "$.Payload.configuration", **NOT_LOOKED},
            **NO_QUOTA,
        },
        retry=[*retry_planning(), *retry_moving()],
        given={"machine": "stage"},
    )
    plan.catches.insert(0, on_error(overtaken, (RELEASE_OVERTAKEN_BY_FUNCTION,)))
    test = smoke_test(untrue)
    shared = serve_on_shared(ready=test, failed=failed)
    endpoint = bring_up(ready=test, failed=watched)
    configured = configure(shared=shared, then=endpoint, failed=failed)
    serverless, model = create_serverless_model(failed), create_model(failed, next_name("$.plan.model_name"))
    serverless.next(configured)
    model.next(configured)
    serves = Choice("What is to serve?")
    goes_back = ChoiceRule.BooleanEquals(variable="$.plan.back", value=True)
    serves.add_choice(ChoiceRule.And([goes_back, is_shared()]), shared)
    serves.add_choice(goes_back, endpoint)
    serves.add_choice(is_serverless(), serverless)
    serves.default_choice(model)
    Chain([plan, serves])
    test.next(Succeed("It answers"))
    return render_machine(
        begin(plan),
        comment="Greenlight: a model behind the endpoint of one stage. The release machine starts it.",
        timeout_seconds=settings.STAGE_SECONDS,
    )


def configure(*, shared: State, then: State, failed: State) -> Choice:
    """Create the endpoint configuration, as the stage serves; a ``shared`` endpoint has none of the project's."""
    usual = create_configuration("Create the configuration", failed)
    queued = create_configuration("Create the asynchronous configuration", failed)
    queued.merge_parameters({"AsyncInferenceConfig.$": "$.plan.asynchronous"})
    captured = create_configuration("Create the captured configuration", failed)
    captured.merge_parameters({"DataCaptureConfig.$": "$.plan.capture"})
    serves = Choice("How does it serve?")
    serves.add_choice(is_shared(), shared)
    ways: list[tuple[str, EndpointConfigStep]] = [("asynchronous", queued), ("capture", captured)]
    for part, step in ways:
        serves.add_choice(ChoiceRule.IsPresent(variable=f"$.plan.{part}", value=True), step)
    serves.default_choice(usual)
    for step in (usual, queued, captured):
        step.next(then)
    return serves


def bring_up(*, ready: State, failed: State) -> Choice:
    """Create or update the endpoint, and look at it until it serves the configuration.

    A new fleet that is watched has alarms and is asked between two looks; the alarms go with the deployment, whichever
    way it ends. An execution that was stopped before and is redriven changes nothing: a release has long gone on
    without it, or starts another.
    """
    update, create = update_endpoint(failed), create_endpoint(failed)
    there = Choice("Is the endpoint there?")
    there.add_choice(
        ChoiceRule.NumericGreaterThan(variable="$$.Execution.RedriveCount", value=0),
        raise_error(
            "Say that a release starts it anew",
            StateError.REDRIVEN,
            "no release waits for this any more: redrive the release, which brings the stage up anew, or start another",
            failed,
        ),
    )
    used = Choice("Is the quota for the endpoint in use?")
    used.add_choice(a_quota_is_in_use(), again_after_quota(there, "the endpoint"))
    used.default_choice(failed)
    for step in (update, create):
        step.catches.insert(0, on_error(used, (QUOTA,)))
    there.add_choice(is_watched(), put_alarms(failed, update))
    there.add_choice(ChoiceRule.BooleanEquals(variable="$.plan.exists", value=True), update)
    there.default_choice(create)
    served = Choice("Were there alarms?")
    served.add_choice(is_watched(), remove_alarms("Remove the alarms", ready))
    served.default_choice(ready)
    wait, looks = wait_until_ready(
        "the endpoint", {"EndpointName.$": "$.plan.endpoint"}, CONFIGURED, at="looked", ready=served, failed=failed
    )
    looks.add_choice(is_watched(), probe(wait))
    update.next(wait)
    create.next(wait)
    return there
