"""Reads a JSON object that a stranger wrote, more strictly than the standard library does by itself.

A key given twice, ``NaN`` and bytes that are no UTF-8 are refused instead of being interpreted, and the memory that
a small but nasty text can ask for is bounded.
"""

from __future__ import annotations

import json
from typing import Any, NoReturn

from containers.serving.request.refusal import InvocationError, quote

MAXIMUM_COMMAS = 10_000
"""No honest request comes near; a body of nothing but ``{},{},…`` would take fifty times its size in memory."""


def read_object(data: bytes, what: str) -> dict[str, Any]:
    """The object that ``data`` holds in UTF-8. Raises InvocationError (400), which calls the text ``what``."""
    if data.count(b",") > MAXIMUM_COMMAS:
        raise InvocationError(400, f"{what} holds more than {MAXIMUM_COMMAS} commas: send an object with few values")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvocationError(400, f"{what} is not JSON: byte {error.start} is not UTF-8") from None
    try:
        document = json.loads(text, object_pairs_hook=_refuse_twice, parse_constant=_refuse_constant)
    except InvocationError as error:
        raise InvocationError(400, f"{what}: {error}") from None
    except json.JSONDecodeError as error:
        raise InvocationError(400, f"{what} is not JSON: {error}") from None
    except RecursionError:
        raise InvocationError(400, f"{what} is nested too deep: send a flat object") from None
    except ValueError:  # Python reads no integer of more than 4300 digits
        raise InvocationError(400, f"{what} holds a number of too many digits") from None
    if not isinstance(document, dict):
        raise InvocationError(400, f'{what} must be a JSON object, such as {{"image": …}}, found {quote(document)}')
    return document


def _refuse_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    document: dict[str, Any] = {}
    for key, value in pairs:
        if key in document:
            raise InvocationError(400, f"the key {quote(key)} is given twice")
        document[key] = value
    return document


def _refuse_constant(name: str) -> NoReturn:
    raise InvocationError(400, f"{name} is no number in JSON")
