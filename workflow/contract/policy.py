"""The stack's policy: which keys of a run's input a run may make stricter than its stack, and never milder.

A key says where it is declared in which direction it grows stricter; whatever says nothing is no policy. What a run
asks less of than its stack demands is a ``Loosened``: refused, or shown to whoever approves, as the stack says.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any

from workflow.contract.dataset_report import FINDINGS, POLICIES
from workflow.contract.document import Text
from workflow.contract.rule import InputError

REFUSE, SHOW = "refuse", "show"
"""What a stack says of a run that asks less than it demands."""


@dataclass(frozen=True)
class Loosened:
    """One key by which a run asks less: as the stack has it, and as the run has it; None where it asks nothing."""

    key: Text
    was: Any
    now: Any

    def text(self) -> str:
        """Both in a few words."""
        return f"{self.key} was {show(self.was)}, is {show(self.now)}"


def show(value: object) -> str:
    """A value as it would be typed."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:.10g}" if isinstance(value, float) else str(value)


@dataclass(frozen=True)
class Direction(ABC):
    """In which direction a key grows stricter; ``words`` say what a run may do with it."""

    words: str

    @abstractmethod
    def loosened(self, key: str, stack: Mapping[str, Any], run: Mapping[str, Any]) -> Iterator[Loosened]:
        """What of this key the run asks less of than the stack; both are given with all their keys."""


@dataclass(frozen=True)
class Higher(Direction):
    """More is stricter, and true more than false."""

    def loosened(self, key: str, stack: Mapping[str, Any], run: Mapping[str, Any]) -> Iterator[Loosened]:
        """One where the run has less."""
        if run[key] < stack[key]:
            yield Loosened(key, stack[key], run[key])


@dataclass(frozen=True)
class Lower(Direction):
    """Less is stricter; with ``zero_is_none`` 0 asks nothing and is the mildest."""

    zero_is_none: bool = False

    def loosened(self, key: str, stack: Mapping[str, Any], run: Mapping[str, Any]) -> Iterator[Loosened]:
        """One where the run has more, or nothing."""
        was, now = (float("inf") if self.zero_is_none and not one[key] else one[key] for one in (stack, run))
        if now > was:
            yield Loosened(key, stack[key], None if self.zero_is_none and not run[key] else run[key])


@dataclass(frozen=True)
class HigherForEach(Direction):
    """A table of floors, each stricter where it is higher; what it does not name is held to the key ``otherwise``.

    A name that the run leaves out is loosened too: the gate asks that each name in the table was measured.
    """

    otherwise: str

    def loosened(self, key: str, stack: Mapping[str, Any], run: Mapping[str, Any]) -> Iterator[Loosened]:
        """One for each name in either table whose floor is lower, or gone."""
        for name in sorted(stack[key].keys() | run[key].keys()):
            was = stack[key].get(name, stack[self.otherwise])
            now = run[key].get(name, run[self.otherwise])
            if name in stack[key] and name not in run[key]:
                yield Loosened(f"{key}.{name}", was, None)
            elif now < was:
                yield Loosened(f"{key}.{name}", was, now)


@dataclass(frozen=True)
class OfFindings(Direction):
    """A table of what is done about findings, in the order of POLICIES; each has its own default."""

    def loosened(self, key: str, stack: Mapping[str, Any], run: Mapping[str, Any]) -> Iterator[Loosened]:
        """One for each kind that the run treats more mildly."""
        for kind in sorted(stack[key].keys() | run[key].keys()):
            was, now = (str(one[key].get(kind, FINDINGS[kind].default)) for one in (stack, run))
            if POLICIES.index(now) > POLICIES.index(was):
                yield Loosened(f"{key}.{kind}", was, now)


FLOOR = Higher("a run may only raise it")
CEILING = Lower("a run may only lower it", zero_is_none=True)
ALLOWANCE = Lower("a run may only lower it")
DEMANDED = Higher("a run may only set it to true")


def find_loosened(stack: Any, run: Any) -> tuple[Loosened, ...]:
    """What a run asks less of than its stack. Both are the same dataclass of input keys, complete."""
    was, now = ({one.name: getattr(inputs, one.name) for one in fields(inputs)} for inputs in (stack, run))
    return tuple(
        found
        for one in fields(run)
        if (direction := one.metadata.get("direction")) is not None
        for found in direction.loosened(one.name, was, now)
    )


def refuse_loosened(loosened: tuple[Loosened, ...]) -> None:
    """Raise InputError that names everything loosened, and how it is done where it is meant."""
    if loosened:
        asked = "; ".join(
            f"{one.key}: the run asks {show(one.now)}, the stack demands {show(one.was)}" for one in loosened
        )
        raise InputError(
            f"{asked}. A run may be stricter than its stack, not milder: change the stack's Defaults "
            "(greenlight deploy --default KEY=VALUE), or let its approvers see what a run loosens "
            "(greenlight deploy --parameter PolicyLoosening=show)"
        )
