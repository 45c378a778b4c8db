"""Gap: the execution history is too thin to follow a run by.

The engine's TaskScheduled carries no parameters, nothing tells that a job was submitted, and events have no
`previousEventId`. AWS has all of it, and `greenlight watch` finds the name of the running job there. Knows the shape
of events, not when they happen.
"""

from __future__ import annotations

import json
import threading
from typing import Any

from ministack.services import stepfunctions as engine

from infra.local.gaps.control import ExecutionEndedError
from infra.local.gaps.patching import replace

_lock = threading.Lock()


def add_event(execution: dict[str, Any], event_type: str, details: dict[str, Any] | None = None) -> dict[str, Any]:
    """Append an event; nothing but the execution's own last event may follow its end."""
    with _lock:
        ended = execution["status"] != "RUNNING" and not event_type.startswith("Execution")
        if ended:
            raise ExecutionEndedError
        events = execution["events"]
        event = {
            "id": len(events) + 1,
            "previousEventId": len(events),
            "type": event_type,
            "timestamp": engine.now_iso(),
        } | (details or {})
        events.append(event)
        return event


def resource_names(resource: str) -> dict[str, str]:
    """The `resourceType` and `resource` that AWS writes for a Task's Resource.

    >>> resource_names("arn:aws:states:::sagemaker:createTrainingJob.sync")
    {'resourceType': 'sagemaker', 'resource': 'createTrainingJob.sync'}
    """
    if ":states:::" not in resource:
        return {"resourceType": "lambda" if ":function:" in resource else "activity", "resource": resource}
    service, _, action = resource.split(":states:::", 1)[1].rpartition(":")
    return {"resourceType": service, "resource": action}


def task_scheduled(
    execution: dict[str, Any],
    resource: str,
    parameters: Any,
    timeout: float | None,
    heartbeat: float | None,
    role: str = "",
) -> None:
    """The task is about to be sent, with these parameters, and as a role of its own where it has one."""
    details = resource_names(resource) | {"region": engine.get_region(), "parameters": json.dumps(parameters)}
    if timeout is not None:
        details["timeoutInSeconds"] = int(timeout)
    if heartbeat is not None:
        details["heartbeatInSeconds"] = int(heartbeat)
    if role:
        details["taskCredentials"] = {"roleArn": role}
    add_event(execution, "TaskScheduled", {"taskScheduledEventDetails": details})
    add_event(execution, "TaskStarted", {"taskStartedEventDetails": resource_names(resource)})


def task_submitted(execution: dict[str, Any], resource: str, output: Any) -> None:
    """The service took the request; what is waited for goes on behind it."""
    details = resource_names(resource) | {"output": json.dumps(output), "outputDetails": {"truncated": False}}
    add_event(execution, "TaskSubmitted", {"taskSubmittedEventDetails": details})


def task_succeeded(execution: dict[str, Any], resource: str, output: Any) -> None:
    """The task gave a result."""
    details = resource_names(resource) | {"output": json.dumps(output), "outputDetails": {"truncated": False}}
    add_event(execution, "TaskSucceeded", {"taskSucceededEventDetails": details})


def task_failed(execution: dict[str, Any], resource: str, error: str, cause: str) -> None:
    """The task failed, or took longer than it may."""
    timed_out = error in ("States.Timeout", "States.HeartbeatTimeout")
    key = "taskTimedOutEventDetails" if timed_out else "taskFailedEventDetails"
    details = resource_names(resource) | {"error": error, "cause": cause}
    add_event(execution, "TaskTimedOut" if timed_out else "TaskFailed", {key: details})


def install() -> None:
    """Write every event of the engine through `add_event`."""
    replace(engine, "_add_event", _add_event)


def _add_event(execution: dict[str, Any], event_type: str, details: dict[str, Any] | None = None) -> dict[str, Any]:
    return add_event(execution, event_type, details)
