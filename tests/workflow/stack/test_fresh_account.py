"""The first deployment in an account that has next to nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.stand_in import StandIn
from workflow.errors import UsageError
from workflow.stack.changes import Step
from workflow.stack.deploy import deploy


@pytest.fixture(scope="module")
def stand_in(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandIn]:
    """An account whose functions may run ten times at once, all together."""
    options = ("--quota", "Concurrent executions=10")
    with (
        StandIn(tmp_path_factory.mktemp("state"), options=options) as running,
        pytest.MonkeyPatch.context() as environment,
    ):
        for name, value in running.environment().items():
            environment.setenv(name, value)
        yield running


def test_an_account_with_a_lambda_limit_of_ten_deploys_without_a_reservation(stand_in: StandIn, root: Path) -> None:
    """And deploys again: what was chosen for it is kept."""
    told: list[Step] = []
    deploy("fresh", on_progress=told.append, root=root)
    assert "reserve nothing" in [step.status for step in told if step.resource == "approval pages"]
    (stack,) = stand_in.client("cloudformation").describe_stacks(StackName="fresh")["Stacks"]
    assert {"ParameterKey": "ApprovalConcurrency", "ParameterValue": "0"} in stack["Parameters"]
    told.clear()
    deploy("fresh", on_progress=told.append, root=root)
    assert Step("fresh", "unchanged") in told
    with pytest.raises(UsageError, match="leaves 0 to reserve"):
        deploy("fresh", parameters={"ApprovalConcurrency": "5"}, root=root)
