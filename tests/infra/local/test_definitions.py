"""Which definitions are refused before they can run."""

from __future__ import annotations

import json
from typing import Any

import pytest

from infra.local.gaps.definitions import problems
from tests.infra.local.machines import ROLE, Machines

TASK = {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "End": True}


def found(states: dict[str, Any], start: str = "A") -> str:
    """Every problem of a machine, in one text."""
    return "\n".join(problems(json.dumps({"StartAt": start, "States": states})))


def test_a_sound_definition_has_no_problems() -> None:
    """Every kind of state, joined as it should be."""
    branch = {"StartAt": "Inside", "States": {"Inside": TASK}}
    each = {"StartAt": "Each", "States": {"Each": TASK}}
    states = {
        "A": {"Type": "Pass", "Next": "B"},
        "B": {"Type": "Choice", "Choices": [{"Variable": "$.x", "IsPresent": True, "Next": "C"}], "Default": "G"},
        "C": {"Type": "Parallel", "Branches": [branch], "Next": "D"},
        "D": {"Type": "Map", "ItemProcessor": each, "Next": "E"},
        "E": {"Type": "Wait", "Seconds": 1, "Next": "F"},
        "F": {**TASK, "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "H"}]},
        "G": {"Type": "Succeed"},
        "H": {"Type": "Fail", "Error": "No", "CausePath": "$.Cause"},
    }
    assert found(states) == ""


@pytest.mark.parametrize(
    ("states", "said"),
    [
        ({"B": TASK}, "Missing 'StartAt' target: A"),
        ({"A": {"Type": "Pass", "Next": "Nowhere"}}, "Missing 'Next' target: Nowhere at /States/A/Next"),
        ({"A": TASK, "Lost": {"Type": "Succeed"}}, '"Lost" is not reachable'),
        ({"A": {"Type": "Teleport", "End": True}}, "'Teleport'"),
        ({"A": {"Type": "Pass"}}, "exactly one of Next and End"),
        ({"A": {"Type": "Pass", "Next": "B", "End": True}, "B": {"Type": "Succeed"}}, "exactly one of Next and End"),
        ({"A": {"Type": "Fail", "Error": "X", "End": True}}, "neither Next nor End"),
        ({"A": {"Type": "Fail", "Error": "X", "ErrorPath": "$.e"}}, "Error and ErrorPath exclude each other"),
        ({"A": {"Type": "Fail", "CausePath": "States.Array($.e)"}}, "no intrinsic of a text at /States/A/CausePath"),
        ({"A": {"Type": "Task", "End": True}}, "Resource is required"),
        ({"A": {**TASK, "TimeOutSeconds": 3}}, "'TimeOutSeconds' is not supported"),
        ({"A": {**TASK, "TimeoutSeconds": 5, "HeartbeatSeconds": 5}}, "HeartbeatSeconds is not smaller"),
        ({"A": {**TASK, "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken"}}, "gives to nobody"),
        ({"A": {"Type": "Parallel", "Branches": [{"StartAt": "X", "States": {"Y": TASK}}], "End": True}}, "target: X"),
        ({"A": {"Type": "Parallel", "Branches": [{"StartAt": "A", "States": {"A": TASK}}], "End": True}}, "Duplicate"),
        ({"A" * 81: TASK}, "at most 80 characters"),
        ({}, "at least one state"),
    ],
)
def test_what_aws_refuses_is_found(states: dict[str, Any], said: str) -> None:
    """One fault each, told with what it is about."""
    assert said in found(states)


def test_what_is_no_json_is_told() -> None:
    """The parser's own words reach the reader."""
    assert problems("{not json")[0].startswith("INVALID_JSON_DESCRIPTION")


def test_a_broken_definition_is_not_created(machines: Machines) -> None:
    """CreateStateMachine and UpdateStateMachine answer InvalidDefinition."""
    broken = json.dumps({"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "B"}}})
    with pytest.raises(machines.sfn.exceptions.InvalidDefinition):
        machines.sfn.create_state_machine(name="broken", definition=broken, roleArn=ROLE)
    machine = machines.create({"Done": {"Type": "Succeed"}})
    with pytest.raises(machines.sfn.exceptions.InvalidDefinition):
        machines.sfn.update_state_machine(stateMachineArn=machine, definition=broken)
    validated = machines.sfn.validate_state_machine_definition(definition=broken)
    assert validated["result"] == "FAIL"
    assert validated["diagnostics"][0]["code"] == "MISSING_TRANSITION_TARGET"
