"""What the approval page stands behind, by where the stack is."""

from __future__ import annotations

import pytest

from workflow.clients import signing_name
from workflow.errors import UsageError
from workflow.stack.changes import Step
from workflow.stack.front import choose_front
from workflow.stack.outputs import Place


@pytest.mark.parametrize(
    ("region", "partition", "api"),
    [
        ("us-east-1", "aws", False),
        ("eu-central-1", "aws", False),
        ("eu-central-2", "aws", True),
        ("ap-southeast-7", "aws", True),
        ("us-gov-west-1", "aws-us-gov", True),
        ("cn-north-1", "aws-cn", True),
    ],
)
def test_an_api_is_taken_where_the_region_has_no_function_urls(region: str, partition: str, api: bool) -> None:
    """The stack would fail otherwise; what was chosen is said."""
    told: list[Step] = []
    chosen = choose_front(Place("1", region, partition), {}, {}, told.append)
    assert chosen == ({"ApprovalFront": "http-api"} if api else {})
    assert len(told) == int(api)


def test_a_function_url_that_the_region_lacks_is_refused_before_the_stack_is_touched() -> None:
    """With what to take; elsewhere both can be asked for."""
    zurich = Place("1", "eu-central-2", "aws")
    with pytest.raises(UsageError, match=r"eu-central-2 has no function URLs\. Take ApprovalFront=http-api"):
        choose_front(zurich, {"ApprovalFront": "url"}, {}, lambda _: None)
    assert choose_front(zurich, {}, {"ApprovalFront": "http-api"}, lambda _: None) == {}
    assert choose_front(Place("1", "eu-west-1", "aws"), {"ApprovalFront": "http-api"}, {}, lambda _: None) == {}


def test_a_request_is_signed_for_whoever_checks_it() -> None:
    """A signature for Lambda is refused by API Gateway, and the other way round."""
    assert signing_name("https://x.lambda-url.eu-west-1.on.aws/") == "lambda"
    assert signing_name("https://x.execute-api.eu-central-2.amazonaws.com/decide") == "execute-api"
