"""Paths, intrinsics and choices, as AWS reads them."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from tests.infra.local.machines import Machines


def computed(machines: Machines, expressions: dict[str, str], data: Any) -> Any:
    """What a Pass state's Parameters make of the input."""
    parameters = {f"{name}.$": expression for name, expression in expressions.items()}
    return machines.output({"Compute": {"Type": "Pass", "Parameters": parameters, "End": True}}, data)


def chosen(machines: Machines, rule: dict[str, Any], data: Any) -> str:
    """`yes` when the rule holds for the input."""
    states = {
        "Choose": {"Type": "Choice", "Choices": [rule | {"Next": "Yes"}], "Default": "No"},
        "Yes": {"Type": "Pass", "Result": "yes", "End": True},
        "No": {"Type": "Pass", "Result": "no", "End": True},
    }
    return str(machines.output(states, data))


def test_intrinsics_give_what_aws_gives(machines: Machines) -> None:
    """The functions that definitions here use, nested and on the context object."""
    found = computed(
        machines,
        {
            "array": "States.Array('a', $.number, true)",
            "length": "States.ArrayLength($.list)",
            "sum": "States.MathAdd($$.Execution.RedriveCount, $.number)",
            "text": "States.JsonToString($.list)",
            "json": "States.StringToJson($.document)",
            "hash": "States.Hash($.word, 'SHA-256')",
            "name": "States.Format('{}-{}{}', $.word, $$.Execution.RedriveCount, States.MathAdd(1, 1))",
            "spelled": "States.Format('{} {} {} {}', $.flag, $.nothing, $.list, $.object)",
            "started": "$$.Execution.Input.word",
            "role": "$$.Execution.RoleArn",
        },
        {
            "number": 2,
            "list": [1, 2],
            "document": '{"a": 1}',
            "word": "run",
            "flag": True,
            "nothing": None,
            "object": {"k": "v"},
        },
    )
    assert found == {
        "array": ["a", 2, True],
        "length": 2,
        "sum": 2,
        "text": "[1,2]",
        "json": {"a": 1},
        "hash": hashlib.sha256(b"run").hexdigest(),
        "name": "run-02",
        "spelled": "true null [1, 2] {k=v}",
        "started": "run",
        "role": "arn:aws:iam::000000000000:role/tests",
    }


@pytest.mark.parametrize("path", ["$.missing", "$.list[7]", "$.word.deeper", "$$.Execution.Missing", "$.list[?(@)]"])
def test_a_path_that_selects_nothing_fails_the_execution(machines: Machines, path: str) -> None:
    """AWS never reads a missing path as null, and neither does the stand-in."""
    state = {"Type": "Pass", "Parameters": {"value.$": path}, "End": True}
    described = machines.run({"Read": state}, {"list": [1], "word": "run"})
    assert (described["status"], described["error"]) == ("FAILED", "States.Runtime")
    assert path.lstrip("$") in described["cause"]


def test_an_intrinsic_that_fails_is_named(machines: Machines) -> None:
    """States.IntrinsicFailure, with the expression in the cause."""
    state = {"Type": "Pass", "Parameters": {"value.$": "States.StringToJson($.word)"}, "End": True}
    described = machines.run({"Read": state}, {"word": "no json"})
    assert described["error"] == "States.IntrinsicFailure"
    assert "States.StringToJson" in described["cause"]


@pytest.mark.parametrize(
    ("rule", "answer"),
    [
        ({"Variable": "$.null", "IsPresent": True}, "yes"),
        ({"Variable": "$.missing", "IsPresent": False}, "yes"),
        ({"Variable": "$$.Execution.Input.word", "IsPresent": True}, "yes"),
        ({"Variable": "$$.Execution.Input.missing", "IsPresent": True}, "no"),
        ({"Variable": "$$.Execution.Input.word", "StringEquals": "run"}, "yes"),
        ({"Variable": "$.one", "BooleanEquals": True}, "no"),
        ({"And": [{"Variable": "$.missing", "IsPresent": True}, {"Variable": "$.missing", "NumericEquals": 1}]}, "no"),
    ],
)
def test_a_choice_chooses_as_aws_does(machines: Machines, rule: dict[str, Any], answer: str) -> None:
    """Presence is not truth, one is not true, and And stops at the first rule that fails."""
    assert chosen(machines, rule, {"null": None, "word": "run", "one": 1}) == answer


def test_a_choice_on_a_missing_value_fails(machines: Machines) -> None:
    """Without IsPresent before it, a missing value is an error."""
    states = {
        "Choose": {"Type": "Choice", "Choices": [{"Variable": "$.no", "StringEquals": "x", "Next": "End"}]},
        "End": {"Type": "Succeed"},
    }
    assert machines.run(states)["error"] == "States.Runtime"


def test_a_result_selector_may_name_the_context(machines: Machines) -> None:
    """ResultSelector reads the result and, with `$$`, the context object."""
    echo = machines.function("def handler(event, context): return event")
    call = {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Parameters": {"FunctionName": echo, "Payload": {"n": 1}},
        "ResultSelector": {"n.$": "$.Payload.n", "state.$": "$$.State.Name"},
        "ResultPath": "$.called",
        "End": True,
    }
    assert machines.output({"Call": call}, {"kept": 1}) == {"kept": 1, "called": {"n": 1, "state": "Call"}}


BY_PATHS = {"No": {"Type": "Fail", "ErrorPath": "$.failure.Error", "CausePath": "$.failure.told.Cause"}}


def test_a_fail_state_takes_error_and_cause_from_the_input_and_keeps_them_after_a_redrive(machines: Machines) -> None:
    """One Fail state serves every way out; a redrive enters it again with the data it had."""
    execution = machines.start(
        machines.create(BY_PATHS), {"failure": {"Error": "Gate.Rejected", "told": {"Cause": "mAP50 0.41 < 0.60"}}}
    )
    assert machines.end(execution)["redriveCount"] == 0
    machines.sfn.redrive_execution(executionArn=execution)
    described = machines.end(execution)
    assert (described["error"], described["cause"]) == ("Gate.Rejected", "mAP50 0.41 < 0.60")
    assert described["redriveCount"] == 1


@pytest.mark.parametrize("failure", [{"Error": "Gate.Rejected"}, {"Error": 7, "told": {"Cause": "x"}}, {"told": {}}])
def test_a_fail_state_whose_path_gives_no_text_fails_as_another_error(machines: Machines, failure: Any) -> None:
    """On AWS too it is States.Runtime, by which nobody knows the failure."""
    assert machines.run(BY_PATHS, {"failure": failure})["error"] == "States.Runtime"
