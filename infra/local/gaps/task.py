"""Gap: the Task state.

The engine's Task knows no HeartbeatSeconds and no TimeoutSecondsPath, goes on after its execution was stopped, keeps
one token over its retries, swallows the error of a function that should have taken a token away, and never looks at
Credentials (`task_roles.py`). Here every
attempt is bounded, leaves its traces in the history, and is remembered while it is in flight. Knows nothing about
what the attempt does: that is `attempt.py`.
"""

from __future__ import annotations

import time
from typing import Any

from ministack.services import stepfunctions as engine

from infra.local.gaps import history, task_roles
from infra.local.gaps.attempt import Attempt, perform
from infra.local.gaps.control import AttemptTimeoutError, ExecutionEndedError, SuspendedError, current, in_branch
from infra.local.gaps.lifecycle import check_size
from infra.local.gaps.patching import replace
from infra.local.gaps.tokens import new_token
from infra.local.gaps.waits import caught, sleep_before_retry

_their_execute_task: Any = None


def _execute_task(
    state_def: dict[str, Any], raw_input: Any, execution: dict[str, Any], ctx: dict[str, Any]
) -> tuple[Any, str | None]:
    if engine._sfn_mock_config or engine._state_query_language(state_def, ctx) == "JSONata":
        output, following = _their_execute_task(state_def, raw_input, execution, ctx)
        return output, following
    name = ctx["State"]["Name"]
    # After a restart a Parallel or Map state starts anew, so what its branches do need not be remembered.
    in_flight: dict[str, Any] = {} if in_branch() else execution.setdefault("inFlight", {})
    flight = in_flight.get(name) or {"retries": {}}
    # JSON, in which a restarted stand-in finds this, turns whole numbers that are keys into strings.
    retries = {int(index): count for index, count in flight["retries"].items()}
    while True:
        ctx["State"]["RetryCount"] = sum(retries.values())
        in_flight[name] = flight
        try:
            result = _attempt(state_def, raw_input, execution, ctx, flight)
            selected = _select_result(state_def, result, ctx)
            output = engine._apply_result_path(state_def, raw_input, selected)
            output = engine._apply_output_path(state_def, output, ctx)
            in_flight.pop(name, None)
            return output, engine._next_or_end(state_def)
        except engine._ExecutionError as error:
            flight = {"retries": retries}
            in_flight[name] = flight
            if not sleep_before_retry(state_def, error.error, retries):
                in_flight.pop(name, None)
                return caught(state_def, error, raw_input, ctx)
        except SuspendedError:
            raise
        except ExecutionEndedError:
            in_flight.pop(name, None)
            raise


def _select_result(state: dict[str, Any], result: Any, context: dict[str, Any]) -> Any:
    """The ResultSelector, which may name the context object: the engine's own cannot."""
    selector = state.get("ResultSelector")
    return engine._resolve_params_obj(selector, result, context) if selector else result


def _attempt(
    state: dict[str, Any], raw_input: Any, execution: dict[str, Any], context: dict[str, Any], flight: dict[str, Any]
) -> Any:
    resource = state["Resource"]
    resumed = "startedEpoch" in flight
    if not resumed:
        flight["startedEpoch"] = time.time()
        if resource.endswith(".waitForTaskToken"):
            flight["token"] = new_token(execution["executionArn"])
    if "token" in flight:
        context["Task"] = {"Token": flight["token"]}
    parameters = engine._apply_parameters(state, engine._apply_input_path(state, raw_input, context), context)
    timeout = _seconds(state, "TimeoutSeconds", raw_input, context)
    heartbeat = _seconds(state, "HeartbeatSeconds", raw_input, context)
    role = task_roles.role_of(state, raw_input, context)
    if not resumed:
        history.task_scheduled(execution, resource, parameters, timeout, heartbeat, role)
    attempt = Attempt(
        resource=resource,
        parameters=parameters,
        execution=execution,
        control=current(),
        flight=flight,
        resumed=resumed,
        deadline=None if timeout is None else flight["startedEpoch"] + timeout,
        heartbeat_seconds=heartbeat,
    )
    try:
        with task_roles.assumed(role, execution, resource, parameters):
            result = perform(attempt)
        check_size("the task", result)
    except AttemptTimeoutError:
        cause = f"the task ran longer than its TimeoutSeconds, {timeout:g}"
        history.task_failed(execution, resource, "States.Timeout", cause)
        raise engine._ExecutionError("States.Timeout", cause) from None
    except engine._ExecutionError as error:
        history.task_failed(execution, resource, error.error, error.cause)
        raise
    history.task_succeeded(execution, resource, result)
    return result


def _seconds(state: dict[str, Any], field: str, raw_input: Any, context: dict[str, Any]) -> float | None:
    if f"{field}Path" in state:
        value = engine._resolve_path_or_ctx(state[f"{field}Path"], raw_input, context)
        if isinstance(value, bool) or not isinstance(value, int | float) or value <= 0:
            message = f"{field}Path selects {value!r}, which is no positive number"
            raise engine._ExecutionError("States.Runtime", message)
        return float(value)
    return float(state[field]) if field in state else None


def install() -> None:
    """Run every JSONPath Task this way; JSONata and mocked test cases stay the engine's."""
    global _their_execute_task
    _their_execute_task = replace(engine, "_execute_task", _execute_task)
