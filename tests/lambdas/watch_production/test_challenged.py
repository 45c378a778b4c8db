"""A challenge that runs is not foreign; one that was stopped is told like anything that nobody released."""

from __future__ import annotations

from typing import Any

import pytest

from lambdas.watch_production import handler as function
from tests.lambdas.conftest import Mailbox
from tests.workflow.contract.released import CHAMPION
from workflow.contract.challenge import ChallengeRecord
from workflow.contract.champion import read_champion

BOTH = "greenlight-production-v9-00000000-0-0"


@pytest.mark.parametrize("runs", [True, False])
def test_only_a_challenge_that_runs_is_expected(
    table: Any, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch, runs: bool
) -> None:
    """By its record, which is written before production changes."""
    table.put_item(Item=ChallengeRecord("arn:challenge", BOTH, "before", 9, 1).item())
    monkeypatch.setattr(function, "is_running", lambda _, execution: runs and execution == "arn:challenge")
    monkeypatch.setattr(function, "find_serving", lambda: BOTH)
    looked = function.look(read_champion(CHAMPION), function.find_challenge())
    assert (looked["foreign"], looked["told"]) == (not runs, not runs)
