"""What a challenge that ended midway has left: the champion goes back, by its record, and nothing else is undone."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from lambdas.plan_release.action import Withdrawing, read_action
from lambdas.plan_release.package import RefusalError
from lambdas.plan_release.plan import Endpoint, Served
from lambdas.plan_release.withdrawal import ChangingError, draw_withdrawal
from tests.lambdas.plans import release_plan
from workflow.contract.challenge import ChallengeRecord
from workflow.contract.execution import Execution
from workflow.contract.reading import ContractError
from workflow.contract.release_plan import ReleasePlan

ARN = "arn:aws:states:us-east-1:123456789012:execution:greenlight-challenge:tried"
BOTH = "greenlight-production-v4-00000000-0-0"
CHAMPION = "greenlight-production-v3-11111111-0-0"
EXECUTION = Execution("arn:withdrawal", "withdrawal")
RECORD = ChallengeRecord(ARN, BOTH, CHAMPION, 4, 1)
SERVED = Served("arn:3", CHAMPION, 3)
BESIDE = Endpoint("greenlight-production", "InService", BOTH, 2)


def stopped(**changes: Any) -> dict[str, Any]:
    """What Step Functions says of the challenge."""
    given = json.dumps({"release": release_plan(previous_configuration="what-the-input-says").document()})
    return {"executionArn": ARN, "name": "tried", "status": "ABORTED", "input": given, **changes}


def drawn(
    challenge: ChallengeRecord | None = RECORD,
    served: Served = SERVED,
    production: Endpoint | None = BESIDE,
    **changes: Any,
) -> ReleasePlan:
    """The plan of this withdrawal."""
    return draw_withdrawal(EXECUTION, stopped(**changes), challenge, served, production)


def test_the_champion_of_the_record_goes_back_whatever_the_stopped_execution_was_given() -> None:
    """And people are told of the version that was tried, and how that ended."""
    plan = drawn(cause="not\nthis week")
    assert (plan.execution_arn, plan.run, plan.package_version) == ("arn:withdrawal", "withdrawal", 4)
    assert (plan.previous_configuration, plan.replaces, plan.production_exists) == (CHAMPION, "arn:3", True)
    beside = "while the challenger stood beside the champion"
    assert plan.withdrawal == f"its challenge tried was stopped {beside}: not this week"
    assert drawn(status="TIMED_OUT").withdrawal == f"its challenge tried ran out of time {beside}"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"challenge": None}, "not the challenge that was recorded last"),
        ({"challenge": replace(RECORD, execution="another")}, "not the challenge that was recorded last"),
        ({"status": "RUNNING"}, "still runs"),
        ({"status": "PENDING_REDRIVE"}, "still runs"),
        ({"production": replace(BESIDE, configuration=CHAMPION)}, "nothing to withdraw"),
        ({"production": None}, "production serves nothing"),
        ({"served": Served(configuration=CHAMPION, believed=False)}, "carries no mark"),
        ({"served": Served()}, "carries no mark"),
    ],
)
def test_what_is_nobody_s_to_withdraw_or_has_nothing_to_go_back_to_is_refused(
    changes: dict[str, Any], said: str
) -> None:
    """Before anything changes: only what a release recorded, and marked, goes behind production."""
    with pytest.raises(RefusalError, match=said):
        drawn(**changes)


def test_a_production_that_changes_is_waited_for_whichever_way_it_changes() -> None:
    """UpdateEndpoint takes no second change; the machine plans again a little later."""
    with pytest.raises(ChangingError, match="Updating"):
        drawn(production=replace(BESIDE, status="Updating", configuration=CHAMPION))


@pytest.mark.parametrize("given", ["{}", "[]", "no JSON", '{"release": {}}'])
def test_an_execution_that_was_no_challenge_is_none(given: str) -> None:
    """Whatever it was started with."""
    with pytest.raises(ContractError):
        drawn(input=given)


def test_a_withdrawal_is_asked_for_by_the_execution_that_was_stopped() -> None:
    """As whoever watches production starts it."""
    execution = {"id": "arn:withdrawal", "name": "withdrawal"}
    action = read_action({"challenge": True, "input": {"withdraw": ARN}, "execution": execution}, {})
    assert action == Withdrawing(EXECUTION, ARN)
