"""A release that waits for a stage, as Step Functions tells of it to whoever plans the stage."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from tests.workflow.contract.released import PLAN
from workflow.contract.execution import Execution
from workflow.contract.release_plan import PlannedKinds, PreviousVersion, ReleasePlan

HERE = "arn:aws:states:us-east-1:123456789012"
NAME = f"{PLAN['production_configuration']}-0-0"
EXECUTION = Execution(f"{HERE}:execution:greenlight-stage:{NAME}", NAME)
RELEASE = replace(
    ReleasePlan.parse(PLAN),
    variant={"InstanceType": "ml.m5.large", "InitialInstanceCount": 1},
    production_variant={"InstanceType": "ml.m5.xlarge", "InitialInstanceCount": 1},
    kinds=PlannedKinds("realtime", "realtime", keeps_instances=True),
    serving={"serve": "realtime"},
    serverless_environment={"GREENLIGHT_WORKERS": "1"},
    previous=PreviousVersion(
        "c" * 64, "s3://bucket/runs/before/evaluation/", only_the_digest=True, smoke_digest="6" * 64
    ),
)
GIVEN = {"stage": "production", "release": RELEASE.document()}
"""What the execution is started with."""
STARTED = {"StateMachineArn": f"{HERE}:stateMachine:greenlight-stage", "Name": NAME, "Input": GIVEN}


def scheduled(**changes: Any) -> list[dict[str, Any]]:
    """The newest events of a release that waits for a stage, but for what the call said."""
    called = {"type": "TaskScheduled", "taskScheduledEventDetails": {"parameters": json.dumps({**STARTED, **changes})}}
    return [{"type": "TaskSubmitted"}, {"type": "TaskStarted"}, called, {"type": "TaskStateEntered"}]


class Releases:
    """The executions of the Release machine, as Step Functions tells of them."""

    class exceptions:
        """None of these is raised here."""

        ExecutionDoesNotExist = InvalidArn = KeyError

    def __init__(self, newest: list[dict[str, Any]], status: str = "RUNNING") -> None:
        """One release with these newest events."""
        self.newest, self.status = newest, status

    def describe_execution(self, **_: str) -> dict[str, str]:
        """Whether it runs."""
        return {"status": self.status}

    def get_execution_history(self, **_: Any) -> dict[str, Any]:
        """Its newest events."""
        return {"events": self.newest}
