"""The states in which what starts instances waits for a quota that is in use, and fails at once where there is none.

Knows no run and no order of states.
"""

from __future__ import annotations

from stepfunctions.steps import Chain
from stepfunctions.steps.choice_rule import BaseRule, ChoiceRule
from stepfunctions.steps.states import State

from workflow.contract.serverless import MEMORY_QUOTA
from workflow.machines import settings
from workflow.machines.kinds import on_error
from workflow.machines.retries import QUOTA
from workflow.machines.states import Choice, Pass, Wait

NO_QUOTA = {"quota": {"waits": 0}}
"""What an execution knows from its start of how often it has waited for a quota."""


def a_quota_is_in_use() -> BaseRule:
    """Whether there is a quota that is worth waiting for: not one of which SageMaker says that it is 0.

    Nor the one of a serverless endpoint's memory, which is about one endpoint: nobody uses it up.
    """
    return ChoiceRule.And(
        [
            ChoiceRule.StringEquals(variable="$.error.Error", value=QUOTA),
            ChoiceRule.IsPresent(variable="$.error.Cause", value=True),
            ChoiceRule.Not(ChoiceRule.StringMatches(variable="$.error.Cause", value="* is 0 Instances*")),
            ChoiceRule.Not(ChoiceRule.StringMatches(variable="$.error.Cause", value=f"*{MEMORY_QUOTA}*")),
            ChoiceRule.NumericLessThan(variable="$.quota.waits", value=settings.QUOTA_WAITS),
        ]
    )


def again_after_quota(step: State, what: str) -> Wait:
    """Wait for a quota that is in use, count that, and try ``step`` again."""
    wait = Wait(f"Wait for a quota for {what}", seconds=settings.QUOTA_WAIT_SECONDS)
    count = Pass(
        f"Count the waits for {what}",
        parameters={"waits.$": "States.MathAdd($.quota.waits, 1)"},
        result_path="$.quota",
    )
    Chain([wait, count, step])
    return wait


def wait_for_quota(step: State, what: str, failed: State) -> None:
    """Let ``step``, which starts instances, wait while its quota is in use; where there is none it fails at once.

    A retry could not tell the two apart: it sees an error's name alone.
    """
    used = Choice(f"Is the quota for {what} in use?")
    used.add_choice(a_quota_is_in_use(), again_after_quota(step, what))
    used.default_choice(failed)
    step.catches.insert(0, on_error(used, (QUOTA,)))
