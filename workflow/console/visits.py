"""Folds the events of an execution into its visits to states, with all that a person may ask of one. Pure.

Where ``runs.history`` keeps what a line of a terminal has room for, this keeps input, output and every attempt. Both
machines take one state after the other, so an event inside a state belongs to the state that was entered last.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from itertools import pairwise
from typing import Any

from workflow.contract.plain_text import show_plain
from workflow.contract.reading import read_object
from workflow.runs.history import readable_cause


class Status(StrEnum):
    """How a visit stands, or a whole execution; the value is the name of its colour."""

    DONE = "done"
    RUNNING = "running"
    ASKING = "asking"
    CAUGHT = "caught"
    FAILED = "failed"
    STOPPED = "stopped"

    @property
    def words(self) -> str:
        """The status as people read it."""
        return _WORDS[self]


_WORDS = {
    Status.DONE: "done",
    Status.RUNNING: "running",
    Status.ASKING: "waits for a person",
    Status.CAUGHT: "failed, handled",
    Status.FAILED: "failed",
    Status.STOPPED: "stopped",
}
_OF_EXECUTIONS = {
    "RUNNING": Status.RUNNING,
    "PENDING_REDRIVE": Status.RUNNING,
    "SUCCEEDED": Status.DONE,
    "ABORTED": Status.STOPPED,
}
_ENDINGS = {
    "ExecutionSucceeded": Status.DONE,
    "ExecutionFailed": Status.FAILED,
    "ExecutionAborted": Status.STOPPED,
    "ExecutionTimedOut": Status.FAILED,
}


def status_of(execution_status: str) -> Status:
    """The status of an execution by Step Functions' own word, such as ``TIMED_OUT``."""
    return _OF_EXECUTIONS.get(execution_status, Status.FAILED)


@dataclass
class Attempt:
    """One call of a service. ``error`` and ``cause`` are empty while it runs and where it went well."""

    began: datetime
    resource: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    submitted: Mapping[str, Any] = field(default_factory=dict)
    ended: datetime | None = None
    error: str = ""
    cause: str = ""

    @property
    def job(self) -> str:
        """The name of the job that it started, empty where it started none."""
        return next((str(value) for key, value in self.parameters.items() if key.endswith("JobName")), "")

    @property
    def nested(self) -> str:
        """The ARN of the execution that it started, empty where it started none."""
        return str(self.submitted.get("ExecutionArn", ""))

    @property
    def why(self) -> str:
        """Why it failed, on one line."""
        return ": ".join(part for part in (show_plain(self.error), readable_cause(self.cause)) if part)


@dataclass
class Visit:
    """One visit to one state. ``given`` and ``left`` are its input and its output, as JSON texts."""

    number: int
    state: str
    kind: str
    entered: datetime
    given: str = ""
    left: str = ""
    exited: datetime | None = None
    attempts: list[Attempt] = field(default_factory=list)
    status: Status = Status.RUNNING

    @property
    def last(self) -> Attempt | None:
        """The latest attempt, None where the state calls nothing."""
        return self.attempts[-1] if self.attempts else None

    def seconds(self, now: datetime) -> float:
        """Time in the state so far."""
        return max(0.0, ((self.exited or now) - self.entered).total_seconds())


@dataclass(frozen=True)
class Trail:
    """Everything an execution did so far. ``ending`` is None while it runs."""

    visits: tuple[Visit, ...]
    ending: Status | None = None

    def by_state(self) -> dict[str, Visit]:
        """The latest visit to every state that was entered."""
        return {visit.state: visit for visit in self.visits}

    def ways(self) -> frozenset[tuple[str, str]]:
        """The ways taken: from which state to which one."""
        return frozenset((one.state, two.state) for one, two in pairwise(self.visits))

    def of(self, state: str) -> tuple[Visit, ...]:
        """The visits to one state."""
        return tuple(visit for visit in self.visits if visit.state == state)

    def current(self) -> Visit | None:
        """The visit that a person wants to see first: the running one, the one that failed, or else the last."""
        for wanted in ((Status.RUNNING, Status.ASKING, Status.STOPPED), (Status.CAUGHT,)):
            found = [visit for visit in self.visits if visit.status in wanted]
            if found and (self.ending is not Status.DONE):
                return found[-1]
        return self.visits[-1] if self.visits else None

    def steps(self) -> tuple[tuple[Visit, int], ...]:
        """The latest visit to each state that calls something or waits, in the order of first visits, and how many."""
        counts: dict[str, int] = {}
        for visit in self.visits:
            if visit.attempts or visit.kind in {"Task", "Wait", "Fail"}:
                counts[visit.state] = counts.get(visit.state, 0) + 1
        latest = self.by_state()
        return tuple((latest[state], count) for state, count in counts.items())


def follow(events: Iterable[Mapping[str, Any]]) -> Trail:
    """The trail of an execution, from its events, oldest first."""
    visits: list[Visit] = []
    ending: Status | None = None
    at: datetime | None = None
    for event in events:
        kind, at = str(event["type"]), event["timestamp"]
        details = details_of(event)
        if kind.endswith("StateEntered"):
            visits.append(
                Visit(
                    len(visits) + 1, details["name"], kind.removesuffix("StateEntered"), at, details.get("input") or ""
                )
            )
        elif kind.endswith("StateExited"):
            if visits and visits[-1].state == details["name"]:
                visits[-1].left, visits[-1].exited = details.get("output") or "", at
        elif kind in _ENDINGS:
            ending = _ENDINGS[kind]
        elif kind == "ExecutionRedriven":
            ending = None
        elif visits:
            _within(visits[-1], kind, at, details)
    for visit in visits:
        visit.status = _status(visit, visit is visits[-1], ending)
    if ending is not None and visits and visits[-1].exited is None:
        visits[-1].exited = at
    return Trail(tuple(visits), ending)


def details_of(event: Mapping[str, Any]) -> Mapping[str, Any]:
    """What an event says beyond its number, type and time; its key differs from type to type."""
    found: Mapping[str, Any] = next((value for key, value in event.items() if key.endswith("EventDetails")), {})
    return found


def _within(visit: Visit, kind: str, at: datetime, details: Mapping[str, Any]) -> None:
    if kind.endswith("Scheduled"):
        resource = ":".join(filter(None, (str(details.get("resourceType", "")), str(details.get("resource", "")))))
        visit.attempts.append(Attempt(at, resource, read_object(details.get("parameters"))))
        return
    if not visit.attempts:
        return
    attempt = visit.attempts[-1]
    if kind.endswith("Submitted"):
        attempt.submitted = read_object(details.get("output"))
    elif kind.endswith(("Failed", "TimedOut")):
        attempt.ended = at
        attempt.error = str(details.get("error") or ("States.Timeout" if kind.endswith("TimedOut") else "failed"))
        attempt.cause = str(details.get("cause") or "")
    elif kind.endswith("Succeeded"):
        attempt.ended, attempt.error, attempt.cause = at, "", ""


def _status(visit: Visit, is_last: bool, ending: Status | None) -> Status:
    failed = visit.last is not None and bool(visit.last.error)
    if visit.exited is not None:
        return Status.CAUGHT if failed else Status.DONE
    if not is_last:
        # Left without a word: a service tells no exit where the error of a state is caught.
        return Status.CAUGHT
    if ending is None:
        waits = visit.last is not None and "waitForTaskToken" in visit.last.resource
        return Status.ASKING if waits and not failed else Status.RUNNING
    return ending
