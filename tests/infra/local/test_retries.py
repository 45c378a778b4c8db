"""How long a retry waits, and which errors a retrier or catcher names."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from infra.local.gaps.waits import error_matches, retry_delay
from tests.infra.local.machines import Machines, eventually

_MACHINES = Path(__file__).parents[3] / "workflow" / "machines"

_FLAKY = """\
import boto3
class Busy(Exception): pass
def handler(event, context):
    s3 = boto3.client("s3")
    calls = s3.list_objects_v2(Bucket=event["bucket"]).get("KeyCount", 0)
    s3.put_object(Bucket=event["bucket"], Key=str(calls), Body=b"")
    if calls < event["failures"]:
        raise Busy(f"call {calls}")
    return {"calls": calls + 1, "retries": event["retries"]}
"""

_THROTTLED = "Busy = type('Lambda.TooManyRequestsException', (Exception,), {})"
"""An error of the name that Step Functions gives to a throttled invocation."""


def test_the_delay_grows_to_its_limit() -> None:
    """IntervalSeconds times BackoffRate for every retry, never above MaxDelaySeconds."""
    retrier = {"IntervalSeconds": 2, "BackoffRate": 3, "MaxDelaySeconds": 10}
    assert [retry_delay(retrier, retries) for retries in range(3)] == [2, 6, 10]


def test_full_jitter_takes_a_part_of_the_delay() -> None:
    """JitterStrategy FULL waits anything between nothing and the delay."""
    assert retry_delay({"IntervalSeconds": 8, "JitterStrategy": "FULL"}, 0, lambda: 0.25) == 2


@pytest.mark.parametrize(
    ("named", "error", "matches"),
    [
        (["States.ALL"], "GateRejected", True),
        (["States.ALL"], "States.Timeout", True),
        (["States.ALL"], "States.Runtime", False),
        (["States.ALL"], "States.DataLimitExceeded", False),
        (["States.DataLimitExceeded"], "States.DataLimitExceeded", True),
        (["States.TaskFailed"], "GateRejected", True),
        (["States.TaskFailed"], "States.Timeout", False),
        (["States.TaskFailed"], "States.HeartbeatTimeout", False),
        (["States.Timeout"], "States.HeartbeatTimeout", True),
        (["States.HeartbeatTimeout"], "States.Timeout", False),
        (["Gate"], "GateRejected", False),
    ],
)
def test_an_error_is_matched_as_aws_matches_it(named: list[str], error: str, matches: bool) -> None:
    """What States.ALL and States.TaskFailed leave out."""
    assert error_matches(named, error) is matches


def test_a_busy_function_is_retried_and_knows_how_often(machines: Machines) -> None:
    """Two failures, two retries, one success; `$$.State.RetryCount` counts them."""
    bucket = machines.name("calls")
    machines.s3.create_bucket(Bucket=bucket)
    call = {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Parameters": {
            "FunctionName": machines.function(_FLAKY),
            "Payload": {"bucket": bucket, "failures": 2, "retries.$": "$$.State.RetryCount"},
        },
        "Retry": [{"ErrorEquals": ["Busy"], "MaxAttempts": 2, "IntervalSeconds": 1, "MaxDelaySeconds": 2}],
        "OutputPath": "$.Payload",
        "End": True,
    }
    assert machines.output({"Call": call}) == {"calls": 3, "retries": 2}


def test_a_function_throttled_three_times_is_called_a_fourth_time_by_our_machines(machines: Machines) -> None:
    """With the retriers that Build and Release give every function, waits growing between the calls."""
    bucket = machines.name("calls")
    machines.s3.create_bucket(Bucket=bucket)
    states = json.loads((_MACHINES / "build.asl.json").read_text())["States"]
    throttled = _FLAKY.replace("class Busy(Exception): pass", _THROTTLED)
    call = {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Parameters": {
            "FunctionName": machines.function(throttled),
            "Payload": {"bucket": bucket, "failures": 3, "retries.$": "$$.State.RetryCount"},
        },
        "Retry": states["Plan the run"]["Retry"],
        "OutputPath": "$.Payload",
        "End": True,
    }
    assert machines.output({"Call": call}) == {"calls": 4, "retries": 3}


def test_no_attempts_means_no_retry(machines: Machines) -> None:
    """MaxAttempts 0 takes an error out of the retriers behind it."""
    broken = machines.function("class Busy(Exception): pass\ndef handler(e, c): raise Busy('no')")
    call = {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Parameters": {"FunctionName": broken},
        "Retry": [{"ErrorEquals": ["Busy"], "MaxAttempts": 0}, {"ErrorEquals": ["States.ALL"]}],
        "End": True,
    }
    execution = machines.start(machines.create({"Call": call}))
    assert machines.end(execution)["error"] == "Busy"
    assert machines.event_types(execution).count("TaskScheduled") == 1


def test_a_retry_s_delay_ends_with_the_execution(machines: Machines) -> None:
    """A stopped execution does not come back for its next attempt."""
    broken = machines.function("def handler(e, c): raise ValueError('no')")
    call = {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Parameters": {"FunctionName": broken},
        "Retry": [{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 20}],
        "End": True,
    }
    execution = machines.start(machines.create({"Call": call}))
    eventually(lambda: "TaskFailed" in machines.event_types(execution))
    machines.sfn.stop_execution(executionArn=execution)
    time.sleep(1.2)
    assert machines.event_types(execution)[-1] == "ExecutionAborted"
