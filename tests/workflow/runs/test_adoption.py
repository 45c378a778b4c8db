"""Taking over a version: what is sent, and what is made of the answer."""

from __future__ import annotations

from typing import Any

import pytest

from tests.workflow.cloud import ScriptedCloud
from tests.workflow.runs.test_releases import releases
from workflow.errors import GreenlightError, UsageError
from workflow.runs.adoption import adopt, check_released

URL = "https://decide.example/"
DECIDED = {"decision": "approved", "by": "arn:aws:iam::123456789012:user/ada", "door": "adoption", "comment": "old"}


def answered(status: int, told: dict[str, Any]) -> ScriptedCloud:
    """A cloud that answers the order so."""
    return ScriptedCloud({"post_signed": {"status": status, "told": told}})


def test_the_version_and_the_reason_are_sent_to_the_signed_address() -> None:
    """And nobody's name: AWS says who it is."""
    cloud = answered(200, DECIDED)
    assert adopt(cloud, URL, 4, "old") == DECIDED
    assert cloud.asked == [("post_signed", {"url": URL, "body": {"action": "adopt", "version": 4, "reason": "old"}})]


@pytest.mark.parametrize(
    ("status", "told", "kind", "said"),
    [
        (
            409,
            {**DECIDED, "decision": "rejected", "door": "link"},
            GreenlightError,
            r"before: rejected by .*ada \(link\)",
        ),
        (409, {"error": "version 4 is Rejected"}, GreenlightError, "not adopted: version 4 is Rejected"),
        (400, {"error": "request.reason: too long"}, GreenlightError, r"not adopted: request\.reason"),
        (403, {"Message": "Forbidden"}, UsageError, "AWS does not let you decide"),
        (502, {}, GreenlightError, "not adopted: answer 502"),
    ],
)
def test_what_was_not_adopted_is_said_with_the_reason(
    status: int, told: dict[str, Any], kind: type[Exception], said: str
) -> None:
    """Never as if it were."""
    with pytest.raises(kind, match=said):
        adopt(answered(status, told), URL, 4, "old")


def test_only_a_released_version_is_adopted_without_a_further_word() -> None:
    """One that was approved and never released is named as such."""
    check_released(releases(1, 2), 2)
    with pytest.raises(UsageError, match=r"version 3 was never released \(released were: 1, 2\).*--unreleased"):
        check_released(releases(1, 2), 3)
    with pytest.raises(UsageError, match="released were: none"):
        check_released([], 1)
