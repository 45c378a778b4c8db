"""Reads a JSON document into a frozen dataclass and writes it back, by the dataclass's own fields.

A document is a dataclass that inherits from ``Document``; its parts are plain frozen dataclasses, or ones with a
``parse`` and a ``document`` of their own where the fields alone do not say how they are written. A field's annotation
is its rule: ``str``, ``int``, ``float``, ``bool``, another dataclass, ``tuple[X, ...]``, ``Mapping[str, X]``,
``X | None``, ``Any``, or one of these narrowed by ``Annotated[X, Condition, …]``. A field with a default may be
missing, and is left out of the document while it has its default; any other must be there, if only as null. Keys that
no field names are left alone: a reader takes what it knows.
"""

from __future__ import annotations

import functools
import re
import types
from collections.abc import Mapping
from dataclasses import MISSING, Field, dataclass, fields, is_dataclass
from typing import Annotated, Any, Protocol, Self, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from workflow.contract.names import PACKAGE_ARN
from workflow.contract.reading import VERSION, ContractError, check_version, finite, mapping


class Condition(Protocol):
    """What ``Annotated`` may add to a type."""

    def broken(self, value: Any) -> str:
        """What a value must be, in words, where it is not; empty where it is."""


@dataclass(frozen=True)
class Matching:
    """A text that matches the whole of a pattern."""

    pattern: str
    wanted: str

    def broken(self, value: str) -> str:
        """What the text must be, where it is not."""
        return "" if re.fullmatch(self.pattern, value, re.DOTALL) else self.wanted


@dataclass(frozen=True)
class AtLeast:
    """A number that is not too small."""

    low: float

    def broken(self, value: float) -> str:
        """What the number must be, where it is not."""
        return "" if value >= self.low else f"at least {self.low:g}"


Text = Annotated[str, Matching(".+", "a text that is not empty")]
Digest = Annotated[str, Matching("[0-9a-f]{64}", "a SHA-256 of 64 hexadecimal digits")]
Address = Annotated[str, Matching("s3://.+", "an S3 address")]
Folder = Annotated[str, Matching("s3://.+/", "an S3 address that ends with a slash")]
PackageArn = Annotated[str, Matching(PACKAGE_ARN, "the ARN of a model package")]
PackageVersion = Annotated[int, AtLeast(1)]
Seconds = Annotated[int, AtLeast(1)]

Part = TypeVar("Part")


class Document:
    """A whole document: what its parts are, and the version that it names."""

    @classmethod
    def parse(cls, value: object) -> Self:
        """Read a document. Raises ContractError naming the key, what was found and what is allowed."""
        where = cls.__name__
        check_version(mapping(value, where), where)
        return read(cls, value, where)

    def document(self) -> dict[str, Any]:
        """The document as JSON."""
        return {"version": VERSION, **render(self)}


def read(part: type[Part], value: object, where: str) -> Part:
    """Read a dataclass from a JSON object. Raises ContractError naming the key below ``where``."""
    given = mapping(value, where)
    values = {}
    for name, (field, kind) in _fields_of(cast(Any, part)).items():
        if name in given:
            values[name] = _read_value(kind, given[name], f"{where}.{name}")
        elif field.default is MISSING:
            raise ContractError(f"{where}.{name}: missing")
    return part(**values)


def render(part: Any) -> dict[str, Any]:
    """A dataclass as a JSON object."""
    return {
        field.name: _render_value(getattr(part, field.name))
        for field in fields(part)
        if field.default is MISSING or getattr(part, field.name) != field.default
    }


@functools.cache
def _fields_of(part: type) -> dict[str, tuple[Field[Any], Any]]:
    hints = get_type_hints(part, include_extras=True)
    return {field.name: (field, hints[field.name]) for field in fields(cast(Any, part))}


def _render_value(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return value.document() if hasattr(value, "document") else render(value)
    if isinstance(value, Mapping):
        return {key: _render_value(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_render_value(item) for item in value]
    return value


def _read_value(kind: Any, value: Any, where: str) -> Any:
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return _read_narrowed(arguments, value, where)
    if origin in (Union, types.UnionType):
        return _read_optional(arguments, value, where)
    if origin is tuple:
        if not isinstance(value, (list, tuple)):
            raise ContractError(f"{where}: must be a list, found {value!r}")
        return tuple(_read_value(arguments[0], item, f"{where}[{at}]") for at, item in enumerate(value))
    if kind is Mapping or origin is Mapping:
        given = mapping(value, where)
        return {key: _read_value(arguments[1], item, f"{where}.{key}") for key, item in given.items()}
    if isinstance(kind, type) and is_dataclass(kind):
        return kind.parse(value) if hasattr(kind, "parse") else read(kind, value, where)
    return value if kind is Any else _read_scalar(kind, value, where)


def _read_narrowed(arguments: tuple[Any, ...], value: Any, where: str) -> Any:
    kind, *conditions = arguments
    good = _read_value(kind, value, where)
    for condition in cast(list[Condition], conditions):
        wanted = condition.broken(good)
        if wanted:
            raise ContractError(f"{where}: must be {wanted}, found {value!r}")
    return good


def _read_optional(arguments: tuple[Any, ...], value: Any, where: str) -> Any:
    kind = next(argument for argument in arguments if argument is not type(None))
    return None if value is None else _read_value(kind, value, where)


def _read_scalar(kind: type, value: Any, where: str) -> Any:
    if kind in (int, float):
        number = finite(value)
        if number is None or (kind is int and number != int(number)):
            word = "a whole number" if kind is int else "a number"
            raise ContractError(f"{where}: must be {word}, found {value!r}")
        return int(number) if kind is int else number
    if not isinstance(value, kind):
        word = {str: "a text", bool: "true or false"}[kind]
        raise ContractError(f"{where}: must be {word}, found {value!r}")
    return value
