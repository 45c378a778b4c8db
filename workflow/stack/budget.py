"""The monthly budget of a project: one of AWS Budgets, which mails by the topic for trouble.

Made here and not by the template: CloudFormation knows no budgets in some regions, and refuses a template that names
one there. It watches what SageMaker costs in the region, of everybody in the account: a budget by tag would count
nothing, in silence, until somebody activates the tag for billing.
"""

from __future__ import annotations

from typing import Any

from workflow.clients import Cloud
from workflow.errors import ServiceError, UsageError
from workflow.stack.changes import Progress, Step
from workflow.stack.outputs import Place

NONE = "0"
SERVICE = "Amazon SageMaker"
THRESHOLDS = (("ACTUAL", 80), ("FORECASTED", 100), ("ACTUAL", 100))
"""Shares of the budget, in percent, that are told once a month each."""

WITHOUT = ("aws-us-gov", "aws-iso", "aws-iso-b")
"""Partitions in which AWS has no budgets."""


def check_budget(place: Place, dollars: str) -> None:
    """Raise UsageError where a budget is asked for that AWS cannot keep."""
    if dollars != NONE and place.partition in WITHOUT:
        raise UsageError(
            f"MonthlyBudget={dollars}: AWS has no budgets in {place.region} ({place.partition}). "
            "Deploy with --parameter MonthlyBudget=0, and make one in the account that pays"
        )


def keep_budget(
    cloud: Cloud, project: str, place: Place, topic_arn: str, dollars: str, before: str, on_progress: Progress
) -> None:
    """Bring the budget to so many US dollars a month; ``NONE`` removes it. ``before`` is what the stack had.

    Nothing is asked where there is none and was none, so that nobody needs permissions for what is not used.
    """
    name = budget_name(project, place)
    if dollars == NONE:
        if before != NONE and remove_budget(cloud, project, place):
            on_progress(Step(f"budget {name}", "removed"))
        return
    budget = {
        "BudgetName": name,
        "BudgetType": "COST",
        "TimeUnit": "MONTHLY",
        "BudgetLimit": {"Amount": dollars, "Unit": "USD"},
        "CostFilters": {"Service": [SERVICE], "Region": [place.region]},
    }
    try:
        cloud.call(
            "budgets",
            "create_budget",
            AccountId=place.account,
            Budget=budget,
            NotificationsWithSubscribers=[_notice(kind, share, topic_arn) for kind, share in THRESHOLDS],
        )
    except ServiceError as error:
        if error.code != "DuplicateRecordException":
            raise
        if dollars == before:
            return
        cloud.call("budgets", "update_budget", AccountId=place.account, NewBudget=budget)
    on_progress(Step(f"budget {name}", f"${dollars} a month", f"for {SERVICE} in {place.region}, all projects"))


def remove_budget(cloud: Cloud, project: str, place: Place) -> bool:
    """Delete the project's budget; whether there was one."""
    try:
        cloud.call("budgets", "delete_budget", AccountId=place.account, BudgetName=budget_name(project, place))
    except ServiceError as error:
        if error.code != "NotFoundException":
            raise
        return False
    return True


def budget_name(project: str, place: Place) -> str:
    """The name of a project's budget: an account has one of a name, whatever the region."""
    return f"{project}-{place.region}"


def _notice(kind: str, share: int, topic_arn: str) -> dict[str, Any]:
    return {
        "Notification": {
            "NotificationType": kind,
            "ComparisonOperator": "GREATER_THAN",
            "Threshold": share,
            "ThresholdType": "PERCENTAGE",
        },
        "Subscribers": [{"SubscriptionType": "SNS", "Address": topic_arn}],
    }
