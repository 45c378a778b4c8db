"""Gap: `states:startExecution.sync` and `.sync:2`.

The engine runs the child in the parent's thread and tells the history nothing; here the child runs by itself, is
named in TaskSubmitted, is stopped with its parent, and its failure reaches the parent as AWS tells it. Knows nothing
about how an execution runs.
"""

from __future__ import annotations

import json
from typing import Any

from ministack.services import stepfunctions as engine

from infra.local.gaps import history
from infra.local.gaps.attempt import Attempt, begin_once, register
from infra.local.gaps.control import AttemptTimeoutError, ExecutionEndedError, SuspendedError, remaining
from infra.local.gaps.lifecycle import description

_PREFIX = "arn:aws:states:::states:startExecution"


def perform(attempt: Attempt) -> Any:
    """Start the child; wait for it where the Resource says so."""
    suffix = attempt.resource.removeprefix(_PREFIX)
    submitted = None
    if "child" not in attempt.flight:
        submitted = begin_once(attempt, lambda: _start(attempt.parameters))
        if not suffix:
            return submitted
        attempt.flight["child"] = submitted["ExecutionArn"]
    child = engine._executions[attempt.flight["child"]]
    try:
        if submitted is not None:
            history.task_submitted(attempt.execution, attempt.resource, submitted)
        if not attempt.control.wait(lambda: child["status"] != "RUNNING", remaining(attempt.deadline)):
            raise AttemptTimeoutError
    except SuspendedError:
        raise
    except (ExecutionEndedError, AttemptTimeoutError):
        engine._stop_execution({"executionArn": child["executionArn"], "cause": "the parent execution ended"})
        raise
    return _outcome(child, parsed=suffix == ".sync:2")


def _start(parameters: dict[str, Any]) -> dict[str, Any]:
    status, _, body = engine._start_execution(engine._nested_start_execution_request(parameters))
    answer = json.loads(body)
    if status >= 400:
        raise engine._ExecutionError(f"StepFunctions.{answer['__type']}Exception", answer["message"])
    return {"ExecutionArn": answer["executionArn"], "StartDate": engine._iso_to_epoch_ms(answer["startDate"])}


def _outcome(child: dict[str, Any], *, parsed: bool) -> dict[str, Any]:
    told = {
        key[0].upper() + key[1:]: value for key, value in description(child).items() if not key.startswith("redrive")
    }
    for date in ("StartDate", "StopDate"):
        told[date] = engine._iso_to_epoch_ms(told[date])
    if child["status"] != "SUCCEEDED":
        raise engine._ExecutionError("States.TaskFailed", json.dumps(told))
    if parsed:
        told["Output"] = json.loads(told["Output"])
    return told


def install() -> None:
    """Run every nested execution this way."""
    register(_PREFIX, perform)
