"""The Release machine for stages in accounts of their own: what touches an endpoint is done as a role of its account.

The machine itself, and what it decides, stay where they are. Each stage needs a model in its account, so there is one
state more. Knows no AWS.
"""

from __future__ import annotations

import copy
import json
from typing import Any

from workflow.contract.stage_accounts import STAGES
from workflow.errors import GreenlightError

MODEL = "Create the model"
BEFORE = "Create the production configuration"
MODEL_OF_PRODUCTION = "Create the model in production"
OF_AN_ACCOUNT = ("sagemaker", "cloudwatch")
"""Services whose calls are about the account of an endpoint."""


def spread(machine: dict[str, Any]) -> dict[str, Any]:
    """The Release machine, each of whose calls is made in the account of the stage that it is about.

    Raises GreenlightError where production's model would be left out.
    """
    spread_out = copy.deepcopy(machine)
    states = spread_out.get("States", {})
    if (MODEL in states) != (BEFORE in states):
        raise GreenlightError(f"the machine has one of the states '{MODEL}' and '{BEFORE}', and not the other")
    if MODEL in states:
        spread_out["States"] = states = _with_second_model(states)
    for name, state in states.items():
        if service_of(state) not in OF_AN_ACCOUNT:
            continue
        stage = stage_of(name, state)
        state["Credentials"] = {"RoleArn": f"{roles_of(stage)}-release"}
        if "ExecutionRoleArn" in state["Parameters"]:
            state["Parameters"]["ExecutionRoleArn"] = f"{roles_of(stage)}-endpoint"
    return spread_out


def service_of(state: dict[str, Any]) -> str:
    """The service that a state calls, empty for none."""
    service: str = str(state.get("Resource", "")).partition(":states:::")[2].removeprefix("aws-sdk:").partition(":")[0]
    return service


def stage_of(name: str, state: dict[str, Any]) -> str:
    """The stage that a call is about. Alarms watch production alone."""
    of_production = "production" in name or service_of(state) == "cloudwatch"
    return STAGES[of_production or "production" in json.dumps(state["Parameters"])]


def roles_of(stage: str) -> str:
    """What the ARNs of a stage's roles begin with."""
    return f"${{{stage.capitalize()}Roles}}"


def _with_second_model(states: dict[str, Any]) -> dict[str, Any]:
    """The states with one more that creates production's model, in front of its configuration."""
    model = copy.deepcopy(states[MODEL])
    model |= {"Next": BEFORE, "Catch": copy.deepcopy(states[BEFORE]["Catch"])}
    # Told apart from the first one's attempts, for both stages may be in one account.
    model["Parameters"]["ModelName.$"] = (
        "States.Format('{}-{}-10{}', $.plan.model_name, $$.Execution.RedriveCount, $$.State.RetryCount)"
    )
    found: dict[str, Any] = {}
    for name, state in states.items():
        if name == BEFORE:
            found[MODEL_OF_PRODUCTION] = model
        found[name] = _led_to_the_model(state)
    return found


def _led_to_the_model(state: dict[str, Any]) -> dict[str, Any]:
    """A state that creates production's model first, wherever it went on to production's configuration."""
    led: dict[str, Any] = {key: MODEL_OF_PRODUCTION for key in ("Next", "Default") if state.get(key) == BEFORE}
    rules = state.get("Choices", [])
    if any(rule["Next"] == BEFORE for rule in rules):
        led["Choices"] = [{**rule, "Next": MODEL_OF_PRODUCTION} if rule["Next"] == BEFORE else rule for rule in rules]
    return {**state, **led}
