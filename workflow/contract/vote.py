"""The yes of one person, where a stack wants more than one to approve.

A vote decides nothing. It is kept on the request that it is about, with a mark that only the decide function can make,
until as many people as the stack requires have said yes; then the one decision names them all.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from workflow.contract.document import Text, read, render
from workflow.contract.mark import to_mark
from workflow.contract.person import are_same
from workflow.contract.reading import ContractError


@dataclass(frozen=True)
class Vote:
    """Who said yes, by which of a decision's doors, why, and when (epoch seconds).

    ``also`` is what else they are called.
    """

    by: Text
    door: Text
    comment: str
    at_epoch: int
    also: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Everything that whoever said yes is called."""
        return (self.by, *self.also)

    def message(self, request: str) -> bytes:
        """What is marked; ``request`` is the key of the one that it is about, and counts for."""
        text = json.dumps([request, render(self)], sort_keys=True)
        return to_mark("vote", text)


@dataclass(frozen=True)
class MarkedVote:
    """A vote with its mark in hex, as the table keeps it: one JSON text for each."""

    vote: Vote
    mac: str

    def text(self) -> str:
        """The JSON."""
        return json.dumps(render(self), ensure_ascii=False)

    @staticmethod
    def parse(value: Any) -> MarkedVote:
        """Read the JSON, or what it says. Raises ContractError on one that is not whole."""
        try:
            return read(MarkedVote, json.loads(value) if isinstance(value, str) else value, "vote")
        except ValueError as error:
            raise ContractError(f"vote: cannot be read: {error}") from error


def read_required(environ: Mapping[str, str]) -> int:
    """How many people have to say yes, as a function's environment says it; one where it says nothing."""
    return int(environ.get("REQUIRED_APPROVALS") or "1")


def has_voted(votes: Iterable[Vote], names: Iterable[str]) -> bool:
    """Whether somebody of these names said yes already."""
    known = tuple(names)
    return any(are_same(vote.names, known) for vote in votes)


def count_people(votes: Sequence[Vote]) -> int:
    """How many people said yes, each of them counted once."""
    return sum(not has_voted(votes[:at], vote.names) for at, vote in enumerate(votes))


def tally(votes: Sequence[Vote], required: int) -> str:
    """How far it is, in words; empty where nobody said yes."""
    if not votes:
        return ""
    who = ", ".join(f"{vote.by} ({vote.door})" for vote in votes)
    return f"{count_people(votes)} of {required} approved, by {who}"
