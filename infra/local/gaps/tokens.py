"""Gap: task tokens that are waited for.

The engine ignores HeartbeatSeconds, forgets a token as if it had never existed, and takes an output that is no JSON.
Knows nothing about who was given the token.
"""

from __future__ import annotations

import base64
import json
import threading
import time
import uuid
from dataclasses import dataclass
from typing import Any

from ministack.services import stepfunctions as engine

from infra.local.gaps.control import Control, SuspendedError
from infra.local.gaps.patching import replace


@dataclass
class PendingToken:
    """A token somebody waits for, and what was answered to it."""

    control: Control
    heartbeat_at: float
    output: Any = None
    failure: tuple[str, str] | None = None
    answered: bool = False


_pending: dict[str, PendingToken] = {}
_lock = threading.Lock()


def new_token(execution_arn: str) -> str:
    """A fresh token; only its holder can answer, and it tells a late one from an invented one."""
    told = {"execution": execution_arn, "id": str(uuid.uuid4())}
    return base64.urlsafe_b64encode(json.dumps(told).encode()).decode()


def looks_like_token(token: object) -> bool:
    """Whether this stand-in could have made it."""
    try:
        told = json.loads(base64.urlsafe_b64decode(str(token).encode()))
    except ValueError:
        return False
    return isinstance(told, dict) and set(told) == {"execution", "id"}


def open_token(token: str, control: Control) -> PendingToken:
    """Start to wait for a token; the same record when it is opened again after a restart."""
    with _lock:
        return _pending.setdefault(token, PendingToken(control, time.time()))


def close_token(token: str) -> None:
    """Nobody waits for it any more: whoever answers now comes too late."""
    with _lock:
        _pending.pop(token, None)


def _send_task_success(data: dict[str, Any]) -> Any:
    try:
        output = json.loads(data.get("output", "{}"))
    except (TypeError, ValueError):
        return engine.error_response_json("InvalidOutput", "Invalid Output: 'not a JSON document'", 400)
    return _answer(data, output, None) or _theirs["_send_task_success"](data)


def _send_task_failure(data: dict[str, Any]) -> Any:
    failure = (data.get("error") or "States.TaskFailed", data.get("cause") or "")
    return _answer(data, None, failure) or _theirs["_send_task_failure"](data)


def _send_task_heartbeat(data: dict[str, Any]) -> Any:
    token = data.get("taskToken", "")
    with _lock:
        pending = _pending.get(token)
        if pending is not None and not pending.control.ended:
            pending.heartbeat_at = time.time()
            return engine.json_response({})
    return _refusal(token, pending) or _theirs["_send_task_heartbeat"](data)


def _answer(data: dict[str, Any], output: Any, failure: tuple[str, str] | None) -> Any:
    """The response, or None for a token of the engine's own (an activity's)."""
    token = data.get("taskToken", "")
    with _lock:
        pending = _pending.get(token)
        if pending is None or pending.control.ended:
            return _refusal(token, pending)
        del _pending[token]
    pending.output, pending.failure, pending.answered = output, failure, True
    pending.control.notify()
    return engine.json_response({})


def _refusal(token: str, pending: PendingToken | None) -> Any:
    if pending is not None and isinstance(pending.control.ended, SuspendedError):
        # Not taken and not refused: whoever asks again after the restart is heard.
        return engine.error_response_json("ServiceUnavailable", "the stand-in is stopping", 503)
    if engine._task_tokens.get(token):
        return None
    if looks_like_token(token):
        message = "Task Timed Out: 'Provided task does not exist anymore'"
        return engine.error_response_json("TaskTimedOut", message, 400)
    return engine.error_response_json("InvalidToken", "Invalid Token: 'Invalid token'", 400)


_theirs: dict[str, Any] = {}


def install() -> None:
    """Answer for every token that this module made; activities stay the engine's."""
    for ours in (_send_task_success, _send_task_failure, _send_task_heartbeat):
        _theirs[ours.__name__] = replace(engine, ours.__name__, ours)
