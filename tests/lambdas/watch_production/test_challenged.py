"""A challenge that runs is not foreign; what one has left that ended midway is withdrawn, once an hour at most."""

from __future__ import annotations

import time
from typing import Any

import pytest

from lambdas.watch_production import handler as function
from tests.lambdas.conftest import ENVIRONMENT, Context, Mailbox
from tests.lambdas.executions import Machine
from tests.workflow.contract.released import CHAMPION
from workflow.contract.challenge import ChallengeRecord

BOTH = "greenlight-production-v9-00000000-0-0"
CHALLENGED = "arn:aws:states:us-east-1:123456789012:execution:greenlight-challenge:" + "v9-" * 30
HOUR = 3600


class Machines(Machine):
    """The Challenge machine, with a challenge of a status."""

    def __init__(self, status: str) -> None:
        super().__init__(ENVIRONMENT["CHALLENGE_MACHINE"])
        self.status = status

    def describe_execution(self, executionArn: str) -> dict[str, str]:
        """The challenge."""
        assert executionArn == CHALLENGED
        return {"status": self.status}


@pytest.fixture
def recorded(table: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A challenge that was recorded; both serve."""
    table.put_item(Item=CHAMPION)
    table.put_item(Item=ChallengeRecord(CHALLENGED, BOTH, CHAMPION["production_configuration"], 9, 1).item())
    monkeypatch.setattr(function, "find_serving", lambda: BOTH)
    return monkeypatch


@pytest.mark.parametrize("status", ["RUNNING", "PENDING_REDRIVE"])
def test_a_challenge_that_runs_is_expected_and_left_alone(
    recorded: Any, mailbox: Mailbox, context: Context, status: str
) -> None:
    """By its record, which is written before production changes."""
    machines = Machines(status)
    recorded.setattr(function, "stepfunctions", machines)
    said = function.handler({}, context)
    assert (said["foreign"], said["told"], said["withdrawal"]) == (False, False, "")
    assert (machines.started, mailbox.mails()) == ({}, [])


@pytest.mark.parametrize("status", ["ABORTED", "TIMED_OUT", "FAILED"])
def test_the_challenger_of_a_challenge_that_ended_midway_is_withdrawn_by_one_execution_an_hour(
    recorded: Any, mailbox: Mailbox, context: Context, status: str
) -> None:
    """However often somebody looks, also once it is over without success, which is the machine's to tell."""
    machines = Machines(status)
    recorded.setattr(function, "stepfunctions", machines)
    recorded.setattr(time, "time", lambda: 1000 * HOUR + 1)
    first = function.handler({}, context)["withdrawal"]
    assert len(first) <= 80
    assert machines.started == {first: {"withdraw": CHALLENGED}}
    recorded.setattr(time, "time", lambda: 1001 * HOUR - 1)
    assert function.handler({"detail": {"status": status}}, context)["withdrawal"] == first
    machines.ended.add(first)
    assert function.handler({}, context)["withdrawal"] == first
    recorded.setattr(time, "time", lambda: 1001 * HOUR)
    again = function.handler({}, context)["withdrawal"]
    assert set(machines.started) == {first, again} != {first}
    assert mailbox.mails() == []


def test_what_another_release_has_overtaken_is_not_withdrawn(recorded: Any, mailbox: Mailbox, context: Context) -> None:
    """Nor what was taken away: production serves what was recorded."""
    machines = Machines("ABORTED")
    recorded.setattr(function, "stepfunctions", machines)
    recorded.setattr(function, "find_serving", lambda: CHAMPION["production_configuration"])
    assert function.handler({}, context)["withdrawal"] == ""
    assert machines.started == {}
