"""Folds the event history of an execution into the steps a person sees: pure, and the same for both machines.

Knows the event types of Step Functions; knows no state by name and calls nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from workflow.contract.cause import reason_in
from workflow.contract.plain_text import show_plain
from workflow.contract.reading import read_object

_ENDINGS = {
    "ExecutionSucceeded": "SUCCEEDED",
    "ExecutionFailed": "FAILED",
    "ExecutionAborted": "ABORTED",
    "ExecutionTimedOut": "TIMED_OUT",
}
_LONGEST_CAUSE = 300


@dataclass(frozen=True)
class Outcome:
    """How an execution ended. ``state`` is the last state that failed, empty where none did."""

    status: str
    error: str = ""
    cause: str = ""
    state: str = ""

    @property
    def succeeded(self) -> bool:
        """Whether the execution ended well."""
        return self.status == "SUCCEEDED"

    def text(self) -> str:
        """The outcome on one line."""
        if self.succeeded:
            return "succeeded"
        where = f" at '{self.state}'" if self.state else ""
        why = ": ".join(part for part in (self.error, readable_cause(self.cause)) if part)
        return f"{self.status.lower().replace('_', ' ')}{where}" + (f": {why}" if why else "")


@dataclass
class Step:
    """One visit to one state. ``gained`` holds the keys of its output that its input did not have so."""

    name: str
    kind: str
    entered: datetime
    exited: datetime | None = None
    failed: bool = False
    resource: str = ""
    parameters: dict[str, Any] = field(default_factory=dict)
    submitted: dict[str, Any] = field(default_factory=dict)
    gained: dict[str, Any] = field(default_factory=dict)
    cause: str = ""

    @property
    def waits_for_person(self) -> bool:
        """Whether the state hands out a task token and waits for it."""
        return "waitForTaskToken" in self.resource

    @property
    def job(self) -> str:
        """The name of the job that the state asked for, empty where it asked for none."""
        return next((str(value) for key, value in self.parameters.items() if key.endswith("JobName")), "")

    def seconds(self, now: datetime) -> float:
        """Time in the state so far."""
        return max(0.0, ((self.exited or now) - self.entered).total_seconds())


@dataclass(frozen=True)
class History:
    """What an execution did so far."""

    steps: tuple[Step, ...]
    plan: Mapping[str, Any]
    outcome: Outcome | None


def fold(events: Sequence[Mapping[str, Any]]) -> History:
    """Fold the events of one execution, oldest first, into its steps, its plan and its outcome."""
    steps: list[Step] = []
    given: dict[str, Any] = {}
    plan: Mapping[str, Any] = {}
    outcome: Outcome | None = None
    for event in events:
        kind = str(event["type"])
        if kind.endswith("StateEntered"):
            details = event["stateEnteredEventDetails"]
            given = read_object(details.get("input"))
            steps.append(Step(details["name"], kind.removesuffix("StateEntered"), event["timestamp"]))
        elif kind.endswith("StateExited"):
            step = _latest(steps, event["stateExitedEventDetails"]["name"])
            if step is None:
                continue
            output = read_object(event["stateExitedEventDetails"].get("output"))
            step.exited = event["timestamp"]
            step.gained = {key: value for key, value in output.items() if given.get(key) != value}
            found = output.get("plan")
            plan = found if isinstance(found, dict) else plan
        elif kind in _ENDINGS:
            outcome = _ending(kind, event, steps)
        elif kind == "ExecutionRedriven":
            outcome = None
        elif steps:
            _within(steps[-1], kind, event)
    if outcome is not None and steps and steps[-1].exited is None:
        steps[-1].exited = _last_moment(steps, events)
        steps[-1].failed = not outcome.succeeded
    return History(tuple(steps), plan, outcome)


def _within(step: Step, kind: str, event: Mapping[str, Any]) -> None:
    """Take in an event that happens inside a state: what it called, and whether that went well."""
    if kind == "TaskScheduled":
        details = event["taskScheduledEventDetails"]
        step.resource = f"{details.get('resourceType', '')}:{details.get('resource', '')}"
        step.parameters = read_object(details.get("parameters"))
        step.failed, step.cause = False, ""
    elif kind == "TaskSubmitted":
        step.submitted = read_object(event["taskSubmittedEventDetails"].get("output"))
    elif kind.endswith(("Failed", "TimedOut")):
        step.failed = True
        details = _details(event)
        step.cause = str(details.get("cause") or details.get("error") or "")
    elif kind.endswith("Succeeded"):
        step.failed, step.cause = False, ""


def _ending(kind: str, event: Mapping[str, Any], steps: list[Step]) -> Outcome:
    details = _details(event)
    if kind == "ExecutionSucceeded":
        return Outcome("SUCCEEDED")
    failed = [step.name for step in steps if step.failed]
    running = [step.name for step in steps if step.exited is None and step.kind != "Fail"]
    where = (running or failed or [""])[-1]
    return Outcome(_ENDINGS[kind], str(details.get("error") or ""), str(details.get("cause") or ""), where)


def _details(event: Mapping[str, Any]) -> Mapping[str, Any]:
    """What an event says beyond its type and time; its key differs from type to type."""
    found: Mapping[str, Any] = next((value for key, value in event.items() if key.endswith("EventDetails")), {})
    return found


def _last_moment(steps: list[Step], events: Sequence[Mapping[str, Any]]) -> datetime:
    moments = [event["timestamp"] for event in events]
    return moments[-1] if moments else steps[-1].entered


def _latest(steps: list[Step], name: str) -> Step | None:
    return next((step for step in reversed(steps) if step.name == name and step.exited is None), None)


def readable_cause(cause: str) -> str:
    """One readable line of a cause, as short as a terminal wants it; the cause itself where it holds no reason."""
    line = reason_in(cause) or show_plain(cause)
    return line if len(line) <= _LONGEST_CAUSE else line[: _LONGEST_CAUSE - 1] + "…"
