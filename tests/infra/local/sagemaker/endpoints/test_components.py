"""Models share an endpoint as inference components; one that changes disturbs no other."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from typing import Any

import pytest

from infra.local.sagemaker.endpoints import invocations
from infra.local.sagemaker.endpoints.capacity import Share, instances_needed, share_of
from infra.local.sagemaker.errors import ServiceError
from infra.local.sagemaker.service import SageMaker
from tests.infra.local.sagemaker.requests import BUCKET, ROLE, eventually, fresh, model, model_of, settled

ROLLING = {"MaximumBatchSize": {"Type": "COPY_COUNT", "Value": 1}, "WaitIntervalInSeconds": 0}


def ask(service: SageMaker, endpoint: str, component: str = "") -> str:
    """Which flavour answers."""
    headers = {"x-amzn-sagemaker-inference-component": component} if component else {}
    answer = invocations.invoke(service.endpoints, service.components, endpoint, headers, b"hello")
    return str(json.loads(answer.body)["environment"])


def settle(service: SageMaker, name: str) -> dict[str, Any]:
    """A component's description once nothing about it is in progress."""
    described: dict[str, Any] = eventually(
        lambda: service.call("DescribeInferenceComponent", {"InferenceComponentName": name}),
        lambda found: found["InferenceComponentStatus"] in ("InService", "Failed"),
    )
    return described


def create(service: SageMaker, endpoint: str, served: str, *, copies: int = 2, memory: int = 1024) -> str:
    """A component of an endpoint; its name."""
    name = fresh("component")
    service.call(
        "CreateInferenceComponent",
        {
            "InferenceComponentName": name,
            "EndpointName": endpoint,
            "VariantName": "main",
            "Specification": specification(served, memory),
            "RuntimeConfig": {"CopyCount": copies},
        },
    )
    return name


def specification(served: str, memory: int = 1024) -> dict[str, Any]:
    """What a component serves, and takes."""
    return {"ModelName": served, "ComputeResourceRequirements": {"MinMemoryRequiredInMb": memory}}


@pytest.fixture(scope="module")
def good(service: SageMaker) -> str:
    """A model that serves."""
    return model(service, "good")


@pytest.fixture(scope="module")
def better(service: SageMaker) -> str:
    """Another model that serves."""
    return model(service, "better")


@pytest.fixture(scope="module")
def host(service: SageMaker) -> str:
    """An endpoint without a model, of one or two instances of 8 GB; its name."""
    name = fresh("host")
    variant = {"VariantName": "main", "InstanceType": "ml.m5.large", "InitialInstanceCount": 1}
    scaling = {"ManagedInstanceScaling": {"Status": "ENABLED", "MinInstanceCount": 1, "MaxInstanceCount": 2}}
    config = {"EndpointConfigName": name, "ProductionVariants": [{**variant, **scaling}]}
    with pytest.raises(ServiceError, match="ExecutionRoleArn"):
        service.call("CreateEndpointConfig", config)
    service.call("CreateEndpointConfig", {**config, "ExecutionRoleArn": ROLE})
    service.call("CreateEndpoint", {"EndpointName": name, "EndpointConfigName": name})
    assert settled(service, name)["EndpointStatus"] == "InService"
    return name


def test_each_component_answers_for_itself_and_nobody_without_a_name(
    service: SageMaker, host: str, good: str, better: str
) -> None:
    """The endpoint cannot be deleted below them, and one that another endpoint has is none here."""
    first, second = create(service, host, good), create(service, host, better)
    assert settle(service, first)["InferenceComponentStatus"] == "InService"
    assert settle(service, second)["InferenceComponentStatus"] == "InService"
    assert (ask(service, host, first), ask(service, host, second)) == ("good", "better")
    with pytest.raises(ServiceError, match="Inference Component Name header is required"):
        ask(service, host)
    with pytest.raises(ServiceError, match="not found"):
        ask(service, host, "no-such-component")
    with pytest.raises(ServiceError, match="it hosts"):
        service.call("DeleteEndpoint", {"EndpointName": host})
    listed = service.call("ListInferenceComponents", {"EndpointNameEquals": host})["InferenceComponents"]
    assert [one["InferenceComponentName"] for one in listed] == [second, first]
    for name in (first, second):
        service.call("DeleteInferenceComponent", {"InferenceComponentName": name})
    eventually(lambda: not service.call("ListInferenceComponents", {"EndpointNameEquals": host})["InferenceComponents"])


def test_an_update_loses_no_request_and_one_that_fails_leaves_the_old_model(
    service: SageMaker, host: str, good: str, better: str
) -> None:
    """The old copies answer until the new ones are healthy; a model that never is changes nothing."""
    name = create(service, host, good)
    settle(service, name)
    done, seen = threading.Event(), list[str]()

    def keep_asking() -> None:
        while not done.wait(0.02):
            seen.append(ask(service, host, name))

    thread = threading.Thread(target=keep_asking)
    thread.start()
    change = {"InferenceComponentName": name, "DeploymentConfig": {"RollingUpdatePolicy": ROLLING}}
    service.call("UpdateInferenceComponent", {**change, "Specification": specification(better)})
    assert settle(service, name)["Specification"]["ModelName"] == better
    eventually(lambda: list(seen), lambda all_seen: all_seen[-1] == "better")
    done.set()
    thread.join()
    assert set(seen) == {"good", "better"}
    broken = model_of(service, f"s3://{BUCKET}/no/such/archive.tar.gz")
    service.call("UpdateInferenceComponent", {**change, "Specification": specification(broken)})
    assert settle(service, name)["Specification"]["ModelName"] == better
    assert ask(service, host, name) == "better"
    service.call("DeleteInferenceComponent", {"InferenceComponentName": name})


def test_components_serve_again_after_a_restart(
    open_service: Callable[..., SageMaker], service: SageMaker, host: str, good: str
) -> None:
    """On the model that they served."""
    name = create(service, host, good)
    settle(service, name)
    again = open_service()
    again.load(service.workshop.store.dump())
    assert settle(again, name)["Specification"]["ModelName"] == good
    assert ask(again, host, name) == "good"
    service.call("DeleteInferenceComponent", {"InferenceComponentName": name})


def test_what_aws_refuses_of_a_component_is_refused(service: SageMaker, host: str, good: str) -> None:
    """A batch of more than half, an endpoint with a model of its own, and more than the instances hold."""
    name = create(service, host, good, copies=1)
    settle(service, name)
    whole = {"InferenceComponentName": name, "DeploymentConfig": {"RollingUpdatePolicy": ROLLING}}
    with pytest.raises(ServiceError, match="between 5% to 50%"):
        service.call("UpdateInferenceComponent", {**whole, "Specification": specification(good)})
    too_large = settle(service, create(service, host, good, copies=3, memory=8000))
    assert too_large["InferenceComponentStatus"] == "Failed"
    assert "Insufficient capacity" in too_large["FailureReason"]
    with pytest.raises(ServiceError, match="Insufficient capacity"):
        service.call(
            "UpdateInferenceComponentRuntimeConfig",
            {"InferenceComponentName": name, "DesiredRuntimeConfig": {"CopyCount": 50}},
        )


@pytest.mark.fast
def test_copies_are_packed_onto_as_few_instances_as_the_largest_first_allow() -> None:
    """By processors, memory and GPUs alike; what fits on no instance fits on no number of them."""
    assert share_of("ml.c7i.xlarge") == Share(4, 8192, 0)
    assert share_of("ml.g5.12xlarge") == Share(48, 4 * 48 * 1024, 4)
    half = Share(1, 4096)
    assert instances_needed("ml.c7i.xlarge", [half] * 3, 2) == 2
    assert instances_needed("ml.c7i.xlarge", [half] * 5, 2) is None
    assert instances_needed("ml.c7i.xlarge", [Share(8, 128)], 9) is None
    assert instances_needed("ml.g5.xlarge", [Share(1, 128, 1)] * 2, 2) == 2
