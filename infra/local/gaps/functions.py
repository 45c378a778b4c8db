"""Gap: functions that fail, and functions that a terminal's Ctrl-C reaches.

The engine answers every exception of a Python function as `Runtime.HandlerError`, so that no Catch of a state machine
can tell one from another; AWS gives the exception's class as `errorType`, with its stack trace. Ctrl-C would end the
functions before the stand-in knows that it has to stop; a function whose process is just being started when the engine
ends the others would outlive it. Knows nothing about who invoked the function.
"""

from __future__ import annotations

import signal
import threading
import time
from typing import Any

from ministack.core import lambda_runtime
from ministack.services import lambda_svc

from infra.local.gaps.patching import EngineChangedError, replace, require

_THEIR_REPORT = 'json.dumps({"status": "error", "error": str(e), "trace": traceback.format_exc()})'
_OUR_REPORT = """json.dumps({
                "status": "error",
                "error": str(e),
                "errorType": type(e).__name__,
                "stackTrace": traceback.format_tb(e.__traceback__),
                "trace": traceback.format_exc(),
            })"""


def _execute_function_warm(func: dict[str, Any], event: dict[str, Any], request_id: str) -> dict[str, Any]:
    config = func.get("config") or func
    name, qualifier = config.get("FunctionName", "unknown"), config.get("Version", "$LATEST")
    lambda_svc._ensure_reaper_thread()
    worker, _ = lambda_svc.acquire_worker(name, config, func["code_zip"], qualifier=qualifier)
    try:
        outcome = worker.invoke(
            event,
            request_id,
            trace_id=lambda_svc._xray_trace_id_for_invocation(config),
            invoked_function_arn=config.get("FunctionArn", ""),
            depth=lambda_svc._invoke_depth.get(),
            durable=lambda_svc._durable_env_overlay(),
        )
    except Exception as error:
        # A RuntimeError says why the worker could not start: its module cannot be imported, or has no such handler.
        kind = "Runtime.ImportModuleError" if isinstance(error, RuntimeError) else type(error).__name__
        return _failure(kind, str(error), request_id)
    finally:
        lambda_svc.release_worker(worker)
    log = outcome.get("log", "")
    if outcome.get("status") == "ok":
        return {"body": outcome.get("result"), "log": log}
    message = outcome.get("error", "")
    timed_out = lambda_svc._RIE_TIMEOUT_TEXT_RE.fullmatch(message)
    kind = "Sandbox.Timedout" if timed_out else outcome.get("errorType", "Runtime.ExitError")
    failure = _failure(kind, message, request_id, outcome.get("stackTrace"))
    return failure | {"log": "\n".join(filter(None, [log, outcome.get("trace", message)]))}


def _failure(kind: str, message: str, request_id: str, trace: list[str] | None = None) -> dict[str, Any]:
    body = {"errorMessage": message, "errorType": kind, "requestId": request_id}
    if trace is not None:
        body["stackTrace"] = trace  # type: ignore[assignment]
    return {"body": body, "error": True, "log": message}


def _spawn(self: Any) -> None:
    with _lock:
        if _ended.is_set():
            raise RuntimeError("the stand-in is stopping")
        _starting.add(self)
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        _their_spawn(self)
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
        with _lock:
            _starting.discard(self)


_their_spawn: Any = None
_lock = threading.Lock()
_starting: set[Any] = set()
"""Workers whose process is being started: the engine's own pool may know them before their process is there."""
_ended = threading.Event()
_END_SECONDS = 5


def end() -> None:
    """End every function's process, those that are just being started as well; none starts after this."""
    with _lock:
        _ended.set()
    given_up = time.monotonic() + _END_SECONDS
    while time.monotonic() < given_up:
        with _lock:
            starting = list(_starting)
        if not starting:
            break
        lambda_runtime.kill_workers([worker for worker in starting if worker._proc is not None])
        time.sleep(0.02)
    lambda_runtime.reset()


def install() -> None:
    """Name the errors of Python functions, and let the stand-in alone end them."""
    global _their_spawn
    _ended.clear()
    _their_spawn = replace(require(lambda_runtime, "Worker"), "_spawn", _spawn)
    for name in (
        "_ensure_reaper_thread",
        "acquire_worker",
        "release_worker",
        "_RIE_TIMEOUT_TEXT_RE",
        "_invoke_depth",
        "_xray_trace_id_for_invocation",
        "_durable_env_overlay",
    ):
        require(lambda_svc, name)
    script = require(lambda_runtime, "_PYTHON_WORKER_SCRIPT")
    if script.count(_THEIR_REPORT) != 1:
        raise EngineChangedError("reports the error of a Python function differently")
    lambda_runtime._PYTHON_WORKER_SCRIPT = script.replace(_THEIR_REPORT, _OUR_REPORT)
    replace(lambda_svc, "_execute_function_warm", _execute_function_warm)
