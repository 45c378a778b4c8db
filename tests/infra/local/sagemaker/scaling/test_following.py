"""A fleet grows with its load and shrinks without it, and no request is lost meanwhile; what AWS refuses is refused."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from infra.local.sagemaker.endpoints import invocations
from infra.local.sagemaker.errors import ServiceError
from infra.local.sagemaker.scaling import following
from infra.local.sagemaker.service import SageMaker
from tests.infra.local.sagemaker.requests import configuration, endpoint, eventually, fresh, model

TRACKED = {"TargetValue": 4.0, "ScaleOutCooldown": 0, "ScaleInCooldown": 0}
PER_INSTANCE = {"PredefinedMetricSpecification": {"PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"}}


def place(name: str) -> dict[str, str]:
    """How automatic scaling names the fleet of an endpoint."""
    return {
        "ServiceNamespace": "sagemaker",
        "ResourceId": f"endpoint/{name}/variant/main",
        "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
    }


@pytest.fixture(scope="module")
def served(service: SageMaker) -> str:
    """An endpoint; its name."""
    return endpoint(service, configuration(service, model(service, "good")))


@pytest.fixture(autouse=True, scope="module")
def short_minutes() -> Iterator[None]:
    """Minutes that a test can wait for."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(following, "MINUTE", 0.25)
        yield


@pytest.fixture
def followed(service: SageMaker, served: str) -> Iterator[dict[str, str]]:
    """The fleet of that endpoint, followed between one and two instances."""
    here = place(served)
    service.scaling["RegisterScalableTarget"]({**here, "MinCapacity": 1, "MaxCapacity": 2})
    policy = {**here, "PolicyName": "load", "PolicyType": "TargetTrackingScaling"}
    tracked = {"TargetTrackingScalingPolicyConfiguration": {**TRACKED, **PER_INSTANCE}}
    service.scaling["PutScalingPolicy"]({**policy, **tracked})
    yield here
    service.endpoints.let_go(here["ResourceId"])


def test_a_fleet_follows_its_load_and_loses_nothing(service: SageMaker, served: str, followed: dict[str, str]) -> None:
    """Two containers where there was one, both of which answer; one again once nobody asks."""
    lost: list[Exception] = []
    over = threading.Event()

    def ask() -> None:
        while not over.wait(0.02):
            try:
                invocations.invoke(
                    service.endpoints, service.components, served, {"content-type": "image/jpeg"}, b"picture"
                )
            except ServiceError as error:
                lost.append(error)

    clients = [threading.Thread(target=ask) for _ in range(2)]
    for one in clients:
        one.start()
    fleet = service.endpoints.traffic.next(served)
    assert fleet is not None
    try:
        assert eventually(lambda: len(fleet.containers("main")) == 2)
        assert service.endpoints.instances_of(served, "main") == 2
        time.sleep(0.3)
    finally:
        over.set()
        for one in clients:
            one.join()
    assert eventually(lambda: len(fleet.containers("main")) == 1)
    assert lost == []


def test_a_fleet_that_is_followed_keeps_its_kind_of_instance(
    service: SageMaker, served: str, followed: dict[str, str]
) -> None:
    """Until it is let go of; a changed model is no such change."""
    other, better = fresh("config"), model(service, "better")
    variant = {"VariantName": "main", "ModelName": better, "InstanceType": "ml.m5.xlarge", "InitialInstanceCount": 1}
    service.call("CreateEndpointConfig", {"EndpointConfigName": other, "ProductionVariants": [variant]})
    with pytest.raises(ServiceError, match="must be deregistered as scalable targets"):
        service.call("UpdateEndpoint", {"EndpointName": served, "EndpointConfigName": other})
    service.scaling["DeregisterScalableTarget"](followed)
    service.call("UpdateEndpoint", {"EndpointName": served, "EndpointConfigName": other})
    eventually(lambda: service.call("DescribeEndpoint", {"EndpointName": served})["EndpointStatus"] == "InService")


@pytest.mark.parametrize(
    ("operation", "more", "said"),
    [
        ("RegisterScalableTarget", {"MinCapacity": 0, "MaxCapacity": 2}, "must be at least 1"),
        ("RegisterScalableTarget", {"MinCapacity": 3, "MaxCapacity": 2}, "cannot be less than minimum"),
        ("RegisterScalableTarget", {"MaxCapacity": 2}, "must be specified when registering"),
        ("DeregisterScalableTarget", {}, "No scalable target found"),
        (
            "PutScalingPolicy",
            {"PolicyName": "x", "PolicyType": "TargetTrackingScaling"},
            "No scalable target registered",
        ),
        ("RegisterScalableTarget", {"ServiceNamespace": "ecs"}, "lacks automatic scaling of anything but"),
    ],
)
def test_what_the_service_refuses_is_refused(
    service: SageMaker, served: str, operation: str, more: dict[str, Any], said: str
) -> None:
    """With its reasons."""
    with pytest.raises(ServiceError, match=said):
        service.scaling[operation]({**place(served), **more})
