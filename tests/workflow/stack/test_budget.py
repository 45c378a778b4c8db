"""The monthly budget that a deployment keeps."""

from __future__ import annotations

from typing import Any

import pytest

from tests.workflow.cloud import Answer, ScriptedCloud
from workflow.errors import ServiceError, UsageError
from workflow.stack.budget import check_budget, keep_budget
from workflow.stack.changes import Step
from workflow.stack.outputs import Place

PLACE = Place("123456789012", "eu-central-1", "aws")
TOPIC = "arn:aws:sns:eu-central-1:123456789012:greenlight-trouble"


def kept(dollars: str, before: str, **answers: Answer) -> tuple[list[tuple[str, dict[str, Any]]], list[Step]]:
    """What was asked of AWS, and what was told."""
    cloud = ScriptedCloud(answers)
    steps: list[Step] = []
    keep_budget(cloud, "greenlight", PLACE, TOPIC, dollars, before, steps.append)
    return cloud.asked, steps


def test_a_budget_is_told_of_by_the_topic_for_trouble() -> None:
    """What SageMaker costs in the region: at four fifths, where more is foreseen, and where it is more."""
    ((operation, asked),), (step,) = kept("200", "0", create_budget={})
    assert operation == "create_budget"
    budget = asked["Budget"]
    assert (budget["BudgetName"], budget["TimeUnit"]) == ("greenlight-eu-central-1", "MONTHLY")
    assert budget["BudgetLimit"] == {"Amount": "200", "Unit": "USD"}
    assert budget["CostFilters"] == {"Service": ["Amazon SageMaker"], "Region": ["eu-central-1"]}
    notices = asked["NotificationsWithSubscribers"]
    told = [(one["Notification"]["NotificationType"], one["Notification"]["Threshold"]) for one in notices]
    assert told == [("ACTUAL", 80), ("FORECASTED", 100), ("ACTUAL", 100)]
    assert all(one["Subscribers"] == [{"SubscriptionType": "SNS", "Address": TOPIC}] for one in notices)
    assert step.status == "$200 a month"


def test_a_budget_changes_with_its_parameter_and_not_otherwise() -> None:
    """Deploying twice says nothing the second time; one that somebody deleted is made again."""
    there = ServiceError("DuplicateRecordException", "there is one")
    asked, steps = kept("300", "200", create_budget=there, update_budget={})
    assert [operation for operation, _ in asked] == ["create_budget", "update_budget"]
    assert [step.status for step in steps] == ["$300 a month"]
    asked, steps = kept("200", "200", create_budget=there)
    assert ([operation for operation, _ in asked], steps) == (["create_budget"], [])
    with pytest.raises(ServiceError, match="not yours"):
        kept("200", "0", create_budget=ServiceError("AccessDeniedException", "not yours"))


def test_no_budget_asks_for_no_permission() -> None:
    """Unless there was one, which goes; one that is gone already is as good."""
    assert kept("0", "0") == ([], [])
    asked, steps = kept("0", "200", delete_budget={})
    assert ([operation for operation, _ in asked], [step.status for step in steps]) == (["delete_budget"], ["removed"])
    assert kept("0", "200", delete_budget=ServiceError("NotFoundException", "none"))[1] == []


def test_where_aws_has_no_budgets_one_is_refused_before_anything_changes() -> None:
    """And says what to do."""
    check_budget(PLACE, "200")
    check_budget(Place("1", "us-gov-west-1", "aws-us-gov"), "0")
    with pytest.raises(UsageError, match=r"no budgets in us-gov-west-1.*MonthlyBudget=0"):
        check_budget(Place("1", "us-gov-west-1", "aws-us-gov"), "200")
