"""The histories of executions, read again and again: every look asks AWS for what is new only."""

from __future__ import annotations

from typing import Any

from workflow.clients import Cloud
from workflow.runs.history import History, Step, fold


class Histories:
    """The histories of an execution, and of any that it starts and waits for."""

    def __init__(self, cloud: Cloud) -> None:
        """Read through ``cloud``."""
        self._cloud = cloud
        self._events: dict[str, list[dict[str, Any]]] = {}

    def of(self, execution: str) -> History:
        """Everything that happened in an execution; asks newest first, and only until the events are known."""
        known = self._events.setdefault(execution, [])
        last = known[-1]["id"] if known else 0
        new: list[dict[str, Any]] = []
        for event in self._cloud.pages(
            "stepfunctions",
            "get_execution_history",
            "events",
            executionArn=execution,
            reverseOrder=True,
            includeExecutionData=True,
        ):
            if event["id"] <= last:
                break
            new.append(event)
        known += reversed(new)
        return fold(known)

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
