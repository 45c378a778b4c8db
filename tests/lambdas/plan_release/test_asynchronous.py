"""Endpoints that answer asynchronously: which do, and what SageMaker is told of them."""

from __future__ import annotations

import pytest

from lambdas.plan_release.asynchronous import answering_as, describe_answering, queue_limits
from lambdas.plan_release.plan import Endpoint, rollout
from tests.lambdas.plans import release_plan
from workflow.contract.asynchronous import Outlets
from workflow.contract.model import MAXIMUM_PIXELS
from workflow.contract.serving import Serving

pytestmark = pytest.mark.fast
OUTLETS = Outlets("bucket", "arn:answered", "arn:unanswered")
QUEUED = Endpoint("greenlight-production", "InService", "x", 1, asynchronous=True)
USUAL = Endpoint("greenlight-production", "InService", "x", 1)


def test_each_stage_that_answers_so_has_a_place_of_its_own() -> None:
    """Below one prefix, with the topics of the stack; a stage that answers at once has none."""
    both = describe_answering(Serving(serve="async", async_concurrency=2), OUTLETS)
    assert both is not None
    assert both.staging is not None
    assert both.production == {
        "ClientConfig": {"MaxConcurrentInvocationsPerInstance": 2},
        "OutputConfig": {
            "S3OutputPath": "s3://bucket/asynchronous/production/answers/",
            "S3FailurePath": "s3://bucket/asynchronous/production/failures/",
            "NotificationConfig": {"SuccessTopic": "arn:answered", "ErrorTopic": "arn:unanswered"},
        },
    }
    one = describe_answering(Serving(serve="async", staging_serve="realtime"), OUTLETS)
    assert one is not None
    assert one.staging is None
    assert describe_answering(Serving(), OUTLETS) is None


def test_a_queue_takes_the_largest_picture_without_compression_and_an_hour() -> None:
    """The image's own bounds are for endpoints through which SageMaker lets 6 MB, and whom it gives a minute."""
    limits = queue_limits(Serving(staging_serve="async"))
    assert int(limits["GREENLIGHT_BODY_MEGABYTES"]) * 1_000_000 > 3 * MAXIMUM_PIXELS
    assert limits["GREENLIGHT_ANSWER_SECONDS"] == "3600"
    assert queue_limits(Serving()) == {}


def test_answers_are_under_the_stacks_key() -> None:
    """Where it has one."""
    kept = describe_answering(Serving(serve="async"), Outlets("bucket", "arn:a", "arn:b", "arn:key"))
    assert kept is not None
    assert kept.production is not None
    assert kept.production["OutputConfig"]["KmsKeyId"] == "arn:key"


def test_who_goes_back_answers_as_production_does() -> None:
    """However the earlier version was registered: its callers know how to ask."""
    assert answering_as(Serving(), QUEUED).serve == "async"
    assert answering_as(Serving(serve="async"), USUAL).serve == "realtime"
    assert answering_as(Serving(serve="async"), None).serve == "async"


def test_a_fleet_at_no_instance_starts_for_a_release() -> None:
    """Else nothing of the new version would be seen before its first caller."""
    none = Endpoint("greenlight-production", "InService", "x", 0, asynchronous=True)
    moved = rollout(release_plan(), none, 2)
    assert (moved["retained"], moved["variant"]["InitialInstanceCount"]) == (False, 2)
    assert rollout(release_plan(), QUEUED, 2)["retained"] is True


def test_what_describe_endpoint_says_tells_how_it_answers() -> None:
    """By the configuration that only an asynchronous one has."""
    described = {"EndpointName": "e", "EndpointStatus": "InService"}
    assert Endpoint.of({**described, "AsyncInferenceConfig": {"OutputConfig": {}}}).asynchronous
    assert not Endpoint.of(described).asynchronous
