"""Which endpoints can come to serve as a version is to be served, and where a stack allows it."""

from __future__ import annotations

import pytest

from workflow.contract.rule import InputError
from workflow.contract.serving import Serving
from workflow.contract.standing import Described, Premises, check_serving

pytestmark = pytest.mark.fast
HOME = Premises()
USUAL = Described("greenlight-production", None, asynchronous=False)
QUEUED = Described("greenlight-production", None, asynchronous=True)
WITHOUT = Described("greenlight-production", {"MemorySizeInMB": 2048, "MaxConcurrency": 5}, asynchronous=False)
FLEET = {"maximum_instances": 4, "scale_target": 600.0}


def test_what_describe_endpoint_says_tells_how_it_serves() -> None:
    """By the configuration that only such an endpoint has."""
    named = {"EndpointName": "greenlight-production"}
    assert Described.of(named) == USUAL
    assert Described.of({**named, "AsyncInferenceConfig": {}}) == QUEUED
    assert Described.of({**named, "ProductionVariants": [{"CurrentServerlessConfig": WITHOUT.serverless}]}) == WITHOUT


@pytest.mark.parametrize(
    ("kind", "production", "said"),
    [
        ("batch", USUAL, "with serve=realtime$"),
        ("batch", USUAL, "delete-endpoint --endpoint-name greenlight-production"),
        ("batch", QUEUED, "it would go on serving what it serves"),
        ("async", USUAL, "serve = async: greenlight-production is realtime, .* with serve=realtime, or"),
        ("async", WITHOUT, "serve = async: greenlight-production is serverless, .* with serve=serverless, or"),
        ("realtime", QUEUED, "serve = realtime: greenlight-production is async, .* with serve=async, or delete"),
        ("realtime", WITHOUT, "serve = realtime: greenlight-production is serverless, .* with serve=serverless, or"),
        ("serverless", USUAL, "serve = serverless: greenlight-production is on instances, .* with serve=realtime, or"),
        ("serverless", QUEUED, "serve = serverless: greenlight-production is on instances, .* with serve=async, or"),
    ],
)
def test_an_endpoint_stays_what_sagemaker_cannot_change(kind: str, production: Described, said: str) -> None:
    """The refusal says both ways on; a stage that is not there can be made as it likes."""
    asked = Serving.read({"serve": kind})
    with pytest.raises(InputError, match=said):
        check_serving(asked, HOME, None, production)
    check_serving(asked, HOME, None, None)


@pytest.mark.parametrize(
    ("kind", "production"),
    [("realtime", USUAL), ("ab", USUAL), ("shadow", USUAL), ("async", QUEUED), ("serverless", WITHOUT)],
)
def test_an_endpoint_goes_on_as_what_it_is(kind: str, production: Described) -> None:
    """Whatever serves there next."""
    check_serving(Serving.read({"serve": kind}), HOME, None, production)


def test_staging_is_asked_for_by_its_own_key() -> None:
    """Where it has one; it may leave serverless, for nobody ever rolls it back."""
    staging = Described("greenlight-staging", None, asynchronous=True)
    with pytest.raises(InputError, match=r"serve = realtime: greenlight-staging is async.*staging_serve=async, or"):
        check_serving(Serving(), HOME, staging, None)
    with pytest.raises(InputError, match="staging_serve = serverless: greenlight-staging is on instances"):
        check_serving(Serving(staging_serve="serverless"), HOME, staging, None)
    check_serving(Serving(staging_serve="async"), HOME, staging, USUAL)
    check_serving(Serving(), HOME, Described("greenlight-staging", {"MaxConcurrency": 1}, asynchronous=False), USUAL)


def test_an_api_that_waits_for_answers_stands_in_front_of_none() -> None:
    """SageMaker would refuse each of its requests; staging has no API in front of it."""
    behind = Premises(has_api=True)
    with pytest.raises(InputError, match="PredictionApi=none"):
        check_serving(Serving(serve="async"), behind, None, None)
    check_serving(Serving(staging_serve="async"), behind, None, None)
    check_serving(Serving(serve="async"), HOME, None, None)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"serve": "async"}, "serve = async: staging is in another account"),
        ({"staging_serve": "async"}, "staging_serve = async: staging is in another account"),
        ({"serve": "ab"}, "serve = ab: production in an account of its own cannot be challenged"),
        (FLEET, "maximum_instances = 4: production is in another account"),
    ],
)
def test_stages_in_other_accounts_have_fewer_ways(given: dict[str, str], said: str) -> None:
    """They have no way to this one's bucket and topics, and nothing here follows their fleets."""
    with pytest.raises(InputError, match=said):
        check_serving(Serving.read(given), Premises(elsewhere=True), None, None)
    check_serving(Serving.read(given), HOME, None, None)
    check_serving(Serving(), Premises(elsewhere=True), None, None)


def test_a_stack_serves_where_its_rights_go() -> None:
    """On the endpoint that it shares, and nowhere else."""
    shared = Premises(shared_endpoint="vision-shared")
    check_serving(Serving(serve="shared"), shared, None, None)
    with pytest.raises(InputError, match="deploy it with SharedEndpoint=NAME"):
        check_serving(Serving(serve="shared"), HOME, None, None)
    with pytest.raises(InputError, match="vision-shared alone: start with serve=shared"):
        check_serving(Serving(), shared, None, None)


@pytest.mark.parametrize("key", ["serve", "staging_serve"])
def test_a_network_has_no_serverless_endpoint(key: str) -> None:
    """Its people want all that serves in there, and SageMaker puts no such endpoint into a VPC."""
    with pytest.raises(InputError, match=f"{key} = serverless: the stack's endpoints are in its network"):
        check_serving(Serving.read({key: "serverless"}), Premises(in_vpc=True), None, None)


def test_a_stack_tells_its_functions_what_it_has() -> None:
    """By variables; without them all is at home."""
    told = {"ENDPOINTS_IN_VPC": "true", "SERVES": "elsewhere", "PREDICTION_API": "iam", "SHARED_ENDPOINT": "shared"}
    assert Premises.read(told) == Premises(in_vpc=True, elsewhere=True, has_api=True, shared_endpoint="shared")
    assert Premises.read({}) == HOME
