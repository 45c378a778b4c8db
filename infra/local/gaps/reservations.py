"""Gap: Lambda's account-wide concurrency, of which a function may not reserve so much that others starve.

The engine reserves whatever is asked through its API, forgets what a template reserves, and tells a limit that depends
on this machine. AWS keeps 100 for the functions that reserve nothing, so that an account with less can reserve none.
"""

from __future__ import annotations

import json
from typing import Any

from ministack.services import lambda_svc
from ministack.services.cloudformation import provisioners

from infra.local.gaps.patching import EngineChangedError, replace, require
from infra.local.quotas import CONCURRENT_EXECUTIONS, Quotas

UNRESERVED = 100
_RESOURCE = "AWS::Lambda::Function"
_PROPERTY = "ReservedConcurrentExecutions"
_applied = Quotas({})
_theirs: dict[str, Any] = {}


def _refusal(name: str, wanted: int) -> str:
    """Why a function may not reserve so much; empty where it may."""
    others = sum(int(item.get("concurrency") or 0) for key, item in lambda_svc._functions.items() if key != name)
    if wanted and _limit() - others - wanted < UNRESERVED:
        return (
            "Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution "
            f"below its minimum value of [{UNRESERVED}]."
        )
    return ""


def _limit() -> int:
    return int(_applied.value(CONCURRENT_EXECUTIONS))


def _get_account_settings() -> Any:
    status, headers, body = _theirs["settings"]()
    told = json.loads(body)
    reserved = sum(int(item.get("concurrency") or 0) for item in lambda_svc._functions.values())
    told["AccountLimit"] |= {"ConcurrentExecutions": _limit(), "UnreservedConcurrentExecutions": _limit() - reserved}
    return status, headers, json.dumps(told).encode()


def _put_function_concurrency(func_name: str, data: dict[str, Any]) -> Any:
    refusal = _refusal(func_name, int(data.get(_PROPERTY) or 0))
    if refusal:
        return lambda_svc.error_response_json("InvalidParameterValueException", refusal, 400)
    return _theirs["put"](func_name, data)


def _reserve(name: str, properties: dict[str, Any]) -> None:
    wanted = properties.get(_PROPERTY)
    refusal = _refusal(name, int(wanted or 0))
    if refusal:
        raise ValueError(refusal)
    lambda_svc._functions[name]["concurrency"] = None if wanted is None else int(wanted)


def _create(logical_id: str, properties: dict[str, Any], stack_name: str) -> Any:
    made = _theirs["create"](logical_id, properties, stack_name)
    try:
        _reserve(made[0], properties)
    except ValueError:
        _theirs["delete"](made[0], properties)
        raise
    return made


def _update(
    physical_id: str, old: dict[str, Any], new: dict[str, Any], stack_name: str, logical_id: str | None = None
) -> Any:
    made = _theirs["update"](physical_id, old, new, stack_name, logical_id)
    _reserve(made[0], new)
    return made


def install(applied: Quotas) -> None:
    """Hold every reservation against what the account has."""
    global _applied
    _applied = applied
    for name in ("_functions", "error_response_json"):
        require(lambda_svc, name)
    _theirs["settings"] = replace(lambda_svc, "_get_account_settings", _get_account_settings)
    _theirs["put"] = replace(lambda_svc, "_put_function_concurrency", _put_function_concurrency)
    handlers = require(provisioners, "_RESOURCE_HANDLERS")[_RESOURCE]
    if not {"create", "update", "delete"} <= handlers.keys():
        raise EngineChangedError(f"makes {_RESOURCE} differently")
    _theirs.update({name: handlers[name] for name in ("create", "update", "delete")})
    handlers |= {"create": _create, "update": _update}
