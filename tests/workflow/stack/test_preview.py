"""What a deployment would change is shown, and nothing is changed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.stand_in import StandIn
from workflow.stack.changes import Step
from workflow.stack.deploy import deploy
from workflow.stack.preview import preview


@pytest.fixture(scope="module")
def stand_in(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandIn]:
    """A stand-in that this process's AWS calls go to."""
    with StandIn(tmp_path_factory.mktemp("state")) as running, pytest.MonkeyPatch.context() as environment:
        for name, value in running.environment().items():
            environment.setenv(name, value)
        yield running


def test_a_first_deployment_and_an_update_are_shown_before_they_happen(stand_in: StandIn, root: Path) -> None:
    """No stack is left of the first, and the second changes nothing; then it does what was shown."""
    shown: list[Step] = []
    stacks = stand_in.client("cloudformation")
    preview("shown", email="ada@example.com", on_progress=shown.append, root=root)
    made = {step.resource: step.kind for step in shown if step.status == "will be made"}
    assert made["DecideFunction"] == "AWS::Lambda::Function"
    assert not {"PredictionRestApi", "ApprovalApi"} & set(made), "their conditions do not hold"
    live = [item for item in stacks.list_stacks()["StackSummaries"] if item["StackStatus"] != "DELETE_COMPLETE"]
    assert "shown" not in [item["StackName"] for item in live]

    deploy("shown", email="ada@example.com", root=root)
    (before,) = stacks.describe_stacks(StackName="shown")["Stacks"]
    shown.clear()
    preview("shown", parameters={"ScheduleState": "ENABLED"}, on_progress=shown.append, root=root)
    assert [(step.resource, step.status) for step in shown if step.kind] == [("Schedule", "will be changed")]
    shown.clear()
    preview("shown", parameters={"ApprovalFront": "http-api"}, on_progress=shown.append, root=root)
    fronts = {step.resource: step.status for step in shown if step.resource in {"ApprovalApi", "DecideUrl"}}
    assert fronts == {"ApprovalApi": "will be made", "DecideUrl": "will be removed"}
    (after,) = stacks.describe_stacks(StackName="shown")["Stacks"]
    assert json.dumps(after, default=str) == json.dumps(before, default=str)
    assert stacks.list_change_sets(StackName="shown")["Summaries"] == [] or all(
        item["ExecutionStatus"] == "EXECUTE_COMPLETE"
        for item in stacks.list_change_sets(StackName="shown")["Summaries"]
    )
