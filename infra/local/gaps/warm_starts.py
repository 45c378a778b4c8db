"""Gap: provisioned concurrency. Where it is asked for, functions are started ahead of their first calls.

That of a machine's first state when a stack makes the machine; those of all its states when an execution starts, of
the machines that it starts the first one's, and those that have an address. A function is what it is at its first
call: one that cannot start is started again there, and fails as it would have. Nothing else is called.
"""

from __future__ import annotations

import contextvars
import json
import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from ministack.core import lambda_runtime
from ministack.services import lambda_svc
from ministack.services import stepfunctions as engine
from ministack.services.cloudformation import provisioners

from infra.local.gaps.patching import EngineChangedError, replace, require

_LOG = logging.getLogger("infra.local")
_MACHINE = "AWS::StepFunctions::StateMachine"
_pool = ThreadPoolExecutor(1, "warm start")
_theirs: dict[str, Any] = {}


def functions_of(definition: dict[str, Any]) -> Iterator[str]:
    """What a machine's states invoke, in their order; names that only its input tells are left out."""
    for state in definition["States"].values():
        if ":lambda:invoke" in state.get("Resource", ""):
            yield from filter(None, [state["Parameters"].get("FunctionName")])


def machines_of(definition: dict[str, Any]) -> Iterator[str]:
    """The machines that a machine's states start."""
    for state in definition["States"].values():
        if ":states:startExecution" in state.get("Resource", ""):
            yield from filter(None, [state["Parameters"].get("StateMachineArn")])


def _first_of(machine: str) -> list[str]:
    return list(functions_of(_definition(machine)))[:1]


def _definition(machine: str) -> dict[str, Any]:
    found = engine._state_machines.get(engine._resolve_state_machine_arn(machine))
    definition: dict[str, Any] = json.loads(found["definition"]) if found else {"States": {}}
    return definition


def _warm(references: list[str]) -> None:
    """Start these functions beside everything else, one after the other, each once."""
    for reference in dict.fromkeys(references):
        _pool.submit(contextvars.copy_context().run, _start, reference)


def _start(reference: str) -> None:
    found, config, name = lambda_svc._get_func_record_for_ref(reference)
    if not found or not config:
        return
    qualifier = config.get("Version", "$LATEST")
    with lambda_runtime._lock:
        if lambda_runtime._workers.get(lambda_runtime._worker_key(name, config, qualifier)):
            return
    worker, _ = lambda_runtime.acquire_worker(name, config, found["code_zip"], qualifier=qualifier)
    # Whoever calls it meanwhile gets this one, and waits until it has started instead of starting another.
    lambda_runtime.release_worker(worker)
    with worker._lock:
        if worker._proc is not None:
            return
        try:
            worker._spawn()
        except Exception as error:
            _LOG.info("%s was not started ahead: %s", name, error)
            lambda_runtime.kill_workers([worker])


def _start_execution(data: dict[str, Any]) -> Any:
    answer = _theirs["start"](data)
    if answer[0] < 400:
        definition = _definition(data["stateMachineArn"])
        started = [name for machine in machines_of(definition) for name in _first_of(machine)]
        _warm([*functions_of(definition), *started, *lambda_svc._function_urls])
    return answer


def _create(logical_id: str, properties: dict[str, Any], stack_name: str) -> Any:
    made = _theirs["create"](logical_id, properties, stack_name)
    _warm(_first_of(made[0]))
    return made


def end() -> None:
    """Start nothing more."""
    _pool.shutdown(wait=False, cancel_futures=True)


def install() -> None:
    """Start functions ahead from now on."""
    for name in ("_lock", "_workers", "_worker_key", "acquire_worker", "release_worker", "kill_workers"):
        require(lambda_runtime, name)
    for name in ("_get_func_record_for_ref", "_function_urls"):
        require(lambda_svc, name)
    require(require(lambda_runtime, "Worker"), "_spawn")
    _theirs["start"] = replace(engine, "_start_execution", _start_execution)
    handlers = require(provisioners, "_RESOURCE_HANDLERS")[_MACHINE]
    if "create" not in handlers:
        raise EngineChangedError(f"makes {_MACHINE} differently")
    _theirs["create"] = handlers["create"]
    handlers["create"] = _create
