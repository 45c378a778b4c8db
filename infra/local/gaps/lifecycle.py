"""Gap: how an execution starts and ends.

The engine's StopExecution leaves the waiting thread, its job and its child execution running; starting the same name
with the same input twice is an error where AWS answers with the running execution; DescribeExecution knows nothing of
redrives, and a payload may be as large as it likes. Every end goes through `conclude`, which happens once. Knows
nothing about states.
"""

from __future__ import annotations

import json
import re
import threading
from typing import Any

from ministack.services import stepfunctions as engine

from infra.local.gaps.control import ExecutionEndedError, close_control
from infra.local.gaps.patching import replace

REDRIVABLE = ("FAILED", "TIMED_OUT", "ABORTED")
_ENDING_EVENTS = {
    "SUCCEEDED": ("ExecutionSucceeded", "executionSucceededEventDetails"),
    "FAILED": ("ExecutionFailed", "executionFailedEventDetails"),
    "TIMED_OUT": ("ExecutionTimedOut", "executionTimedOutEventDetails"),
    "ABORTED": ("ExecutionAborted", "executionAbortedEventDetails"),
}
_FORBIDDEN_IN_NAMES = re.compile(r"[\s<>{}\[\]?*\"#%\\^|~`$&,;:/\x00-\x1f\x7f-\x9f]")
_lock = threading.RLock()
# What AWS lets through between two states.
_PAYLOAD_BYTES = 262_144


def conclude(
    execution: dict[str, Any],
    status: str,
    *,
    output: str | None = None,
    error: str | None = None,
    cause: str | None = None,
) -> bool:
    """End a running execution; only the first end counts, and False says that this was not it."""
    event_type, key = _ENDING_EVENTS[status]
    details = {"output": output} if status == "SUCCEEDED" else {"error": error, "cause": cause}
    with _lock:
        if execution["status"] != "RUNNING":
            return False
        execution.update(status=status, stopDate=engine.now_iso(), output=output, error=error, cause=cause)
        execution.pop("inFlight", None)
        engine._add_event(execution, event_type, {key: {n: v for n, v in details.items() if v is not None}})
    close_control(execution["executionArn"], ExecutionEndedError())
    engine._emit_execution_status_event(execution)
    return True


def start_problem(data: dict[str, Any]) -> tuple[str, str] | None:
    """The error code and message with which AWS refuses a StartExecution, or None."""
    name = data.get("name")
    if name is not None and (not 1 <= len(name) <= 80 or _FORBIDDEN_IN_NAMES.search(name)):
        return "InvalidName", f"Invalid Name: '{name}'"
    given = data.get("input", "{}")
    try:
        json.loads(given)
    except ValueError as error:
        return "InvalidExecutionInput", f"Invalid State Machine Execution Input: '{error}'"
    if len(given.encode()) > _PAYLOAD_BYTES:
        return "ValidationException", f"'input' must have length less than or equal to {_PAYLOAD_BYTES}"
    return None


def check_size(whose: str, data: Any) -> None:
    """Refuse what AWS would not carry from one state to the next."""
    if len(json.dumps(data).encode()) > _PAYLOAD_BYTES:
        message = f"The result of {whose} is larger than the {_PAYLOAD_BYTES} bytes that the service takes"
        raise engine._ExecutionError("States.DataLimitExceeded", message)


def _start_execution(data: dict[str, Any]) -> Any:
    problem = start_problem(data)
    if problem is not None:
        return engine.error_response_json(*problem, 400)
    machine = engine._state_machines.get(engine._resolve_state_machine_arn(data.get("stateMachineArn", "")))
    with _lock:
        if machine is not None and data.get("name"):
            scope = f"arn:aws:states:{engine.get_region()}:{engine.get_account_id()}"
            running = engine._executions.get(f"{scope}:execution:{machine['name']}:{data['name']}")
            if running and running["status"] == "RUNNING" and running["input"] == data.get("input", "{}"):
                answer = {"executionArn": running["executionArn"], "startDate": running["startDate"]}
                return engine.json_response(answer)
        return _their_start(data)


def _stop_execution(data: dict[str, Any]) -> Any:
    execution = engine._executions.get(data.get("executionArn"))
    if execution is None:
        return not_found(data.get("executionArn"))
    conclude(execution, "ABORTED", error=data.get("error"), cause=data.get("cause"))
    if execution["status"] != "ABORTED":
        return engine.error_response_json("ValidationException", "Execution is not running", 400)
    return engine.json_response({"stopDate": execution["stopDate"]})


def _describe_execution(data: dict[str, Any]) -> Any:
    execution = engine._executions.get(data.get("executionArn"))
    if execution is None:
        return not_found(data.get("executionArn"))
    return engine.json_response(description(execution))


def description(execution: dict[str, Any]) -> dict[str, Any]:
    """What DescribeExecution answers."""
    shown = ("executionArn", "stateMachineArn", "name", "status", "startDate", "stopDate", "input", "output")
    answer = {name: execution.get(name) for name in (*shown, "error", "cause", "redriveDate", "mapRunArn")}
    redrivable = execution["status"] in REDRIVABLE
    answer |= {
        "inputDetails": {"included": True},
        "outputDetails": {"included": True} if answer["output"] is not None else None,
        "redriveCount": execution.get("redriveCount", 0),
        "redriveStatus": "REDRIVABLE" if redrivable else "NOT_REDRIVABLE",
        "redriveStatusReason": (None if redrivable else f"Execution is {execution['status']} and cannot be redriven"),
    }
    return {name: value for name, value in answer.items() if value is not None}


def not_found(arn: object) -> Any:
    """The answer to a question about an execution nobody started."""
    return engine.error_response_json("ExecutionDoesNotExist", f"Execution Does Not Exist: '{arn}'", 400)


_their_start: Any = None


def install() -> None:
    """Put these in the place of the engine's own."""
    global _their_start
    _their_start = replace(engine, "_start_execution", _start_execution)
    replace(engine, "_stop_execution", _stop_execution)
    replace(engine, "_describe_execution", _describe_execution)
