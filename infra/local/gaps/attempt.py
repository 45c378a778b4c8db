"""One attempt of a Task: what each kind of Resource does, and how it ends when its execution does.

Knows when an attempt is over and what its result is; retries, catchers and history's frame are `task.py`.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ministack.services import stepfunctions as engine

from infra.local.gaps import history
from infra.local.gaps.control import AttemptTimeoutError, Control, remaining
from infra.local.gaps.tokens import close_token, open_token

_WAITING = ".waitForTaskToken"
RESTARTED = "the stand-in was restarted while the task ran"


@dataclass(frozen=True)
class Attempt:
    """What is asked of a service, by when, and on whose behalf.

    `flight` is kept in the execution's record while the attempt runs; whatever a restarted stand-in needs in order to
    go on waiting for the same thing is written there. `resumed` says that this has happened.
    """

    resource: str
    parameters: Any
    execution: dict[str, Any]
    control: Control
    flight: dict[str, Any]
    resumed: bool
    deadline: float | None
    heartbeat_seconds: float | None


# By the beginning of the Resource; the longest one that fits is taken.
Performer = Callable[[Attempt], Any]
_performers: dict[str, Performer] = {}


def register(resource_prefix: str, performer: Performer) -> None:
    """Let `performer` run every Resource that begins so."""
    _performers[resource_prefix] = performer


def perform(attempt: Attempt) -> Any:
    """Run the attempt to its result.

    Raises:
        AttemptTimeoutError: the deadline passed.
        stepfunctions._ExecutionError: the task failed.
        ExecutionEndedError: the execution ended first; what the attempt had started is stopped.
    """
    if attempt.resource.endswith(_WAITING):
        return _wait_for_token(attempt)
    fitting = [prefix for prefix in _performers if attempt.resource.startswith(prefix)]
    if fitting:
        return _performers[max(fitting, key=len)](attempt)
    return call_once(attempt, lambda: engine._invoke_resource(attempt.resource, attempt.parameters))


def call_once(attempt: Attempt, function: Callable[[], Any]) -> Any:
    """A request with an immediate answer. One that a restart cut off may have had its effect: it counts as failed."""
    if attempt.resumed:
        raise engine._ExecutionError("States.TaskFailed", RESTARTED)
    return attempt.control.call(function, deadline=attempt.deadline)


def begin_once(attempt: Attempt, function: Callable[[], Any]) -> Any:
    """A request that starts what outlives it: never left half-way, for nobody could stop what it then started."""
    if attempt.resumed:
        raise engine._ExecutionError("States.TaskFailed", RESTARTED)
    attempt.control.check()
    return function()


def _wait_for_token(attempt: Attempt) -> Any:
    token = attempt.flight["token"]
    pending = open_token(token, attempt.control)
    try:
        if not attempt.flight.get("handedOver"):
            plain = attempt.resource.removesuffix(_WAITING)
            output = call_once(attempt, lambda: engine._invoke_resource(plain, attempt.parameters))
            attempt.flight["handedOver"] = True
            history.task_submitted(attempt.execution, attempt.resource, output)
        while not attempt.control.wait(lambda: pending.answered, _until_next_limit(attempt, pending.heartbeat_at)):
            _check_limits(attempt, pending.heartbeat_at)
    finally:
        close_token(token)
    if pending.failure is not None:
        raise engine._ExecutionError(*pending.failure)
    return pending.output


def _until_next_limit(attempt: Attempt, heartbeat_at: float) -> float | None:
    limits = [remaining(attempt.deadline)]
    if attempt.heartbeat_seconds is not None:
        limits.append(remaining(heartbeat_at + attempt.heartbeat_seconds))
    return min((limit for limit in limits if limit is not None), default=None)


def _check_limits(attempt: Attempt, heartbeat_at: float) -> None:
    now = time.time()
    if attempt.deadline is not None and now >= attempt.deadline:
        raise AttemptTimeoutError
    if attempt.heartbeat_seconds is not None and now >= heartbeat_at + attempt.heartbeat_seconds:
        cause = f"no heartbeat within {attempt.heartbeat_seconds:g} seconds"
        raise engine._ExecutionError("States.HeartbeatTimeout", cause)
