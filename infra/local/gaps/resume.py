"""Gap: executions that were running when the stand-in stopped.

The engine marks them FAILED and tells nobody. Here they go on: a task token stays valid, a nested execution is waited
for again, a job is looked at again (and found stopped), and a request that was cut off counts as a failed attempt,
which the state's own Retry and Catch deal with. Also redrives, which the engine does not have: they too go on from an
execution's position.
"""

from __future__ import annotations

import contextvars
import json
import threading
from typing import Any

from ministack.core.responses import request_scope
from ministack.services import stepfunctions as engine

from infra.local.gaps.control import open_control
from infra.local.gaps.lifecycle import REDRIVABLE, not_found
from infra.local.gaps.patching import replace, require
from infra.local.gaps.tokens import open_token

_their_handle_request: Any = None
_their_restore: Any = None


def _restore_state(data: dict[str, Any] | None) -> None:
    if not data:
        return
    running = [record for record in data["executions"]._data.values() if record["status"] == "RUNNING"]
    for record in running:
        record["status"] = "SUSPENDED"
    _their_restore(data)
    for record in running:
        record["status"] = "RUNNING"


def resume_all() -> int:
    """Go on with every execution that was running; says how many there are."""
    running = [
        (account, region, record)
        for (account, region, _), record in engine._executions.all_items()
        if record["status"] == "RUNNING"
    ]
    for account, region, record in running:
        for flight in record.get("inFlight", {}).values():
            if "token" in flight:
                open_token(flight["token"], open_control(record["executionArn"]))
        with request_scope(account, region):
            _start_thread(record)
    return len(running)


def _redrive_execution(data: dict[str, Any]) -> Any:
    execution = engine._executions.get(data.get("executionArn"))
    if execution is None:
        return not_found(data.get("executionArn"))
    if execution["status"] not in REDRIVABLE or "position" not in execution:
        message = f"Execution is {execution['status']} and cannot be redriven"
        return engine.error_response_json("ExecutionNotRedrivable", message, 400)
    redrive_date = engine.now_iso()
    count = execution.get("redriveCount", 0) + 1
    execution.update(status="RUNNING", redriveCount=count, redriveDate=redrive_date)
    execution.update(stopDate=None, output=None, error=None, cause=None)
    engine._add_event(execution, "ExecutionRedriven", {"executionRedrivenEventDetails": {"redriveCount": count}})
    engine._emit_execution_status_event(execution)
    _start_thread(execution)
    return engine.json_response({"redriveDate": redrive_date})


def _start_thread(execution: dict[str, Any]) -> None:
    run = contextvars.copy_context().run
    arguments = (engine._run_execution, execution["executionArn"])
    threading.Thread(target=run, args=arguments, daemon=True).start()


async def _handle_request(method: str, path: str, headers: dict[str, str], body: bytes, query_params: Any) -> Any:
    if headers.get("x-amz-target", "").endswith(".RedriveExecution"):
        return engine._finalize_response(_redrive_execution(json.loads(body or b"{}")))
    return await _their_handle_request(method, path, headers, body, query_params)


def install() -> None:
    """Keep running executions over a restart and serve RedriveExecution."""
    global _their_handle_request, _their_restore
    require(engine, "_finalize_response")
    _their_restore = replace(engine, "_restore_state", _restore_state)
    _their_handle_request = replace(engine, "handle_request", _handle_request)
