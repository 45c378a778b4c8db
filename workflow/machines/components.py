"""The states that bring a model onto an endpoint which several projects share, as production's inference component.

A function does what is next each time, for another project may make the endpoint meanwhile: the machine asks until the
component serves the wanted model. Knows no order of states and makes no AWS call.
"""

from __future__ import annotations

from stepfunctions.steps import Chain
from stepfunctions.steps.choice_rule import ChoiceRule, Rule
from stepfunctions.steps.states import State

from workflow.machines import settings
from workflow.machines.kinds import call_function
from workflow.machines.states import Choice, LambdaStep, Parameters, Wait

NOT_LOOKED: Parameters = {"looks": 0, "begun": False}
"""What is known of a component before the first look."""


def is_shared() -> Rule:
    """Whether the stage is a component of a shared endpoint: where it is not, the plan names none."""
    return ChoiceRule.Not(ChoiceRule.StringEquals(variable="$.plan.component", value=""))


def serve_on_shared(*, ready: State, failed: State) -> LambdaStep:
    """Bring the model onto the component, and note its name as what the endpoint is configured with."""
    step = call_function(
        "Serve it on the shared endpoint",
        "${ServeComponentArn}",
        {
            "plan.$": "$$.Execution.Input.release",
            "model.$": "$.model.name",
            "so_far.$": "$.configuration",
            "back.$": "$.plan.back",
            "redriven.$": "$$.Execution.RedriveCount",
        },
        failed,
        keep=("name", "ready", "looks", "begun"),
        at="configuration",
    )
    serves = Choice("Does the shared endpoint serve it?")
    serves.add_choice(ChoiceRule.BooleanEquals(variable="$.configuration.ready", value=True), ready)
    wait = Wait("Wait for the shared endpoint", seconds=settings.LOOK_SECONDS)
    serves.default_choice(wait)
    Chain([step, serves])
    wait.next(step)
    return step
