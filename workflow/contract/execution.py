"""The Step Functions execution that a plan is for, as the first state of either machine passes it on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from workflow.contract.document import Text

BUSY = ("RUNNING", "PENDING_REDRIVE")
"""States of an execution that goes on, or will."""

COMMENT = "Comment"
"""What the console fills an execution's input with before somebody types another."""
STEP_FUNCTIONS = "AWS_STEP_FUNCTIONS"
STARTED_BY_EXECUTION = f"{STEP_FUNCTIONS}_STARTED_BY_EXECUTION_ID"
"""The key by which an execution's input names the execution that it is nested in (Step Functions, "Associate workflow
executions")."""


@dataclass(frozen=True)
class Execution:
    """What the machine's context says of its execution. ``id`` is the ARN, ``started`` its start as ISO 8601."""

    id: Text
    name: Text
    started: str = ""


def own_keys(given: Mapping[str, Any]) -> dict[str, Any]:
    """An execution's input without what is Step Functions' own: a note of who started it, the console's ``Comment``."""
    return {key: value for key, value in given.items() if key != COMMENT and not str(key).startswith(STEP_FUNCTIONS)}


def parent_of(given: object) -> str:
    """The ARN of the execution that one with this input is nested in; empty where it is in none."""
    parent = given.get(STARTED_BY_EXECUTION) if isinstance(given, Mapping) else None
    return parent if isinstance(parent, str) else ""


def is_running(stepfunctions: Any, execution: str) -> bool:
    """Whether the execution of this ARN goes on, or will; ``stepfunctions`` is a client.

    One that Step Functions does not know, or has forgotten, does not. Raises the client's error where nobody can tell.
    """
    try:
        return stepfunctions.describe_execution(executionArn=execution)["status"] in BUSY
    except (stepfunctions.exceptions.ExecutionDoesNotExist, stepfunctions.exceptions.InvalidArn):
        return False
