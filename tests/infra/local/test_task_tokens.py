"""Waiting for a task token: answers, heartbeats, late answers and functions that fail to take the token."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.infra.local.machines import Machines


def code_of(error: pytest.ExceptionInfo[ClientError]) -> str:
    """The code of a refused request."""
    return str(error.value.response["Error"]["Code"])


def waiting(machines: Machines, **fields: Any) -> tuple[str, str]:
    """An execution that waits, and its token."""
    key = machines.name("token")
    execution = machines.start(machines.create({"Ask": machines.waiting_for_token(key, **fields)}))
    return execution, machines.token(key)


def test_the_answer_is_the_state_s_result(machines: Machines) -> None:
    """SendTaskSuccess ends the wait with its output."""
    execution, token = waiting(machines)
    machines.sfn.send_task_success(taskToken=token, output='{"decision": "approved"}')
    assert json.loads(machines.end(execution)["output"]) == {"decision": "approved"}


def test_a_failure_keeps_its_names(machines: Machines) -> None:
    """SendTaskFailure ends the wait with its error and cause."""
    execution, token = waiting(machines)
    machines.sfn.send_task_failure(taskToken=token, error="Refused", cause="not good enough")
    described = machines.end(execution)
    assert (described["error"], described["cause"]) == ("Refused", "not good enough")


def test_a_token_is_answered_once(machines: Machines) -> None:
    """The second answer finds a task that does not wait any more."""
    execution, token = waiting(machines)
    machines.sfn.send_task_success(taskToken=token, output="{}")
    with pytest.raises(ClientError) as refused:
        machines.sfn.send_task_failure(taskToken=token)
    assert code_of(refused) == "TaskTimedOut"
    assert machines.end(execution)["status"] == "SUCCEEDED"


def test_an_answer_to_a_stopped_execution_comes_too_late(machines: Machines) -> None:
    """Stopping wakes the wait; whoever approves afterwards is told that nobody waits."""
    execution, token = waiting(machines)
    machines.sfn.stop_execution(executionArn=execution)
    with pytest.raises(ClientError) as refused:
        machines.sfn.send_task_success(taskToken=token, output="{}")
    assert code_of(refused) == "TaskTimedOut"
    assert machines.end(execution)["status"] == "ABORTED"


@pytest.mark.parametrize("token", ["guessed", "Z3Vlc3NlZA=="])
def test_an_invented_token_is_invalid(machines: Machines, token: str) -> None:
    """A token this stand-in never made is refused as AWS refuses it."""
    with pytest.raises(ClientError) as refused:
        machines.sfn.send_task_success(taskToken=token, output="{}")
    assert code_of(refused) == "InvalidToken"


def test_an_output_that_is_no_json_is_refused_and_the_wait_goes_on(machines: Machines) -> None:
    """InvalidOutput leaves the token as good as before."""
    execution, token = waiting(machines)
    with pytest.raises(ClientError) as refused:
        machines.sfn.send_task_success(taskToken=token, output="approved")
    assert code_of(refused) == "InvalidOutput"
    machines.sfn.send_task_success(taskToken=token, output="{}")
    assert machines.end(execution)["status"] == "SUCCEEDED"


def test_heartbeats_keep_a_task_alive_and_silence_ends_it(machines: Machines) -> None:
    """HeartbeatSeconds counts from the last heartbeat."""
    execution, token = waiting(machines, HeartbeatSeconds=2, TimeoutSeconds=60)
    started = time.monotonic()
    for _ in range(5):
        time.sleep(0.5)
        machines.sfn.send_task_heartbeat(taskToken=token)
    described = machines.end(execution)
    assert time.monotonic() - started > 4.3
    assert (described["status"], described["error"]) == ("FAILED", "States.HeartbeatTimeout")


def test_a_catcher_of_timeouts_takes_a_missing_heartbeat(machines: Machines) -> None:
    """States.Timeout names both limits of a task."""
    key = machines.name("token")
    catch = [{"ErrorEquals": ["States.Timeout"], "Next": "Late"}]
    ask = machines.waiting_for_token(key, HeartbeatSeconds=1, TimeoutSeconds=60, Catch=catch)
    output = machines.output({"Ask": ask, "Late": {"Type": "Pass", "Result": "late", "End": True}})
    assert output == "late"


def test_a_timeout_can_come_from_the_input(machines: Machines) -> None:
    """TimeoutSecondsPath takes the limit from the state's input."""
    key = machines.name("token")
    ask = machines.waiting_for_token(key, TimeoutSecondsPath="$.seconds")
    described = machines.run({"Ask": ask}, {"seconds": 1})
    assert described["error"] == "States.Timeout"


def test_a_function_that_cannot_take_the_token_fails_the_state(machines: Machines) -> None:
    """The error of the function is the state's, and every attempt has a token of its own."""
    broken = machines.function("class MailRefused(Exception): pass\ndef handler(e, c): raise MailRefused('no address')")
    ask = machines.waiting_for_token("never")
    ask["Parameters"]["FunctionName"] = broken
    ask["Retry"] = [{"ErrorEquals": ["MailRefused"], "MaxAttempts": 1}]
    execution = machines.start(machines.create({"Ask": ask}))
    assert machines.end(execution)["error"] == "MailRefused"
    scheduled = [
        event["taskScheduledEventDetails"] for event in machines.events(execution) if event["type"] == "TaskScheduled"
    ]
    tokens = {json.loads(details["parameters"])["Payload"]["token"] for details in scheduled}
    assert len(tokens) == 2
