"""What is reserved for approval pages, by what the account has."""

from __future__ import annotations

import pytest

from tests.workflow.cloud import ScriptedCloud
from workflow.errors import ServiceError, UsageError
from workflow.stack.changes import Step
from workflow.stack.concurrency import choose_concurrency


def account(limit: int) -> ScriptedCloud:
    """An account with this much unreserved."""
    return ScriptedCloud({"get_account_settings": {"AccountLimit": {"UnreservedConcurrentExecutions": limit}}})


@pytest.mark.parametrize("limit", [10, 50, 100, 104])
def test_nothing_is_reserved_where_aws_would_refuse_it_and_that_is_said(limit: int) -> None:
    """The whole stack would fail otherwise, after minutes."""
    told: list[Step] = []
    assert choose_concurrency(account(limit), {}, {}, "5", told.append) == {"ApprovalConcurrency": "0"}
    (step,) = told
    assert step.status == "reserve nothing"
    assert "L-B99A9384" in step.reason
    assert "--parameter ApprovalConcurrency=5" in step.reason


@pytest.mark.parametrize("limit", [105, 1000])
def test_the_default_stays_where_there_is_room(limit: int) -> None:
    """A hundred and five are enough for five, to the last of them."""
    assert choose_concurrency(account(limit), {}, {}, "5", lambda _: None) == {}


def test_more_than_can_be_reserved_is_refused_before_the_stack_is_touched() -> None:
    """A person who asked for it is told, not overruled."""
    with pytest.raises(UsageError, match=r"ApprovalConcurrency=20: .* leaves 10 to reserve .*ApprovalConcurrency=0"):
        choose_concurrency(account(110), {"ApprovalConcurrency": "20"}, {}, "5", lambda _: None)


def test_what_the_stack_holds_counts_as_its_own() -> None:
    """Five are reserved already, so seven need two more."""
    held = {"ApprovalConcurrency": "5"}
    assert choose_concurrency(account(102), {"ApprovalConcurrency": "7"}, held, "5", lambda _: None) == {}
    assert choose_concurrency(account(0), {}, held, "5", lambda _: None) == {}, "kept, and not asked"


def test_a_webhook_reserves_beside_the_pages_and_is_counted_with_them() -> None:
    """Five and two: an account with room for six deploys without a reservation instead of failing after minutes."""
    webhook = {"WebhookSecretArn": "arn:aws:secretsmanager:us-east-1:000000000000:secret:one"}
    assert choose_concurrency(account(106), webhook, {}, "5", lambda _: None) == {"ApprovalConcurrency": "0"}
    assert choose_concurrency(account(107), webhook, {}, "5", lambda _: None) == {}
    held = {"ApprovalConcurrency": "5"}
    assert choose_concurrency(account(101), webhook, held, "5", lambda _: None) == {"ApprovalConcurrency": "0"}
    assert choose_concurrency(account(102), webhook, held, "5", lambda _: None) == {}
    assert choose_concurrency(account(0), {}, {**held, **webhook}, "5", lambda _: None) == {}, "kept, and not asked"


def test_an_account_that_may_not_be_asked_reserves_nothing() -> None:
    """Whoever may deploy need not be allowed to read the limit."""
    told: list[Step] = []
    denied = ScriptedCloud({"get_account_settings": ServiceError("AccessDeniedException", "not authorized")})
    assert choose_concurrency(denied, {}, {}, "5", told.append) == {"ApprovalConcurrency": "0"}
    assert "not authorized" in told[0].reason
