"""Gap: what Lambda takes of a function's variables: 4 KB in all, and no name that it uses itself.

The engine takes any number of them, and leaves those with Lambda's own names out where a function runs.
"""

from __future__ import annotations

import json
import re
from typing import Any

from ministack.services import lambda_svc
from ministack.services.cloudformation import provisioners

from infra.local.gaps.patching import EngineChangedError, replace, require

LONGEST = 4096
RESERVED = frozenset(
    {
        *("_HANDLER", "_X_AMZN_TRACE_ID", "AWS_DEFAULT_REGION", "AWS_REGION", "AWS_EXECUTION_ENV"),
        *("AWS_LAMBDA_FUNCTION_NAME", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "AWS_LAMBDA_FUNCTION_VERSION"),
        *("AWS_LAMBDA_INITIALIZATION_TYPE", "AWS_LAMBDA_LOG_GROUP_NAME", "AWS_LAMBDA_LOG_STREAM_NAME"),
        *("AWS_ACCESS_KEY", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"),
        *("AWS_LAMBDA_RUNTIME_API", "LAMBDA_TASK_ROOT", "LAMBDA_RUNTIME_DIR"),
    }
)
"""By Lambda's guide, "Defined runtime environment variables"."""
_RESOURCE = "AWS::Lambda::Function"
_UNABLE = (
    "Lambda was unable to configure your environment variables because the environment variables you have provided "
)
_theirs: dict[str, Any] = {}


def refusal(settings: dict[str, Any]) -> str:
    """Why a function may not have these variables; empty where it may."""
    variables = (settings.get("Environment") or {}).get("Variables") or {}
    own = sorted(RESERVED & set(variables))
    if own:
        return (
            f"{_UNABLE}contains reserved keys that are currently not supported for modification. "
            f"Reserved keys used in this request: {', '.join(own)}"
        )
    odd = [name for name in variables if not re.fullmatch(r"[a-zA-Z][a-zA-Z0-9_]+", name)]
    if odd:
        return f"Value {odd} at 'environment.variables' failed to satisfy constraint: [a-zA-Z]([a-zA-Z0-9_])+"
    measured = json.dumps(variables, separators=(",", ":"), ensure_ascii=False)
    if len(measured.encode()) > LONGEST:
        return f"{_UNABLE}exceeded the 4KB limit. String measured: {measured}"
    return ""


def _create_function(data: dict[str, Any]) -> Any:
    return _refused(data) or _theirs["api create"](data)


def _update_config(name: str, data: dict[str, Any]) -> Any:
    return _refused(data) or _theirs["api update"](name, data)


def _refused(data: dict[str, Any]) -> Any:
    why = refusal(data)
    return lambda_svc.error_response_json("InvalidParameterValueException", why, 400) if why else None


def _create(logical_id: str, properties: dict[str, Any], stack_name: str) -> Any:
    if why := refusal(properties):
        raise ValueError(why)
    return _theirs["create"](logical_id, properties, stack_name)


def _update(
    physical_id: str, old: dict[str, Any], new: dict[str, Any], stack_name: str, logical_id: str | None = None
) -> Any:
    if why := refusal(new):
        raise ValueError(why)
    return _theirs["update"](physical_id, old, new, stack_name, logical_id)


def install() -> None:
    """Look at the variables of every function that is made or changed, by a call or by a template."""
    require(lambda_svc, "error_response_json")
    _theirs["api create"] = replace(lambda_svc, "_create_function", _create_function)
    _theirs["api update"] = replace(lambda_svc, "_update_config", _update_config)
    handlers = require(provisioners, "_RESOURCE_HANDLERS")[_RESOURCE]
    if not {"create", "update"} <= handlers.keys():
        raise EngineChangedError(f"makes {_RESOURCE} differently")
    _theirs.update({name: handlers[name] for name in ("create", "update")})
    handlers |= {"create": _create, "update": _update}
