"""Gap: the engine's Wait states and retry delays sleep on after the execution has ended.

Also the rest of Retry: `MaxDelaySeconds` and `JitterStrategy`, and States.ALL and States.TaskFailed matching what
AWS says they match. Knows nothing about tasks; Parallel and Map states retry here too.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from ministack.services import stepfunctions as engine

from infra.local.gaps.control import current
from infra.local.gaps.patching import replace

# AWS lets States.ALL catch neither of these.
_TERMINAL = ("States.Runtime", "States.DataLimitExceeded")


def retry_delay(retrier: dict[str, Any], retries: int, chance: Callable[[], float] = random.random) -> float:
    """Seconds to wait before retry number `retries` + 1.

    >>> [retry_delay({"IntervalSeconds": 2, "BackoffRate": 3, "MaxDelaySeconds": 10}, n) for n in range(3)]
    [2, 6, 10]
    """
    delay: float = retrier.get("IntervalSeconds", 1) * retrier.get("BackoffRate", 2.0) ** retries
    delay = min(delay, retrier.get("MaxDelaySeconds", delay))
    return delay * chance() if retrier.get("JitterStrategy") == "FULL" else delay


def error_matches(error_equals: list[str], error: str) -> bool:
    """Whether a retrier's or catcher's ErrorEquals names this error."""
    if error in error_equals:
        return True
    if error in _TERMINAL:
        return False
    timeouts = ("States.Timeout", "States.HeartbeatTimeout")
    if error == "States.HeartbeatTimeout" and "States.Timeout" in error_equals:
        return True
    return "States.ALL" in error_equals or ("States.TaskFailed" in error_equals and error not in timeouts)


def scaled_sleep(seconds: float) -> None:
    """Wait for the scaled time, or until the execution ends."""
    current().sleep(seconds * engine._SFN_WAIT_SCALE)


def _with_retry_and_catch(
    state_def: dict[str, Any], raw_input: Any, ctx: dict[str, Any], attempt: Callable[[], Any]
) -> Any:
    state = ctx["State"]
    retries: dict[int, int] = {}
    while True:
        # Branches write their own State into the context; every attempt starts from this state's, counted.
        ctx["State"] = {**state, "RetryCount": sum(retries.values())}
        try:
            return attempt()
        except engine._ExecutionError as error:
            # A branch that was woken because the execution ended fails here as well: that is no failure to retry.
            current().check()
            if not sleep_before_retry(state_def, error.error, retries):
                return caught(state_def, error, raw_input, ctx)


def sleep_before_retry(state: dict[str, Any], error: str, retries: dict[int, int]) -> bool:
    """Wait as the matching retrier says and count the retry; False when there is none left."""
    retrier, index = engine._find_matching_retrier(state.get("Retry", []), error, retries)
    if retrier is None:
        return False
    scaled_sleep(retry_delay(retrier, retries.get(index, 0)))
    retries[index] = retries.get(index, 0) + 1
    return True


def caught(state: dict[str, Any], error: Any, raw_input: Any, context: dict[str, Any]) -> tuple[Any, str]:
    """The output and the next state of the catcher that takes `error`; raises it where none does."""
    catcher = engine._find_matching_catcher(state.get("Catch", []), error.error)
    if catcher is None:
        raise error
    language = engine._state_query_language(state, context)
    told = {"Error": error.error, "Cause": error.cause}
    return engine._apply_catcher(catcher, raw_input, context, language, told), catcher["Next"]


def _error_matches(error_equals: list[str], error: str) -> bool:
    return error_matches(error_equals, error)


def _scaled_sleep(seconds: float) -> None:
    scaled_sleep(seconds)


def install() -> None:
    """Wait and retry this way in every state."""
    replace(engine, "_scaled_sleep", _scaled_sleep)
    replace(engine, "_error_matches", _error_matches)
    replace(engine, "_with_retry_and_catch", _with_retry_and_catch)
