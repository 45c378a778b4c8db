"""Writes event histories as Step Functions returns them, in a few words each."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

START = datetime(2026, 11, 21, 10, 14, 3, tzinfo=UTC)


class Script:
    """A history under construction; every event is one second after the one before."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        self.data: dict[str, Any] = {}
        self.add("ExecutionStarted", executionStartedEventDetails={"input": "{}"})

    def add(self, kind: str, **details: Any) -> Script:
        """One event as it is."""
        moment = START + timedelta(seconds=len(self.events))
        self.events.append({"id": len(self.events) + 1, "type": kind, "timestamp": moment, **details})
        return self

    def enter(self, name: str, kind: str = "Task") -> Script:
        """The execution comes to a state."""
        details = {"name": name, "input": json.dumps(self.data)}
        return self.add(f"{kind}StateEntered", stateEnteredEventDetails=details)

    def leave(self, name: str, kind: str = "Task", **gained: Any) -> Script:
        """The execution leaves a state with more data than it had."""
        self.data = {**self.data, **gained}
        return self.add(f"{kind}StateExited", stateExitedEventDetails={"name": name, "output": json.dumps(self.data)})

    def schedule(self, resource: str, kind: str = "lambda", **parameters: Any) -> Script:
        """A state calls a service."""
        details = {"resource": resource, "resourceType": kind, "parameters": json.dumps(parameters)}
        return self.add("TaskScheduled", taskScheduledEventDetails=details)

    def submit(self, **output: Any) -> Script:
        """The service took it."""
        return self.add("TaskSubmitted", taskSubmittedEventDetails={"output": json.dumps(output)})

    def fail(self, error: str, cause: str) -> Script:
        """The call failed."""
        return self.add("TaskFailed", taskFailedEventDetails={"error": error, "cause": cause})

    def done(self, name: str, **gained: Any) -> Script:
        """A Lambda state from end to end."""
        self.enter(name).schedule("invoke")
        return self.add("TaskSucceeded", taskSucceededEventDetails={"output": "{}"}).leave(name, **gained)

    def end(self, status: str = "Succeeded", **details: Any) -> Script:
        """The execution ends."""
        return self.add(f"Execution{status}", **{f"execution{status}EventDetails": details})
