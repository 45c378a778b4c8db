"""Starts the Drift machine."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from workflow.clients import Cloud
from workflow.contract.document import render
from workflow.contract.drift import DriftInput
from workflow.errors import ServiceError, UsageError


def name_watch(now: datetime) -> str:
    """The name of a watch that is started now.

    >>> name_watch(datetime(2026, 11, 30, 12, 0, 5, tzinfo=UTC))
    'drift-2026-11-30T12-00-05'
    """
    return now.astimezone(UTC).strftime("drift-%Y-%m-%dT%H-%M-%S")


def start_watch(cloud: Cloud, machine: str, name: str, wanted: DriftInput) -> str:
    """Start the Drift machine and return the execution's ARN. Raises UsageError where the name is taken."""
    try:
        answer = cloud.call(
            "stepfunctions", "start_execution", stateMachineArn=machine, name=name, input=json.dumps(render(wanted))
        )
    except ServiceError as error:
        if error.code == "ExecutionAlreadyExists":
            raise UsageError(f"a watch named {name!r} was started this very second: try again.") from error
        raise
    return str(answer["executionArn"])
