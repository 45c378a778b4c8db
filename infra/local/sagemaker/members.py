"""Refuses what a request asks for beyond what the stand-in does.

A member that is accepted and then ignored would be a made-up success, so only what `taken.py` lists gets through: a
member that a newer botocore brings is refused until somebody has decided about it. Knows no operation by name.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Any, TypeAlias

from infra.local.sagemaker.errors import lacking


class How(Enum):
    """How a member is taken."""

    DONE = "acted on, or a description that only its Describe operation shows"
    PLACE = "remembered and shown: where, on what or under which key it would be, and here that is this machine"


@dataclass(frozen=True)
class Only:
    """A member that is acted on where it has one of these values."""

    values: tuple[Any, ...]


Members: TypeAlias = dict[str, "How | Only | Members"]
"""What is taken of a structure, also of each structure of a list."""


def refuse_others(name: str, taken: Members, parameters: dict[str, Any]) -> None:
    """Raise ServiceError where a request of the operation ``name`` has anything that is not taken."""
    others = list(_others(taken, parameters, ""))
    if others:
        raise lacking(f"{', '.join(others)} of {name}")


def done(*names: str) -> Members:
    """Members that are acted on."""
    return dict.fromkeys(names, How.DONE)


def place(*names: str) -> Members:
    """Members that say where something would be."""
    return dict.fromkeys(names, How.PLACE)


def _others(taken: How | Only | Members, value: Any, path: str) -> Iterator[str]:
    if isinstance(taken, Only):
        if value not in taken.values:
            yield f"{path} {value}"
    elif isinstance(taken, How):
        return
    elif isinstance(value, list):
        for item in value:
            yield from _others(taken, item, path)
    else:
        for member, item in value.items():
            inner = f"{path}.{member}" if path else member
            if member not in taken:
                yield inner
            elif item is not None:
                yield from _others(taken[member], item, inner)
