"""The Stage machine for stages in accounts of their own: what touches an endpoint is done as a role of its account.

The machine itself, and what it decides, stay where they are. Which account that is, its plan says: a stage's number
picks one of two. Knows no AWS.
"""

from __future__ import annotations

import copy
from typing import Any

from workflow.contract.stage_accounts import STAGES

OF_AN_ACCOUNT = ("sagemaker", "cloudwatch")
"""Services whose calls are about the account of an endpoint."""


def spread(machine: dict[str, Any]) -> dict[str, Any]:
    """The Stage machine, each of whose calls is made in the account of its stage."""
    spread_out = copy.deepcopy(machine)
    for state in spread_out.get("States", {}).values():
        if service_of(state) not in OF_AN_ACCOUNT:
            continue
        state["Credentials"] = {"RoleArn.$": of_stage("Roles", "-stage")}
        if state["Parameters"].pop("ExecutionRoleArn", ""):
            state["Parameters"]["ExecutionRoleArn.$"] = of_stage("Roles", "-endpoint")
    return spread_out


def service_of(state: dict[str, Any]) -> str:
    """The service that a state calls, empty for none."""
    service: str = str(state.get("Resource", "")).partition(":states:::")[2].removeprefix("aws-sdk:").partition(":")[0]
    return service


def of_stage(what: str, end: str = "") -> str:
    """The intrinsic that takes the stage's own of two placeholders, ``StagingRoles`` and ``ProductionRoles`` for Roles.

    ``end`` is what follows it.
    """
    each = ", ".join(f"'${{{stage.capitalize()}{what}}}{end}'" for stage in STAGES)
    return f"States.ArrayGetItem(States.Array({each}), $.plan.number)"
