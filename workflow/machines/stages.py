"""The states in which a release has a stage brought up, and learns how that failed.

Each starts an execution of the Stage machine and waits for it. Knows no order of the other states and makes no AWS
call.
"""

from __future__ import annotations

from stepfunctions.steps.choice_rule import BaseRule, ChoiceRule
from stepfunctions.steps.states import State

from workflow.contract.failures import Failure
from workflow.contract.stage_plan import BACK
from workflow.machines import settings
from workflow.machines.kinds import fresh_name, on_error
from workflow.machines.retries import retry_lambda
from workflow.machines.states import Choice, Parameters, Task

STOPPED = ("ABORTED", "TIMED_OUT")
"""How an execution ends that had no word of its own, wherever it was."""


def bring_up(name: str, stage: str, failed: State) -> Task:
    """Bring the release's model behind the endpoint of a stage; its configuration's name is kept.

    The execution's name is what its configuration's begins with.
    """
    return _start(name, fresh_name(f"$.plan.{stage}_configuration"), {"stage": stage}, f"{stage}_configuration", failed)


def put_back(name: str, failed: State) -> Task:
    """Bring production back to what it served before."""
    named = "States.Format('{}-back-{}-{}', $.plan.production_configuration, $$.Execution.RedriveCount, "
    return _start(name, f"{named}$$.State.RetryCount)", {"stage": "production", BACK: True}, "back", failed)


def _start(name: str, named: str, given: Parameters, at: str, failed: State) -> Task:
    return Task(
        name,
        resource=settings.integration("states:startExecution.sync:2"),
        parameters={
            "StateMachineArn": settings.STAGE_MACHINE,
            "Name.$": named,
            "Input": {
                **given,
                "release.$": "$.plan",
                "AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID.$": "$$.Execution.Id",
            },
        },
        result_selector={
            "name.$": "$.Output.configuration.name",
            "summary.$": "$.Output.smoke.summary",
            "execution.$": "$.ExecutionArn",
        },
        result_path=f"$.{at}",
        # Longer than the execution's own: how it ended then says so, and it has ended.
        timeout_seconds=settings.STAGE_SECONDS + settings.HOUR,
        retry=retry_lambda(),
        catch=[on_error(failed)],
    )


def ask_how_it_failed(name: str, ways: list[tuple[BaseRule, State]], otherwise: State) -> Choice:
    """Go on by how the execution of a stage failed; ``otherwise`` where none of the rules holds."""
    choice = Choice(name)
    for rule, then in ways:
        choice.add_choice(rule, then)
    choice.default_choice(otherwise)
    return choice


def ended_with(error: Failure) -> BaseRule:
    """Whether the execution ended with this error.

    Whatever a nested execution failed with, Step Functions raises States.TaskFailed, and describes it in the cause as
    JSON (its guide, "Start a new AWS Step Functions state machine from a running execution"). What its input says has
    other quotes there.
    """
    return _described("Error", error)


def answered_wrongly() -> BaseRule:
    """Whether the endpoint serves the new configuration, and not as it should; of one that was stopped nobody knows."""
    return ChoiceRule.Or([ended_with(Failure.SMOKE_TEST_FAILED), *(_described("Status", status) for status in STOPPED)])


def _described(key: str, value: str) -> BaseRule:
    there = ChoiceRule.IsPresent(variable="$.error.Cause", value=True)
    # Step Functions writes no blank after the colon; whoever else does is understood, too.
    written = [
        ChoiceRule.StringMatches(variable="$.error.Cause", value=f'*"{key}":{blank}"{value}"*') for blank in ("", " ")
    ]
    return ChoiceRule.And([there, ChoiceRule.Or(written)])
