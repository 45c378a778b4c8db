"""Starts a build once for its reason: the execution is named after what started it, so that a second time is the same.

Step Functions knows a name for 90 days after the execution ended, and takes the same start of one that runs as the one
it had.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


def start_once(stepfunctions: Any, machine: str, name: str, given: Mapping[str, Any]) -> str:
    """Start an execution of a machine, or find that it was started; give its ARN.

    ``stepfunctions`` is a client, ``machine`` an ARN and ``given`` the execution's input. Raises the client's error
    where it can do neither.
    """
    try:
        started = stepfunctions.start_execution(stateMachineArn=machine, name=name, input=json.dumps(dict(given)))
    except stepfunctions.exceptions.ExecutionAlreadyExists:
        return f"{machine.replace(':stateMachine:', ':execution:')}:{name}"
    return str(started["executionArn"])
