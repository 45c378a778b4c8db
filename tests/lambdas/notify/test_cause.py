"""From whatever a failed state leaves behind to one readable line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.notify.cause import LENGTH, readable, told_by_machine
from workflow.contract.failures import UNTOLD, Failure

LAMBDA = json.dumps(
    {"errorMessage": "mAP50 of washer 0.41 < 0.60 on 23 objects", "errorType": "GateRejected", "stackTrace": ["x"]}
)
JOB = json.dumps(
    {"TrainingJobName": "one-train", "TrainingJobStatus": "Failed", "FailureReason": "AlgorithmError: no GPU"}
)
STOPPED = json.dumps(
    {
        "TrainingJobStatus": "Stopped",
        "SecondaryStatusTransitions": [
            {"Status": "Starting", "StatusMessage": "Launching"},
            {"Status": "MaxWaitTimeExceeded", "StatusMessage": "no capacity within the time"},
        ],
    }
)
SEARCH = json.dumps({"HyperParameterTuningJobName": "one-tune", "HyperParameterTuningJobStatus": "Stopped"})
NESTED = json.dumps({"ExecutionArn": "arn", "Status": "FAILED", "Error": Failure.SMOKE_TEST_FAILED, "Cause": LAMBDA})


@pytest.mark.parametrize(
    ("error", "said"),
    [
        ({"Error": "GateRejected", "Cause": LAMBDA}, "mAP50 of washer 0.41 < 0.60 on 23 objects"),
        ({"Error": "States.TaskFailed", "Cause": JOB}, "AlgorithmError: no GPU"),
        ({"Error": "States.TaskFailed", "Cause": NESTED}, "mAP50 of washer 0.41 < 0.60 on 23 objects"),
        (
            {"Error": "X", "Cause": json.dumps({"Status": "FAILED", "Error": Failure.GATE_REJECTED})},
            Failure.GATE_REJECTED,
        ),
        ({"Error": "X", "Cause": STOPPED}, "no capacity within the time"),
        ({"Error": "X", "Cause": SEARCH}, "one-tune ended Stopped"),
        ({"Error": "X", "Cause": "a plain\n text"}, "a plain text"),
        ({"Error": "States.Timeout"}, "it took longer than it may"),
        ({"Error": "States.HeartbeatTimeout", "Cause": ""}, "it gave no sign of life for too long"),
        ({"Error": "X"}, "it failed with X and gave no reason"),
        ({"Error": "X", "Cause": "{}"}, "it failed with X and gave no reason"),
        ({}, "it failed and gave no reason"),
        (None, "it failed and gave no reason"),
        ({"Error": "X", "Cause": "12"}, "12"),
        ({"Error": "X", "Cause": {"message": "from an SDK"}}, "from an SDK"),
        ("just text", "just text"),
    ],
)
def test_every_kind_of_cause_becomes_one_line(error: Any, said: str) -> None:
    """Lambda, SageMaker, nested executions, timeouts, nothing."""
    assert readable(error) == said


def test_a_job_killed_for_memory_gets_a_reason() -> None:
    """SageMaker says only the exit code."""
    cause = json.dumps({"FailureReason": "AlgorithmError: , exit code: 137"})
    assert readable({"Cause": cause}).endswith("(killed, most likely for want of memory)")


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["Error", "Cause", "errorMessage", "FailureReason", "x"]), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(anything, st.booleans())
def test_there_is_always_one_line_that_says_something(error: Any, packed: bool) -> None:
    """Whatever comes, packed into JSON or not."""
    line = readable({"Error": error, "Cause": json.dumps(error)} if packed else error)
    assert line.strip()
    assert "\n" not in line
    assert len(line) <= LENGTH


def test_a_very_deep_cause_is_no_trap() -> None:
    """Neither by nesting nor by length."""
    assert readable({"Cause": "[" * 100_000})
    assert len(readable({"Cause": "x" * 100_000})) == LENGTH


def test_what_the_machines_tell_before_they_fail_is_told_by_them_alone() -> None:
    """The error of every way out, and no other: one that is missing would be mailed twice, one too many not at all."""
    machines = Path(__file__).parents[3] / "workflow" / "machines"
    names = ("build", "release", "stage", "challenge", "batch", "drift")
    definitions = [json.loads((machines / f"{name}.asl.json").read_text()) for name in names]
    states = [state for definition in definitions for state in definition["States"].values()]
    errors = {state["Parameters"]["Error"] for state in states if state.get("ResultPath") == "$.failure"}
    assert errors == set(Failure)
    assert all(told_by_machine(error, "why") for error in errors)
    assert not any(told_by_machine(error, "why") for error in ("States.Runtime", "States.Timeout", "", None))


def test_what_a_machine_could_not_tell_is_told_from_outside() -> None:
    """Its notice failed, and it ended with the same error: the cause says so."""
    assert not told_by_machine(Failure.GATE_REJECTED, UNTOLD)
