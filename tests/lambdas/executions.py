"""Step Functions as those who start executions meet it: names are taken once, and the same start is the same one."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

MACHINE = "arn:aws:states:us-east-1:123456789012:stateMachine:greenlight-build"


class Machine:
    """One machine; ``started`` holds its executions' inputs by name, ``ended`` the names of those that are over."""

    class Exists(Exception):
        """As Step Functions raises it for a name that is taken."""

    def __init__(self, arn: str = MACHINE) -> None:
        self.arn = arn
        self.started: dict[str, Any] = {}
        self.ended: set[str] = set()
        self.exceptions = SimpleNamespace(ExecutionAlreadyExists=self.Exists)

    def start_execution(self, *, stateMachineArn: str, name: str, input: str) -> dict[str, str]:
        """The same name and input give the same execution while it runs, and an error afterwards."""
        assert stateMachineArn == self.arn
        given = json.loads(input)
        if name in self.ended or self.started.get(name, given) != given:
            raise self.Exists
        self.started[name] = given
        return {"executionArn": f"{self.arn.replace(':stateMachine:', ':execution:')}:{name}"}
