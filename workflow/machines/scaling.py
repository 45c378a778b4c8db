"""The states that have production's fleet follow its load: let go of before an update where need be, and then followed.

Knows no order of the release. What a way back leaves undone, the function puts right within five minutes.
"""

from __future__ import annotations

from stepfunctions.steps.states import State

from workflow.machines.kinds import call_function
from workflow.machines.states import LambdaStep


def hold_the_scaling(failed: State) -> LambdaStep:
    """Before production changes: no fleet that is followed may get other instances."""
    return call_function(
        "Hold the scaling",
        "${ScaleProductionArn}",
        {"plan.$": "$.plan", "before": True},
        failed,
        keep=("follows",),
        at="scaling",
    )


def scale_production(failed: State) -> LambdaStep:
    """Once the new version serves: its fleet follows its load as the version says, or none any more."""
    return call_function(
        "Scale production",
        "${ScaleProductionArn}",
        {"plan.$": "$.plan"},
        failed,
        keep=("follows",),
        at="scaling",
    )
