"""The histories of executions, read again and again: every look asks AWS for what is new only."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from workflow.clients import Cloud
from workflow.runs.event_log import EventLog
from workflow.runs.history import History, Step, fold
from workflow.runs.stages import in_words_of_the_stage, is_stage


@dataclass(frozen=True)
class Nested:
    """An execution that a ``step`` of another started and waits for."""

    step: Step
    execution: str
    history: History


class Histories:
    """The histories of an execution, and of any that it starts and waits for."""

    def __init__(self, cloud: Cloud) -> None:
        """Read through ``cloud``."""
        self._events = EventLog(cloud, kept=KEPT)
        self._ended: dict[str, History] = {}

    def of(self, execution: str) -> History:
        """Everything that happened in an execution so far."""
        history = fold(self._events.of(execution))
        return in_words_of_the_stage(history) if is_stage(execution) else history

    def nested_in(self, history: History) -> Iterator[Nested]:
        """Every execution that was started by this one's steps, in their order; one that has ended is read once."""
        for step in history.steps:
            execution = str(step.submitted.get("ExecutionArn", "")) if "startExecution" in step.resource else ""
            if not execution:
                continue
            found = self._ended.get(execution) or self.of(execution)
            if found.outcome is not None:
                self._ended[execution] = found
            yield Nested(step, execution, found)


KEPT = 16
"""Executions of which events are kept: a build, its release, and all that this starts."""


def step_calling(history: History, operation: str) -> Step | None:
    """The last step that calls this operation of a service."""
    return next((step for step in reversed(history.steps) if operation in step.resource), None)
