"""Gap: walking a state machine.

The engine's walk ignores the machine's `TimeoutSeconds`, reads the definition anew for every execution, forgets where
it was, and leaves `$$.Execution.RedriveCount` and `RoleArn` out of the context object. This walk remembers its
position in the execution's record, so that a redrive and a restarted stand-in go on from there. Knows nothing about
what a task does.
"""

from __future__ import annotations

import contextvars
import json
import logging
import threading
import time
from typing import Any

from ministack.services import stepfunctions as engine

from infra.local.gaps.control import Control, ExecutionEndedError, close_control, enter, enter_branch, open_control
from infra.local.gaps.lifecycle import check_size, conclude
from infra.local.gaps.patching import replace, require

_log = logging.getLogger("infra.local.walk")
_OUTSIDE_TASKS = {"Pass": "_execute_pass", "Choice": "_execute_choice", "Wait": "_execute_wait"}
_WITH_EXECUTION = {"Task": "_execute_task", "Parallel": "_execute_parallel", "Map": "_execute_map"}


def _run_execution(exec_arn: str) -> None:
    execution = engine._executions.get(exec_arn)
    if execution is None:
        return
    control = open_control(exec_arn)
    enter(control)
    try:
        run(execution, control)
    except ExecutionEndedError:
        _log.info("%s ended from outside", exec_arn)
    except engine._ExecutionError as error:
        conclude(execution, "FAILED", error=error.error, cause=error.cause)
    except Exception as error:
        _log.exception("the engine failed in %s", exec_arn)
        conclude(execution, "FAILED", error="States.Runtime", cause=str(error))
    finally:
        if execution["status"] != "RUNNING":
            close_control(exec_arn, ExecutionEndedError())


def run(execution: dict[str, Any], control: Control) -> None:
    """Walk from the execution's position, or from the start, to its end."""
    if execution["status"] != "RUNNING":
        return
    machine = engine._state_machines.get(execution["stateMachineArn"])
    if machine is None:
        raise engine._ExecutionError("StateMachineDeleted", "State machine no longer exists")
    # Kept with the execution: an update of the machine changes neither a running nor a redriven execution.
    definition = json.loads(execution.setdefault("definition", machine["definition"]))
    timer = _watch_machine_timeout(execution, definition)
    try:
        output = _walk(definition, execution, control, _context(execution, machine, definition))
    finally:
        timer.cancel()
    conclude(execution, "SUCCEEDED", output=json.dumps(output))


def _walk(definition: dict[str, Any], execution: dict[str, Any], control: Control, context: dict[str, Any]) -> Any:
    states = definition["States"]
    if "position" not in execution:
        _go_to(execution, definition["StartAt"], json.loads(execution["input"]))
    while (name := execution["position"]["state"]) is not None:
        control.check()
        if name not in states:
            raise engine._ExecutionError("States.Runtime", f"State '{name}' not found in definition")
        state, data = states[name], execution["position"]["input"]
        context["State"] = {"Name": name, "EnteredTime": engine.now_iso(), "RetryCount": 0}
        if not execution["position"]["entered"]:
            details = {"name": name, "input": json.dumps(data), "inputDetails": {"truncated": False}}
            engine._add_event(execution, f"{state['Type']}StateEntered", {"stateEnteredEventDetails": details})
            execution["position"]["entered"] = True
        output, following = _perform(state, data, execution, context)
        check_size(f"the state '{name}'", output)
        details = {"name": name, "output": json.dumps(output), "outputDetails": {"truncated": False}}
        engine._add_event(execution, f"{state['Type']}StateExited", {"stateExitedEventDetails": details})
        _go_to(execution, following, output)
    return execution["position"]["input"]


def _go_to(execution: dict[str, Any], state: str | None, data: Any) -> None:
    """Remember where the execution stands: before a state it has not entered, or, with None, at its end."""
    execution["position"] = {"state": state, "input": data, "entered": False}


def _perform(
    state: dict[str, Any], data: Any, execution: dict[str, Any], context: dict[str, Any]
) -> tuple[Any, str | None]:
    kind = state["Type"]
    if kind == "Succeed":
        taken = engine._apply_input_path(state, data, context)
        return engine._apply_output_path(state, taken, context), None
    if kind == "Fail":
        raise engine._ExecutionError(*engine._fail_state_error(state, data, context))
    if kind in _WITH_EXECUTION:
        output, following = getattr(engine, _WITH_EXECUTION[kind])(state, data, execution, context)
    elif kind in _OUTSIDE_TASKS:
        output, following = getattr(engine, _OUTSIDE_TASKS[kind])(state, data, context)
    else:
        raise engine._ExecutionError("States.Runtime", f"Unknown state type: {kind}")
    return output, following


def _context(execution: dict[str, Any], machine: dict[str, Any], definition: dict[str, Any]) -> dict[str, Any]:
    """The context object, `$$`."""
    about = {
        "Id": execution["executionArn"],
        "Input": json.loads(execution["input"]),
        "Name": execution["name"],
        "RoleArn": machine["roleArn"],
        "StartTime": execution["startDate"],
        "RedriveCount": execution.get("redriveCount", 0),
    }
    if "redriveDate" in execution:
        about["RedriveTime"] = execution["redriveDate"]
    return {
        "QueryLanguage": definition.get("QueryLanguage", "JSONPath"),
        "Execution": about,
        "StateMachine": {"Id": execution["stateMachineArn"], "Name": machine["name"]},
        "variables": {},
    }


def _watch_machine_timeout(execution: dict[str, Any], definition: dict[str, Any]) -> threading.Timer:
    """A started timer that ends the execution TIMED_OUT; harmless where the machine sets no limit."""
    seconds = definition.get("TimeoutSeconds")
    since = execution.get("redriveDate") or execution["startDate"]
    gone = time.time() - engine._iso_to_epoch_ms(since) / 1000

    def time_out() -> None:
        cause = f"the execution ran longer than the machine's TimeoutSeconds, {seconds}"
        conclude(execution, "TIMED_OUT", error="States.Timeout", cause=cause)

    timer = threading.Timer(max(0, (seconds or 0) - gone), contextvars.copy_context().run, args=(time_out,))
    timer.daemon = True
    if seconds:
        timer.start()
    return timer


def _run_sub_machine(
    states: dict[str, Any], start_at: str, input_data: Any, execution: dict[str, Any], ctx: dict[str, Any]
) -> Any:
    # Branches and items run side by side: each needs a State and a Task of its own in the context.
    enter_branch()
    return _their_sub_machine(states, start_at, input_data, execution, {**ctx})


_their_sub_machine: Any = None


def install() -> None:
    """Walk every execution this way."""
    global _their_sub_machine
    _their_sub_machine = replace(engine, "_run_sub_machine", _run_sub_machine)
    for function in (*_OUTSIDE_TASKS.values(), *_WITH_EXECUTION.values(), "_fail_state_error"):
        require(engine, function)
    replace(engine, "_run_execution", _run_execution)
