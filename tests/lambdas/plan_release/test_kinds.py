"""On what each stage of a release serves, and which endpoints cannot become that."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from lambdas.plan_release.plan import Endpoint, Found, Settings, draw_up, rollout
from tests.lambdas.plan_release.test_plan import ARN, DECISION, EXECUTION, JUDGED, package, serving
from workflow.contract.deployment import watched
from workflow.contract.release_input import ReleaseInput
from workflow.contract.release_plan import PlannedKinds, ReleasePlan
from workflow.contract.rule import InputError
from workflow.contract.standing import Premises

CONFIG = {"MemorySizeInMB": 3072, "MaxConcurrency": 7}
INSTANCES = {"InstanceType": "ml.m5.large", "InitialInstanceCount": 1}
DELETE = "aws sagemaker delete-endpoint --endpoint-name greenlight-"


def endpoint(stage: str, *, serverless: bool) -> Endpoint:
    """An endpoint in service."""
    said: dict[str, Any] = {"CurrentServerlessConfig": CONFIG} if serverless else {"DesiredInstanceCount": 2}
    described = {"EndpointName": f"greenlight-{stage}", "EndpointStatus": "InService", "EndpointConfigName": "now"}
    return Endpoint.of({**described, "ProductionVariants": [said]})


def plan(
    staging: Endpoint | None = None,
    production: Endpoint | None = None,
    *,
    kept: str = "",
    version: int = 3,
    in_vpc: bool = False,
    **given: Any,
) -> ReleasePlan:
    """The plan to release version 4, registered with these words, over another version."""
    served, _ = serving(ARN.replace("/4", f"/{version}"))
    found = Found(staging, production, replace(served, version=version, configuration="now"), DECISION, JUDGED)
    version_4 = replace(package(), serving=kept)
    settings = Settings.read({}, Premises(in_vpc=in_vpc))
    return draw_up("greenlight", EXECUTION, ReleaseInput(ARN, serving=given), settings, version_4, found)


def test_a_version_without_instances_has_none_in_either_stage() -> None:
    """Memory and concurrency are its own; the container is told to load one copy of the model."""
    drawn = plan(serve="serverless", serverless_memory_mb=3072, serverless_provisioned=2)
    wanted = {"ServerlessConfig": {"MemorySizeInMB": 3072, "MaxConcurrency": 5, "ProvisionedConcurrency": 2}}
    assert (drawn.variant, drawn.production_variant) == (wanted, wanted)
    assert drawn.kinds == PlannedKinds("serverless", "serverless", keeps_instances=False)
    assert drawn.serverless_environment == {"GREENLIGHT_CONFIDENCE": "0.4", "GREENLIGHT_WORKERS": "1"}
    moves = rollout(drawn, endpoint("production", serverless=True), 2)
    assert (moves["count"], moves["variant"]) == (0, wanted)
    assert moves["deployment"] == watched(drawn.production_configuration, 0)
    routing = moves["deployment"]["BlueGreenUpdatePolicy"]["TrafficRoutingConfiguration"]
    assert routing == {"Type": "ALL_AT_ONCE", "WaitIntervalInSeconds": 300}


def test_each_stage_may_serve_otherwise() -> None:
    """Staging without instances costs nothing; production on them has the count it has."""
    drawn = plan(staging_serve="serverless")
    assert (drawn.variant or {}).keys() == {"ServerlessConfig"}
    assert drawn.production_variant == INSTANCES
    assert drawn.kinds == PlannedKinds("serverless", "realtime", keeps_instances=True)
    scaled = rollout(drawn, endpoint("production", serverless=False), 1)
    assert scaled["variant"] == {**INSTANCES, "InitialInstanceCount": 2}
    other = plan(serve="serverless", staging_serve="realtime")
    assert other.variant == INSTANCES
    assert (other.production_variant or {}).keys() == {"ServerlessConfig"}


def test_a_confirmation_of_a_plan_from_before_there_were_kinds_is_as_it_was() -> None:
    """A release that waits for a person meanwhile."""
    gpu = {"InstanceType": "ml.g5.xlarge", "InitialInstanceCount": 1, "InferenceAmiVersion": "chosen"}
    old = replace(plan(), kinds=None, production_variant=None, variant=gpu)
    moves = rollout(old, endpoint("production", serverless=False), 1)
    assert moves["variant"] == {**gpu, "InitialInstanceCount": 2}


@pytest.mark.parametrize(
    ("stages", "given", "said"),
    [
        (
            {"production": endpoint("production", serverless=False)},
            {"serve": "serverless"},
            "serve = serverless: greenlight-production is on instances, and SageMaker turns no such endpoint into a "
            "serverless one. Start with serve=realtime, or, where clients can be without answers for some "
            f"minutes, delete the endpoint ({DELETE}production)",
        ),
        (
            {"production": endpoint("production", serverless=True)},
            {"serve": "realtime"},
            "serve = realtime: greenlight-production is serverless, and one that has moved to instances cannot be "
            "rolled back to it. Start with serve=serverless, or",
        ),
        (
            {"staging": endpoint("staging", serverless=False)},
            {"staging_serve": "serverless"},
            f"staging_serve = serverless: greenlight-staging is on instances, .*{DELETE}staging",
        ),
    ],
)
def test_an_endpoint_that_cannot_become_what_is_asked_is_refused_with_what_to_type(
    stages: dict[str, Any], given: dict[str, Any], said: str
) -> None:
    """Before anything is created."""
    with pytest.raises(InputError) as caught:
        plan(**stages, **given)
    for part in said.split(".*"):
        assert part in str(caught.value)


def test_staging_may_leave_serverless_for_it_is_never_rolled_back() -> None:
    """SageMaker lets an endpoint move to instances."""
    assert plan(endpoint("staging", serverless=True)).variant == INSTANCES


@pytest.mark.parametrize(
    ("serverless", "kept", "kind"),
    [(True, "serve=realtime", "serverless"), (False, "serve=serverless", "realtime"), (True, "", "serverless")],
)
def test_a_version_that_goes_back_serves_on_what_production_is(serverless: bool, kept: str, kind: str) -> None:
    """It is brought back because what serves is worse: not the moment to be without an endpoint."""
    drawn = plan(production=endpoint("production", serverless=serverless), kept=kept, version=5)
    assert drawn.goes_back
    assert drawn.kinds is not None
    assert drawn.kinds.production == kind
    if serverless:
        assert drawn.production_variant == {"ServerlessConfig": CONFIG}


@pytest.mark.parametrize("key", ["serve", "staging_serve"])
def test_a_stack_with_a_network_has_no_serverless_endpoint(key: str) -> None:
    """Its people want all that serves in there, and SageMaker puts no such endpoint into a VPC."""
    given: dict[str, Any] = {key: "serverless"}
    with pytest.raises(InputError, match=f"{key} = serverless: the stack's endpoints are in its network"):
        plan(in_vpc=True, **given)
    assert plan(in_vpc=True).variant == INSTANCES
