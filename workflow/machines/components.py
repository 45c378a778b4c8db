"""The states that bring a model onto an endpoint which several projects share, as production's inference component.

A function does what is next each time, for another project may make the endpoint meanwhile: the machine asks until the
component serves the wanted model. Knows no order of stages and makes no AWS call.
"""

from __future__ import annotations

from stepfunctions.steps import Chain
from stepfunctions.steps.choice_rule import ChoiceRule, Rule
from stepfunctions.steps.states import State

from workflow.machines import settings
from workflow.machines.kinds import call_function
from workflow.machines.states import Choice, LambdaStep, Parameters, Wait

NOT_LOOKED = {"looks": 0, "begun": False}
"""What is known of a component before the first look."""


def is_shared() -> Rule:
    """Whether production is a component of a shared endpoint: where it is not, the plan names none."""
    return ChoiceRule.IsPresent(variable="$.plan.component", value=True)


def serve_on_shared(*, ready: State, failed: State) -> LambdaStep:
    """Bring the release's model onto the component, and note its name as what production is configured with."""
    return _serve(
        "Serve it on the shared endpoint",
        "Does the shared endpoint serve it?",
        "Wait for the shared endpoint",
        {"model.$": "$.model.name", "so_far.$": "$.production_configuration"},
        at="production_configuration",
        ready=ready,
        failed=failed,
    )


def put_back_on_shared(*, ready: State, failed: State) -> LambdaStep:
    """Bring the component back onto the model that it served before."""
    return _serve(
        "Put the previous model back there",
        "Does it serve the previous model?",
        "Wait for the previous model",
        {"model.$": "$.plan.previous_configuration", "so_far.$": "$.back", "back": True},
        at="back",
        ready=ready,
        failed=failed,
    )


def _serve(
    name: str, question: str, pause: str, given: Parameters, *, at: str, ready: State, failed: State
) -> LambdaStep:
    """Ask the function until the component serves what is ``given``; what it has seen so far is kept ``at`` a path."""
    step = call_function(
        name,
        "${ServeComponentArn}",
        {"plan.$": "$.plan", **given},
        failed,
        keep=("name", "ready", "looks", "begun"),
        at=at,
    )
    serves = Choice(question)
    serves.add_choice(ChoiceRule.BooleanEquals(variable=f"$.{at}.ready", value=True), ready)
    wait = Wait(pause, seconds=settings.LOOK_SECONDS)
    serves.default_choice(wait)
    Chain([step, serves])
    wait.next(step)
    return step


def smoke_test_shared(failed: State) -> LambdaStep:
    """Send the evaluation's pictures to the component and expect the evaluation's boxes back."""
    return _smoke_test("Smoke-test it on the shared endpoint", "$.plan", {}, "smoke_production", failed)


def smoke_test_previous_there(failed: State) -> LambdaStep:
    """Ask the component for the model that it served before."""
    only = {"only_the_digest.$": "$.plan.previous.only_the_digest"}
    return _smoke_test("Smoke-test the previous model there", "$.plan.previous", only, "smoke_previous", failed)


def _smoke_test(name: str, about: str, more: Parameters, at: str, failed: State) -> LambdaStep:
    return call_function(
        name,
        "${SmokeTestArn}",
        {
            "endpoint.$": "$.plan.production_endpoint",
            "component.$": "$.plan.component",
            "model_digest.$": f"{about}.model_digest",
            "evaluation_uri.$": f"{about}.evaluation_uri",
            "smoke_digest.$": f"{about}.smoke_digest",
            **more,
        },
        failed,
        keep=("summary", "images", "boxes"),
        at=at,
    )
