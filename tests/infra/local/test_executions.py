"""How executions start, nest, end and are started again."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.infra.local.machines import Machines, eventually

WAIT = {"Type": "Wait", "Seconds": 100_000, "End": True}


def nested(child: str, suffix: str = ".sync:2", **fields: Any) -> dict[str, Any]:
    """A state that runs another machine with its own input."""
    return {
        "Type": "Task",
        "Resource": f"arn:aws:states:::states:startExecution{suffix}",
        "Parameters": {"StateMachineArn": child, "Input.$": "$"},
        "End": True,
    } | fields


def statuses(machines: Machines, machine: str) -> list[str]:
    """The statuses of a machine's executions, the newest first."""
    return [found["status"] for found in machines.sfn.list_executions(stateMachineArn=machine)["executions"]]


def test_a_child_s_output_is_the_parent_s_result(machines: Machines) -> None:
    """`.sync:2` gives the child's output as JSON."""
    child = machines.create({"Answer": {"Type": "Pass", "Result": {"answer": 42}, "End": True}})
    assert machines.output({"Nest": nested(child)})["Output"] == {"answer": 42}


def test_a_child_s_failure_is_told_to_the_parent(machines: Machines) -> None:
    """The parent's Cause is the child's description with its Error and Cause."""
    child = machines.create({"No": {"Type": "Fail", "Error": "SmokeTest.Failed", "Cause": "boxes differ"}})
    described = machines.run({"Nest": nested(child)})
    assert described["error"] == "States.TaskFailed"
    told = json.loads(described["cause"])
    assert (told["Status"], told["Error"], told["Cause"]) == ("FAILED", "SmokeTest.Failed", "boxes differ")


def test_a_child_is_stopped_with_its_parent(machines: Machines) -> None:
    """The child is listed while it runs, and does not outlive the parent."""
    child = machines.create({"Wait": WAIT})
    parent = machines.start(machines.create({"Nest": nested(child)}))
    eventually(lambda: statuses(machines, child) == ["RUNNING"])
    machines.sfn.stop_execution(executionArn=parent)
    eventually(lambda: statuses(machines, child) == ["ABORTED"])


def test_a_child_is_stopped_even_when_its_parent_ends_while_starting_it(machines: Machines) -> None:
    """Whatever the moment of the stop: what the parent had begun to start does not run on alone."""
    child = machines.create({"Wait": WAIT})
    nest = machines.create({"Nest": nested(child)})
    for _ in range(30):
        parent = machines.start(nest)
        while not statuses(machines, child):
            pass
        machines.sfn.stop_execution(executionArn=parent)
    eventually(lambda: set(statuses(machines, child)) == {"ABORTED"})


def test_a_wait_ends_with_its_execution(machines: Machines) -> None:
    """Nothing is added to the history of a stopped execution."""
    execution = machines.start(machines.create({"Wait": WAIT | {"Seconds": 20}}))
    eventually(lambda: "WaitStateEntered" in machines.event_types(execution))
    machines.sfn.stop_execution(executionArn=execution)
    time.sleep(1.2)
    assert machines.event_types(execution) == ["ExecutionStarted", "WaitStateEntered", "ExecutionAborted"]


def test_a_name_with_the_same_input_is_the_same_running_execution(machines: Machines) -> None:
    """Starting twice by accident is one execution; the name cannot be had again later."""
    machine = machines.create({"Wait": WAIT})
    first = machines.start(machine, {"n": 1}, name="nightly")
    assert machines.start(machine, {"n": 1}, name="nightly") == first
    with pytest.raises(machines.sfn.exceptions.ExecutionAlreadyExists):
        machines.start(machine, {"n": 2}, name="nightly")
    machines.sfn.stop_execution(executionArn=first)
    with pytest.raises(machines.sfn.exceptions.ExecutionAlreadyExists):
        machines.start(machine, {"n": 1}, name="nightly")


def test_an_execution_s_name_is_checked(machines: Machines) -> None:
    """A name AWS would refuse is refused."""
    machine = machines.create({"Wait": WAIT})
    with pytest.raises(machines.sfn.exceptions.InvalidName):
        machines.start(machine, name="2026-11-21T10:14:03")


def test_a_payload_over_the_limit_fails_and_is_not_caught_by_all(machines: Machines) -> None:
    """256 KiB pass between states and no more; States.ALL does not catch it."""
    large = machines.function("def handler(event, context): return 'x' * 300_000")
    call = {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Parameters": {"FunctionName": large},
        "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Caught"}],
        "End": True,
    }
    described = machines.run({"Call": call, "Caught": {"Type": "Succeed"}})
    assert (described["status"], described["error"]) == ("FAILED", "States.DataLimitExceeded")


def test_a_redrive_goes_on_from_the_failed_state(machines: Machines) -> None:
    """What succeeded is not run again, the count goes up, and the old token is dead."""
    key = machines.name("token")
    ask = machines.waiting_for_token(key, TimeoutSeconds=1, ResultPath="$.answer", Next="Count")
    del ask["End"]
    count = {"Type": "Pass", "Parameters": {"count.$": "$$.Execution.RedriveCount"}, "End": True}
    execution = machines.start(machines.create({"Before": {"Type": "Pass", "Next": "Ask"}, "Ask": ask, "Count": count}))
    old = machines.token(key)
    assert machines.end(execution)["redriveStatus"] == "REDRIVABLE"
    machines.sfn.redrive_execution(executionArn=execution)
    with pytest.raises(ClientError):
        machines.sfn.send_task_success(taskToken=old, output="{}")
    machines.sfn.send_task_success(taskToken=machines.token(key), output="{}")
    described = machines.end(execution)
    assert (described["status"], described["redriveCount"]) == ("SUCCEEDED", 1)
    assert json.loads(described["output"]) == {"count": 1}
    types = machines.event_types(execution)
    assert types.count("PassStateEntered") == 2
    assert types.count("ExecutionRedriven") == 1


def test_a_successful_execution_cannot_be_redriven(machines: Machines) -> None:
    """AWS says ExecutionNotRedrivable."""
    execution = machines.run({"Done": {"Type": "Succeed"}})["executionArn"]
    with pytest.raises(ClientError) as refused:
        machines.sfn.redrive_execution(executionArn=execution)
    assert refused.value.response["Error"]["Code"] == "ExecutionNotRedrivable"


def test_an_update_does_not_change_a_running_execution(machines: Machines) -> None:
    """An execution ends with the definition it started with, also when it is redriven."""
    fail = {"Fail": {"Type": "Fail", "Error": "Old"}}
    machine = machines.create(fail)
    execution = machines.start(machine)
    assert machines.end(execution)["error"] == "Old"
    new = {"StartAt": "Fail", "States": {"Fail": {"Type": "Succeed"}}}
    machines.sfn.update_state_machine(stateMachineArn=machine, definition=json.dumps(new))
    machines.sfn.redrive_execution(executionArn=execution)
    assert machines.end(execution)["error"] == "Old"


def test_branches_and_items_do_not_see_each_other(machines: Machines) -> None:
    """Side by side, each has a state name, a token and a result of its own; a stop ends them all."""
    keys = [machines.name("token") for _ in range(3)]
    ask = machines.waiting_for_token("$.key")
    ask["Parameters"]["Payload"] = {"token.$": "$$.Task.Token", "key.$": "$"}
    each = {"Type": "Map", "ItemProcessor": {"StartAt": "Ask", "States": {"Ask": ask}}, "End": True}
    name = {"Type": "Pass", "Parameters": {"name.$": "$$.State.Name"}, "End": True}
    both = {
        "Type": "Parallel",
        "Branches": [
            {"StartAt": "Each", "States": {"Each": each}},
            {"StartAt": "Name", "States": {"Name": name}},
        ],
        "End": True,
    }
    machine = machines.create({"Both": both})
    execution = machines.start(machine, keys)
    for number, key in enumerate(keys):
        machines.sfn.send_task_success(taskToken=machines.token(key), output=str(number))
    assert json.loads(machines.end(execution)["output"]) == [[0, 1, 2], {"name": "Name"}]
    stopped = machines.start(machine, keys)
    tokens = [machines.token(key) for key in keys]
    machines.sfn.stop_execution(executionArn=stopped)
    for token in tokens:
        with pytest.raises(ClientError, match="TaskTimedOut"):
            machines.sfn.send_task_success(taskToken=token, output="1")
