"""The list of executions."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from tests.workflow.cloud import ScriptedCloud
from tests.workflow.histories import START
from workflow.console.executions import Executions, read
from workflow.console.visits import Status

ARN = "arn:aws:states:us-east-1:000000000000:"
MACHINES = {"build": f"{ARN}stateMachine:greenlight-build", "release": f"{ARN}stateMachine:greenlight-release"}


def listed(machine: str, name: str, minutes: int, status: str = "SUCCEEDED") -> dict[str, Any]:
    """A line of ListExecutions."""
    start = START + timedelta(minutes=minutes)
    ended = {} if status == "RUNNING" else {"stopDate": start + timedelta(seconds=30)}
    arn = f"{ARN}execution:greenlight-{machine}:{name}"
    return {"executionArn": arn, "name": name, "status": status, "startDate": start, **ended}


LINES = {
    MACHINES["build"]: [listed("build", "two", 2, "RUNNING"), listed("build", "one", 0, "FAILED")],
    MACHINES["release"]: [listed("release", "r", 1)],
}
MORE = {
    "one": {"input": '{"dataset": "s3://b/datasets/nuts/"}', "error": "Gate.Rejected", "cause": "mAP50 0.20 < 0.50"},
    "r": {"input": json.dumps({"model_package_arn": f"{ARN}model-package/greenlight/7"}), "output": "{}"},
    "two": {"input": "[]"},
}


def cloud() -> ScriptedCloud:
    """Step Functions with three executions."""
    every = {line["executionArn"]: {**line, **MORE[line["name"]]} for lines in LINES.values() for line in lines}
    return ScriptedCloud(
        {
            "list_executions": lambda asked: {"executions": LINES[asked["stateMachineArn"]]},
            "describe_execution": lambda asked: every[asked["executionArn"]],
        }
    )


def test_both_machines_are_listed_together_newest_first_with_what_came_of_them() -> None:
    """What went in and came out is whatever anybody typed, and an input that is no object is none."""
    executions = Executions(cloud(), MACHINES)
    found = executions.describe_all(executions.newest())
    assert [(one.machine, one.name, one.status) for one in found] == [
        ("build", "two", Status.RUNNING),
        ("release", "r", Status.DONE),
        ("build", "one", Status.FAILED),
    ]
    assert [(one.dataset_name, one.version, one.result) for one in found] == [
        ("", "", ""),
        ("", "7", ""),
        ("nuts", "", "Gate.Rejected: mAP50 0.20 < 0.50"),
    ]


def test_what_has_ended_is_asked_about_once() -> None:
    """A page of fifty costs a look at those that run; AWS allows few of these a second."""
    asked = cloud()
    executions = Executions(asked, MACHINES)
    for _ in range(3):
        executions.describe_all(executions.newest())
    names = [given["executionArn"].rpartition(":")[2] for operation, given in asked.asked if "describe" in operation]
    assert sorted(names) == ["one", "r", "two", "two", "two"]


def test_an_execution_whose_input_nobody_can_read_keeps_nobody_from_the_others() -> None:
    """Whoever may start runs writes the input; the list shows it beside theirs."""
    odd = {**listed("build", "odd", 3, "RUNNING"), "input": "[" * 100_000 + "]" * 100_000}
    assert (read("build", odd).name, read("build", odd).given) == ("odd", {})
