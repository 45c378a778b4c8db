"""Takes values out of plain JSON, each of the wanted type or with an error that names its key.

Where nobody is to hear of an error, as in a history that anybody may have written, an object is read or is empty.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

VERSION = 1
"""Of every document that flows between the states."""


class ContractError(ValueError):
    """A document does not say what it must: names the key, what was found, and what is allowed."""


def finite(value: object) -> float | None:
    """Return a real, finite number as float; None for anything else (NaN, infinity, text, bool, None)."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def object_or_empty(value: object) -> dict[str, Any]:
    """The value where it is a JSON object; an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def read_object(text: object) -> dict[str, Any]:
    """The JSON object that a text holds; an empty one where it holds none, or one nested too deeply to be read."""
    try:
        return object_or_empty(json.loads(str(text)))
    except (ValueError, RecursionError):
        return {}


def mapping(value: object, where: str) -> Mapping[str, Any]:
    """A JSON object."""
    if not isinstance(value, Mapping):
        raise ContractError(f"{where}: must be a JSON object, found {type(value).__name__}")
    return value


def sequence(holder: Mapping[str, Any], key: str, where: str) -> Sequence[Any]:
    """A JSON list."""
    value = holder.get(key)
    if not isinstance(value, (list, tuple)):
        raise ContractError(f"{where}.{key}: must be a list, found {value!r}".lstrip("."))
    return value


def check_version(document: Mapping[str, Any], where: str) -> None:
    """Refuse a document of a version this code does not know."""
    if document.get("version") != VERSION:
        raise ContractError(f"{where}: version {document.get('version')!r} is not {VERSION}")


def number(holder: Mapping[str, Any], key: str, where: str) -> float:
    """A finite number."""
    value = finite(holder.get(key))
    if value is None:
        raise ContractError(f"{where}.{key}: must be a finite number, found {holder.get(key)!r}".lstrip("."))
    return value


def count(holder: Mapping[str, Any], key: str, where: str) -> int:
    """A whole number of at least 0."""
    value = number(holder, key, where)
    if value < 0 or value != int(value):
        raise ContractError(
            f"{where}.{key}: must be a whole number of at least 0, found {holder.get(key)!r}".lstrip(".")
        )
    return int(value)


def fraction(holder: Mapping[str, Any], key: str, where: str) -> float:
    """A number from 0 to 1."""
    value = number(holder, key, where)
    if not 0 <= value <= 1:
        raise ContractError(f"{where}.{key}: must be from 0 to 1, found {value!r}".lstrip("."))
    return value


def fraction_or_none(holder: Mapping[str, Any], key: str, where: str) -> float | None:
    """A number from 0 to 1, or null; a key that is missing is an error, as anything else is."""
    if key in holder and holder[key] is None:
        return None
    return fraction(holder, key, where)


def text(holder: Mapping[str, Any], key: str, where: str) -> str:
    """A text."""
    value = holder.get(key)
    if not isinstance(value, str):
        raise ContractError(f"{where}.{key}: must be a text, found {value!r}".lstrip("."))
    return value


def choice(holder: Mapping[str, Any], key: str, where: str, choices: Sequence[str]) -> str:
    """One of several texts."""
    value = text(holder, key, where)
    if value not in choices:
        raise ContractError(f"{where}.{key}: must be one of {', '.join(choices)}, found {value!r}".lstrip("."))
    return value
