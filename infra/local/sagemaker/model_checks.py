"""Checks requests and answers against botocore's own description of SageMaker.

botocore itself checks required members, types and minima only; here lengths, ranges, enumerations and patterns count
too, and an unknown member is refused, so that a typing mistake fails on this machine and not on AWS. It knows no
operation: everything comes from the shapes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from functools import cache
from typing import Any

from botocore.loaders import Loader
from botocore.model import OperationModel, ServiceModel
from botocore.utils import parse_to_aware_datetime

from infra.local.sagemaker.errors import ServiceError, invalid

_LONGEST_SHOWN = 200
# Java's character classes that Python's `re` does not know, by the nearest (slightly wider) Python class.
_JAVA_CLASSES = {
    r"\p{L}": r"\w",
    r"\p{M}": r"\u0300-\u036f",
    r"\p{Z}": r"\s",
    r"\p{N}": r"\d",
    r"\p{S}": r"$+<=>^`|~\u00a2-\uffff",
    r"\p{P}": r"!-/:-@\[-`{-~\u00a1-\uffff",
    r"\p{Alnum}": "a-zA-Z0-9",
    r"\p{ASCII}": r"[\x00-\x7f]",
}


@cache
def service_model() -> ServiceModel:
    """SageMaker's control plane as botocore describes it."""
    return ServiceModel(Loader().load_service_model("sagemaker", "service-2"), "sagemaker")


@cache
def runtime_model() -> ServiceModel:
    """SageMaker's invocations as botocore describes them."""
    return ServiceModel(Loader().load_service_model("sagemaker-runtime", "service-2"), "sagemaker-runtime")


def operation(name: str) -> OperationModel:
    """The model of one operation; an unknown name is refused as AWS would."""
    if name not in service_model().operation_names:
        raise ServiceError("UnknownOperationException", f"SageMaker has no operation {name}")
    return service_model().operation_model(name)


def check_request(name: str, parameters: dict[str, Any]) -> None:
    """Refuse a request that the service's own description refuses."""
    shape = operation(name).input_shape
    problems = list(_problems(shape, parameters, "")) if shape is not None else []
    if problems:
        count = f"{len(problems)} validation error{'s' if len(problems) > 1 else ''} detected: "
        raise invalid(count + "; ".join(problems))


def answer(name: str, result: dict[str, Any]) -> dict[str, Any]:
    """An operation's result as JSON 1.1 carries it (timestamps as epoch seconds), checked against its output shape."""
    shape = operation(name).output_shape
    if shape is None:
        return {}
    document: dict[str, Any] = _wire(result)
    problems = list(_problems(shape, document, ""))
    if problems:
        raise ServiceError("InternalFailure", f"{name} would answer against its own model: {'; '.join(problems)}", 500)
    return document


def pick(shape: Any, record: dict[str, Any]) -> dict[str, Any]:
    """The members of a structure that a record holds; ``None`` counts as absent."""
    return {name: record[name] for name in shape.members if record.get(name) is not None}


def described(name: str, record: dict[str, Any]) -> dict[str, Any]:
    """A record as the output of the operation ``name``."""
    return pick(operation(name).output_shape, record)


def epoch(value: Any) -> float:
    """Any spelling of a timestamp that an SDK or a state machine sends, in epoch seconds."""
    return float(parse_to_aware_datetime(value).timestamp())


@cache
def pattern(text: str) -> re.Pattern[str] | None:
    """A shape's pattern for Python, or ``None`` for the few that only Java understands."""
    text = re.sub(r"\$\{(\d+),(\d+)\}", r"{\1,\2}", text)
    for java, python in _JAVA_CLASSES.items():
        text = text.replace(java, python)
    try:
        return re.compile(text)
    except re.error:
        return None


def _wire(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.timestamp()
    if isinstance(value, dict):
        return {key: _wire(item) for key, item in value.items() if item is not None}
    if isinstance(value, (list, tuple)):
        return [_wire(item) for item in value]
    return value


def _problems(shape: Any, value: Any, path: str) -> Iterator[str]:
    where = path or "the request"
    match shape.type_name:
        case "structure":
            yield from _structure_problems(shape, value, path)
        case "list":
            if not isinstance(value, list):
                yield f"{where} must be a list, not {_kind(value)}"
                return
            yield from _size_problems(shape, len(value), value, where)
            for position, item in enumerate(value, 1):
                yield from _problems(shape.member, item, f"{path}.{position}.member")
        case "map":
            if not isinstance(value, dict):
                yield f"{where} must be a map, not {_kind(value)}"
                return
            yield from _size_problems(shape, len(value), value, where)
            for key, item in value.items():
                yield from _problems(shape.key, key, f"{path}.key")
                yield from _problems(shape.value, item, f"{path}.{key}.member")
        case "string":
            yield from _string_problems(shape, value, where)
        case "integer" | "long" | "float" | "double":
            yield from _number_problems(shape, value, where)
        case "boolean":
            if not isinstance(value, bool):
                yield f"{where} must be true or false, not {_kind(value)}"
        case "timestamp":
            try:
                epoch(value)
            except (TypeError, ValueError, OverflowError):
                yield f"{where} must be a timestamp, not {_kind(value)}"


def _structure_problems(shape: Any, value: Any, path: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{path or 'the request'} must be a structure, not {_kind(value)}"
        return
    prefix = f"{path}." if path else ""
    for name in shape.required_members:
        if value.get(name) is None:
            yield f"Value null at '{prefix}{_lower(name)}' failed to satisfy constraint: Member must not be null"
    for name, item in value.items():
        if name not in shape.members:
            yield f"'{prefix}{name}' is no member of {shape.name} (it has {', '.join(shape.members)})"
        elif item is not None:
            yield from _problems(shape.members[name], item, prefix + _lower(name))


def _string_problems(shape: Any, value: Any, where: str) -> Iterator[str]:
    if not isinstance(value, str):
        yield f"{where} must be a string, not {_kind(value)}"
        return
    yield from _size_problems(shape, len(value), value, where)
    allowed = getattr(shape, "enum", None)
    if allowed and value not in allowed:
        yield _constraint(value, where, f"Member must satisfy enum value set: [{', '.join(allowed)}]")
    expression = shape.metadata.get("pattern")
    compiled = pattern(expression) if expression else None
    if compiled is not None and not compiled.fullmatch(value):
        yield _constraint(value, where, f"Member must satisfy regular expression pattern: {expression}")


def _number_problems(shape: Any, value: Any, where: str) -> Iterator[str]:
    whole = shape.type_name in ("integer", "long")
    if isinstance(value, bool) or not isinstance(value, int if whole else (int, float)):
        yield f"{where} must be {'an integer' if whole else 'a number'}, not {_kind(value)}"
        return
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    if low is not None and value < low:
        yield _constraint(value, where, f"Member must have value greater than or equal to {low}")
    if high is not None and value > high:
        yield _constraint(value, where, f"Member must have value less than or equal to {high}")


def _size_problems(shape: Any, size: int, value: Any, where: str) -> Iterator[str]:
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    if low is not None and size < low:
        yield _constraint(value, where, f"Member must have length greater than or equal to {low}")
    if high is not None and size > high:
        yield _constraint(value, where, f"Member must have length less than or equal to {high}")


def _constraint(value: Any, where: str, rule: str) -> str:
    shown = str(value) if len(str(value)) <= _LONGEST_SHOWN else f"{str(value)[:_LONGEST_SHOWN]}…"
    return f"Value '{shown}' at '{where}' failed to satisfy constraint: {rule}"


def _lower(name: str) -> str:
    return name[:1].lower() + name[1:]


def _kind(value: Any) -> str:
    return f"{type(value).__name__} {str(value)[:60]!r}"
