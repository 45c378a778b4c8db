"""Items of the project's table in plain values, whichever of boto3's two ways they were read in."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any


def found_item(answer: Mapping[str, Any]) -> dict[str, Any] | None:
    """What GetItem found through a boto3 resource, which gives numbers as Decimal; None where there is no such item."""
    item = answer.get("Item")
    if item is None:
        return None
    return {key: _plain(value) for key, value in item.items()}


def plain_item(item: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """An item that a boto3 client read, which gives every value below the name of its type, numbers as text."""
    return {key: _untyped(typed) for key, typed in item.items()}


def _untyped(typed: Mapping[str, Any]) -> Any:
    ((kind, value),) = typed.items()
    if kind == "M":
        return plain_item(value)
    if kind == "L":
        return [_untyped(inner) for inner in value]
    return _number(Decimal(value)) if kind == "N" else value


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    return _number(value) if isinstance(value, Decimal) else value


def _number(value: Decimal) -> int | float:
    return int(value) if value == value.to_integral_value() else float(value)
