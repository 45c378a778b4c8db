"""Endpoints that answer asynchronously: which can come to, and what SageMaker is told of them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lambdas.plan_release.asynchronous import answering_as, body_limit, check_answering, describe_answering
from lambdas.plan_release.package import RefusalError
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


def test_a_queue_takes_the_largest_picture_without_compression() -> None:
    """The image's own bound is for endpoints through which SageMaker lets 6 MB."""
    (megabytes,) = body_limit(Serving(staging_serve="async")).values()
    assert int(megabytes) * 1_000_000 > 3 * MAXIMUM_PIXELS
    assert body_limit(Serving()) == {}


def test_answers_are_under_the_stacks_key() -> None:
    """Where it has one."""
    kept = describe_answering(Serving(serve="async"), Outlets("bucket", "arn:a", "arn:b", "arn:key"))
    assert kept is not None
    assert kept.production is not None
    assert kept.production["OutputConfig"]["KmsKeyId"] == "arn:key"


@pytest.mark.parametrize(
    ("serving", "production", "said"),
    [
        (Serving(serve="async"), USUAL, "serve = async: greenlight-production is realtime, .* with serve=realtime, or"),
        (Serving(), QUEUED, "serve = realtime: greenlight-production is async, .* with serve=async, or delete"),
    ],
)
def test_an_endpoint_stays_as_it_answers(serving: Serving, production: Endpoint, said: str) -> None:
    """SageMaker changes none; the refusal says both ways on. A stage that is not there can be made as it likes."""
    with pytest.raises(RefusalError, match=said):
        check_answering(serving, None, production, OUTLETS)
    check_answering(serving, None, None, OUTLETS)
    other = Serving(serve="realtime" if serving.serve == "async" else "async", staging_serve=serving.serve)
    check_answering(other, None, production, OUTLETS)


def test_a_stage_in_another_account_does_not() -> None:
    """Its endpoint has no way to the bucket and the topics of this one."""
    with pytest.raises(RefusalError, match="staging_serve = async: staging is in another account"):
        check_answering(Serving(staging_serve="async"), None, None, None)
    check_answering(Serving(), None, None, None)


def test_an_api_that_waits_for_answers_stands_in_front_of_none() -> None:
    """SageMaker would refuse each of its requests; staging has no API in front of it."""
    behind = replace(OUTLETS, has_api=True)
    with pytest.raises(RefusalError, match="PredictionApi=none"):
        check_answering(Serving(serve="async"), None, None, behind)
    check_answering(Serving(staging_serve="async"), None, None, behind)
    check_answering(Serving(serve="async"), None, None, OUTLETS)


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
