"""The rules of a run's input: what one key may hold, how it is read, and how that is said to people."""

from __future__ import annotations

import difflib
import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Generic, TypeVar, cast

from workflow.contract.plain_text import PlainName
from workflow.contract.reading import ContractError, finite

Value = TypeVar("Value")


class InputError(ContractError):
    """The execution input names an unknown key, a wrong type or a value out of range."""


@dataclass(frozen=True)
class Rule(ABC, Generic[Value]):
    """What one key may hold; ``words`` say what the key is about."""

    words: str

    def allowed(self) -> str:
        """What is allowed, in words. Where only the key's own words can say it, they do."""
        return self.words

    def read(self, key: str, value: object) -> Value:
        """Return the value as this rule's type, or raise InputError naming the key and what is allowed."""
        good = self._take(value)
        if good is None:
            raise InputError(f"{key} = {value!r}: must be {self.allowed()}")
        return good

    @abstractmethod
    def _take(self, value: object) -> Value | None:
        """The value where it is allowed, None where it is not."""


@dataclass(frozen=True)
class Whole(Rule[int]):
    """A whole number, both ends included."""

    low: int
    high: int
    multiple: int = 1

    def allowed(self) -> str:
        """The range, and its steps where they are not of 1."""
        steps = f" in steps of {self.multiple}" if self.multiple > 1 else ""
        return f"a whole number from {self.low} to {self.high}{steps}"

    def _take(self, value: object) -> int | None:
        number = finite(value)
        if number is None or number != int(number) or not self.low <= number <= self.high:
            return None
        return None if int(number) % self.multiple else int(number)


@dataclass(frozen=True)
class Number(Rule[float]):
    """A number, both ends included; with ``above`` the low end is not."""

    low: float
    high: float
    above: bool = False

    def allowed(self) -> str:
        """The range."""
        return f"a number {'above' if self.above else 'from'} {self.low:.10g} to {self.high:.10g}"

    def _take(self, value: object) -> float | None:
        number = finite(value)
        if number is None or not self.low <= number <= self.high:
            return None
        return None if self.above and number == self.low else number


@dataclass(frozen=True)
class Switch(Rule[bool]):
    """True or false."""

    def allowed(self) -> str:
        """The two."""
        return "true or false"

    def _take(self, value: object) -> bool | None:
        return value if isinstance(value, bool) else None


@dataclass(frozen=True)
class OneOf(Rule[str]):
    """One of several texts."""

    choices: tuple[str, ...]

    def allowed(self) -> str:
        """All of them."""
        return "one of " + ", ".join(self.choices)

    def _take(self, value: object) -> str | None:
        return value if isinstance(value, str) and value in self.choices else None


@dataclass(frozen=True)
class Pattern(Rule[str]):
    """A text, the whole of which matches a regular expression."""

    pattern: str

    def _take(self, value: object) -> str | None:
        return value if isinstance(value, str) and re.fullmatch(self.pattern, value) else None


@dataclass(frozen=True)
class Name(Rule[str]):
    """Nothing, or a plain name."""

    longest: int

    def allowed(self) -> str:
        """Which letters a plain name is made of."""
        return PlainName(self.longest).wanted

    def _take(self, value: object) -> str | None:
        return value if isinstance(value, str) and not PlainName(self.longest).broken(value) else None


@dataclass(frozen=True)
class Patterns(Rule[Sequence[str]]):
    """A list of such texts."""

    pattern: str

    def _take(self, value: object) -> Sequence[str] | None:
        if not isinstance(value, list):
            return None
        return value if all(isinstance(text, str) and re.fullmatch(self.pattern, text) for text in value) else None


@dataclass(frozen=True)
class Table(Rule[Mapping[str, Any]]):
    """A JSON object; what it may hold is checked apart."""

    def _take(self, value: object) -> Mapping[str, Any] | None:
        return value if isinstance(value, dict) else None


def key(rule: Rule[Value], default: Value, direction: object = None) -> Value:
    """A field of a dataclass of input keys: its rule, its default, and where it is policy how it grows stricter."""
    known = {"rule": rule, "direction": direction}
    if isinstance(default, dict):
        # A dataclass takes no default that could be changed.
        return cast(Value, field(default_factory=default.copy, metadata=known))
    return field(default=default, metadata=known)


def rules_of(part: type) -> dict[str, Rule[Any]]:
    """The keys that a dataclass declares, each with its rule."""
    return {one.name: one.metadata["rule"] for one in fields(part)}


def among(name: object, known: Iterable[str], says: str = "allowed are") -> str:
    """The end of a refusal of a name: first those that were probably meant, then all that are known.

    >>> among("epoch", ["batch", "epochs"])
    '; did you mean epochs? Allowed are batch, epochs'
    >>> among("colour", ["batch", "epochs"], "there are")
    '; there are batch, epochs'
    """
    names = list(known)
    close = difflib.get_close_matches(str(name), [one for one in names if one != name], n=2)
    listed = f"{says} {', '.join(names)}"
    return f"; did you mean {' or '.join(close)}? {listed[:1].upper()}{listed[1:]}" if close else f"; {listed}"
