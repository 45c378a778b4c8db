"""A write whose answer is lost is sent again by the SDK, so that its condition meets what it has just written."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from lambdas.ask_approval import handler as asking
from lambdas.plan_release.lock import ReleaseLock
from lambdas.plan_run.claim import Claims
from lambdas.plan_run.turn import Turn
from tests.lambdas.ask_approval.test_ask_approval import RELEASE, requests_in
from tests.lambdas.conftest import Context, Mailbox
from workflow.contract.build_record import BuildRecord

MACHINE = "arn:aws:states:us-east-1:123456789012:execution:greenlight-build"
ENDED, MINE = f"{MACHINE}:ended", f"{MACHINE}:mine"


class Twice:
    """A DynamoDB table at which every put arrives twice; only the second answer is heard."""

    def __init__(self, table: Any) -> None:
        self._table = table

    def put_item(self, **given: Any) -> Any:
        """The second answer."""
        self._table.put_item(**given)
        return self._table.put_item(**given)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._table, name)


class Executions:
    """Step Functions, where only ours runs."""

    exceptions = SimpleNamespace(ExecutionDoesNotExist=KeyError, InvalidArn=KeyError)

    def describe_execution(self, executionArn: str) -> dict[str, str]:
        """As Step Functions answers."""
        return {"status": "RUNNING" if executionArn == MINE else "ABORTED"}


def test_the_turn_is_taken_from_one_that_ended_and_not_waited_for_behind_oneself(table: Any) -> None:
    """A run that may not wait would be refused for its own sake."""
    Turn(table, Executions()).take(ENDED)
    assert Turn(Twice(table), Executions()).take(MINE) == ""


def test_a_claim_is_taken_from_one_that_ended_and_not_left_to_oneself(table: Any) -> None:
    """The run would end green, with nothing built."""
    Claims(table, Executions(), lambda _: True).take("f" * 64, BuildRecord(ENDED), 1)
    assert Claims(Twice(table), Executions(), lambda _: True).take("f" * 64, BuildRecord(MINE), 2) == ""


def test_the_release_lock_is_taken_from_one_that_ended_and_not_refused_to_its_holder(table: Any) -> None:
    """An approved version would not be released."""
    ReleaseLock(table, Executions()).take(ENDED, 1)
    ReleaseLock(Twice(table), Executions()).take(MINE, 2)
    assert table.get_item(Key={"id": "release-lock"})["Item"]["execution"] == MINE


def test_a_request_that_is_stored_stays_open_until_somebody_decides(
    table: Any, request_key: Any, mailbox: Mailbox, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its mail would lead to a page that says that nobody asks any more, and the run would wait until it expires."""
    monkeypatch.setattr(asking, "table", Twice(table))
    assert asking.handler(RELEASE, context) == {"asked": True}
    assert [item["status"] for item in requests_in(table)] == ["pending"]
    assert len(mailbox.mails()) == 1
