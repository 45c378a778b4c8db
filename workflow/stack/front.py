"""What the approval page stands behind, by what the region has: a function URL, or an HTTP API of API Gateway."""

from __future__ import annotations

from collections.abc import Mapping

from workflow.errors import UsageError
from workflow.stack.changes import Progress, Step
from workflow.stack.outputs import Place

PARAMETER, URL, HTTP_API = "ApprovalFront", "url", "http-api"

WITHOUT_URLS = frozenset(
    {
        *("ap-east-2", "ap-south-2", "ap-southeast-4", "ap-southeast-5", "ap-southeast-6", "ap-southeast-7"),
        *("ca-west-1", "eu-central-2", "eu-south-2", "il-central-1", "me-central-1", "mx-central-1"),
    }
)
"""Commercial regions without: https://docs.aws.amazon.com/lambda/latest/dg/urls-configuration.html (November 2026), and
mx-central-1, whose CloudFormation has no AWS::Lambda::Url.

GovCloud and China have none either: docs.aws.amazon.com/govcloud-us/latest/UserGuide/govcloud-lambda.html,
docs.amazonaws.cn/en_us/aws/latest/userguide/lambda.html.
"""
WITH_URLS = frozenset({"aws"})
"""Partitions that have them at all, as far as they are documented."""


def has_urls(place: Place) -> bool:
    """Whether Lambda has function URLs there."""
    return place.partition in WITH_URLS and place.region not in WITHOUT_URLS


def choose_front(
    place: Place, given: Mapping[str, str], held: Mapping[str, str], on_progress: Progress
) -> dict[str, str]:
    """The parameter where the region asks for an HTTP API; nothing where the default, or what the stack has, will do.

    Raises UsageError where a person asked for function URLs that the region lacks.
    """
    if has_urls(place):
        return {}
    if given.get(PARAMETER) == URL:
        raise UsageError(f"{PARAMETER}={URL}: {place.region} has no function URLs. Take {PARAMETER}={HTTP_API}.")
    if PARAMETER in given or held.get(PARAMETER) == HTTP_API:
        return {}
    on_progress(Step("approval page", "behind an HTTP API", f"{place.region} has no function URLs"))
    return {PARAMETER: HTTP_API}
