"""Gap: a path that selects nothing.

The engine reads a missing path as null, so that a machine with a mistyped path succeeds here and fails on AWS, where
it is States.Runtime. Also `IsPresent` on a value that is null, and what States.Format and a failing intrinsic say.
Knows nothing about states.
"""

from __future__ import annotations

import json
from typing import Any

from ministack.services import stepfunctions as engine

from infra.local.gaps.patching import replace, require

_their_resolve: Any = None
_their_rule: Any = None
_their_intrinsic: Any = None
_their_evaluate: Any = None


def _resolve_path(path: str, data: Any) -> Any:
    if not path or path == "$" or not path.startswith("$"):
        return data
    if not _selects(path, data):
        message = f"The JSONPath '{path}' could not be found in the input '{json.dumps(data)}'"
        raise engine._ExecutionError("States.Runtime", message)
    return _their_resolve(path, data)


def _selects(path: str, data: Any) -> bool:
    """Whether a path of the engine's subset finds something; one outside the subset finds nothing."""
    tokens = engine._parse_jsonpath_tokens(path)
    if tokens is None:
        return False
    for kind, value in tokens:
        if kind == "wildcard":
            # What lies below every element is found or not element by element, as AWS leaves the missing out.
            return isinstance(data, list | dict)
        if kind == "field" and not (isinstance(data, dict) and value in data):
            return False
        if kind == "index" and not (isinstance(data, list) and value < len(data)):
            return False
        data = data[value]
    return True


def _evaluate_rule(rule: dict[str, Any], data: Any, ctx: dict[str, Any] | None = None) -> bool:
    if "IsPresent" in rule:
        variable = rule["Variable"]
        source, path = (ctx, variable[1:]) if variable.startswith("$$.") else (data, variable)
        return _selects(path, source) is rule["IsPresent"]
    if rule.get("BooleanEquals") is not None:
        # The engine compares as Python does, to which 1 is True.
        value = engine._resolve_path_or_ctx(rule["Variable"], data, ctx)
        return isinstance(value, bool) and value is rule["BooleanEquals"]
    return bool(_their_rule(rule, data, ctx))


def spelled(value: Any) -> str:
    """A value as States.Format writes it: like JSON, but objects and arrays as `{key=value}` and `[a, b]`."""
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}={spelled(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(spelled(item) for item in value) + "]"
    return json.dumps(value)


def _exec_intrinsic(node: Any, data: Any, ctx: dict[str, Any] | None) -> Any:
    kind, name, arguments = node
    if name == "States.Format":
        values = [engine._eval_intrinsic_arg(argument, data, ctx) for argument in arguments]
        if values[0].replace("\\{", "").count("{}") != len(values) - 1:
            raise ValueError(f"States.Format: '{values[0]}' does not have one {{}} for each of its arguments")
        arguments = [("str", values[0]), *(("str", spelled(value)) for value in values[1:])]
    return _their_intrinsic((kind, name, arguments), data, ctx)


def _evaluate_intrinsic(expression: str, data: Any, ctx: dict[str, Any] | None) -> Any:
    try:
        return _their_evaluate(expression, data, ctx)
    except engine._ExecutionError:
        raise
    except Exception as error:
        message = f"Invalid intrinsic function {expression}: {error}"
        raise engine._ExecutionError("States.IntrinsicFailure", message) from error


def install() -> None:
    """Read paths this strictly everywhere."""
    global _their_resolve, _their_rule, _their_intrinsic, _their_evaluate
    require(engine, "_parse_jsonpath_tokens")
    _their_resolve = replace(engine, "_resolve_path", _resolve_path)
    _their_rule = replace(engine, "_evaluate_rule", _evaluate_rule)
    _their_intrinsic = replace(engine, "_exec_intrinsic", _exec_intrinsic)
    _their_evaluate = replace(engine, "_evaluate_intrinsic", _evaluate_intrinsic)
