"""The Drift machine: a window of production's pictures is held against what their model was judged by.

Nothing of production is changed, whatever is found; a drift is told, and starts a build where the plan says so. Pure:
makes no AWS call and needs no network.
"""

from __future__ import annotations

from typing import Any

from stepfunctions.steps import Chain
from stepfunctions.steps.choice_rule import ChoiceRule
from stepfunctions.steps.states import State

from workflow.contract.drift import NOTHING, RUN
from workflow.contract.failures import Failure
from workflow.machines import settings
from workflow.machines.endings import Endings
from workflow.machines.jobs import run_program
from workflow.machines.kinds import begin, call_function, plan_the_execution, render_machine
from workflow.machines.quotas import NO_QUOTA
from workflow.machines.states import Choice, LambdaStep, ProcessingStep, Succeed

WATCH_DRIFT = "${WatchDriftArn}"


def machine() -> dict[str, Any]:
    """The Drift machine in the States Language."""
    endings = Endings("drift")
    refused = endings.way_out("The watch was refused", at="Plan the watch", error=Failure.DRIFT_REFUSED)
    failed = endings.way_out("The watch failed", at="Look for drift", error=Failure.DRIFT_FAILED)
    untold = endings.way_out("The drift was not told", at="Tell everyone", error=Failure.DRIFT_UNTOLD)
    plan = plan_the_execution("Plan the watch", WATCH_DRIFT, refused, also=NO_QUOTA)
    look = look_for_drift(failed)
    read = ask("Read what was found", "found", ("judged", "drifted", "line"), "found", failed)
    build = ask("Start a build", "build", ("execution",), "build", untold)
    too_few, drifted, like = Succeed("Too few pictures"), Succeed("Drifted"), Succeed("No drift")
    tell, tell_of_build = tell_everyone("Tell everyone", untold), tell_everyone("Tell of drift and build", untold)
    plan.next(
        choose("Enough pictures?", [(ChoiceRule.BooleanEquals(variable="$.plan.enough", value=True), look)], too_few)
    )
    consequence = choose(
        "What follows?",
        [
            (ChoiceRule.StringEquals(variable="$.plan.on_drift", value=NOTHING), drifted),
            (ChoiceRule.StringEquals(variable="$.plan.on_drift", value=RUN), build),
        ],
        tell,
    )
    verdict = choose(
        "Drifted?",
        [
            (ChoiceRule.BooleanEquals(variable="$.found.judged", value=False), too_few),
            (ChoiceRule.BooleanEquals(variable="$.found.drifted", value=True), consequence),
        ],
        like,
    )
    Chain([look, read, verdict])
    Chain([build, tell_of_build, drifted])
    tell.next(drifted)
    return render_machine(
        begin(plan),
        comment='Greenlight: has what production is asked drifted? Start with {} or {"window_hours": 24}.',
        timeout_seconds=settings.DRIFT_SECONDS,
    )


def look_for_drift(failed: State) -> ProcessingStep:
    """See the window with the model that serves, on the image that it was judged with, and compare."""
    step = run_program(
        "Look for drift",
        settings.SERVING_IMAGE,
        "drift",
        inputs={"archive": "$.plan.uris.archive", "reference": "$.plan.uris.reference", "window": "$.plan.uris.window"},
        outputs={"drift": "$.plan.uris.found"},
        environment={
            "RUN.$": "$.plan.run",
            "MODEL_VERSION.$": "States.Format('{}', $.plan.package_version)",
            "SINCE.$": "$.plan.since",
            "UNTIL.$": "$.plan.until",
            "ARCHIVE_DIGEST.$": "$.plan.archive_digest",
            "REFERENCE_DIGEST.$": "$.plan.reference_digest",
        },
        failed=failed,
    )
    step.merge_parameters(
        {
            # Of the version, not the stack's: another library may see other features in the same picture.
            "AppSpecification": {"ImageUri.$": "$.plan.image"},
            "ProcessingInputs": {"window": {"S3Input": {"S3DataType": "ManifestFile"}}},
            "ProcessingResources": {"ClusterConfig.$": "$.plan.cluster"},
        }
    )
    return step


def ask(name: str, wanted: str, keep: tuple[str, ...], at: str, failed: State) -> LambdaStep:
    """Ask the function of the watch what it makes of the plan."""
    return call_function(name, WATCH_DRIFT, {"plan.$": "$.plan", "wanted": wanted}, failed, keep=keep, at=at)


def tell_everyone(name: str, failed: State) -> LambdaStep:
    """Mail what drifted, and where it can be looked at."""
    return call_function(
        name,
        "${NotifyArn}",
        {
            "kind": "drifted",
            "plan.$": "$.plan",
            "found.$": "$.found",
            "run.$": "$$.Execution.Name",
            "execution.$": "$$.Execution.Id",
        },
        failed,
        keep=("cause",),
        at="told",
    )


def choose(name: str, choices: list[tuple[Any, State]], otherwise: State) -> Choice:
    """Go on by the first rule that holds."""
    choice = Choice(name)
    for rule, then in choices:
        choice.add_choice(rule, then)
    choice.default_choice(otherwise)
    return choice
