"""The histories of executions, read again and again: every look asks AWS for what is new only."""

from __future__ import annotations

from workflow.clients import Cloud
from workflow.runs.event_log import EventLog
from workflow.runs.history import History, Step, fold


class Histories:
    """The histories of an execution, and of any that it starts and waits for."""

    def __init__(self, cloud: Cloud) -> None:
        """Read through ``cloud``."""
        self._events = EventLog(cloud)

    def of(self, execution: str) -> History:
        """Everything that happened in an execution so far."""
        return fold(self._events.of(execution))

    def nested_in(self, history: History) -> History | None:
        """The history of the execution that was started last and is waited for; None where none was."""
        execution = nested_execution(history)
        return self.of(execution) if execution else None


def step_calling(history: History, operation: str) -> Step | None:
    """The last step that calls this operation of a service."""
    return next((step for step in reversed(history.steps) if operation in step.resource), None)


def nested_execution(history: History) -> str:
    """The ARN of the execution that the last step of this kind started, empty where there is none."""
    step = step_calling(history, "startExecution")
    return str(step.submitted.get("ExecutionArn", "")) if step else ""
