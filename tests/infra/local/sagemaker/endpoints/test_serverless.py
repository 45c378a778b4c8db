"""Serverless endpoints: what they refuse as AWS does, and containers that are only there while somebody asks."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from typing import Any

import pytest

from infra.local.quotas import SERVERLESS_CONCURRENCY, Quotas
from infra.local.sagemaker.endpoints import invocations
from infra.local.sagemaker.endpoints.cold_starts import ColdServer
from infra.local.sagemaker.errors import ServiceError
from infra.local.sagemaker.service import SageMaker
from infra.local.sagemaker.serving import Answer
from tests.infra.local.sagemaker.requests import (
    ROLE,
    configuration,
    endpoint,
    eventually,
    fresh,
    model,
    settled,
)
from tests.stand_in import StandIn

CONFIG = {"MemorySizeInMB": 2048, "MaxConcurrency": 2}
IDLE_SECONDS = 0.5


@pytest.fixture(scope="module")
def service(open_service: Callable[..., SageMaker]) -> SageMaker:
    """One whose containers are idle soon, in an account with some concurrency."""
    return open_service(serverless_idle_seconds=IDLE_SECONDS, quotas=Quotas({SERVERLESS_CONCURRENCY: 20.0}))


@pytest.fixture(scope="module")
def good(service: SageMaker) -> str:
    """A model that serves."""
    return model(service, "good")


def variant(model_name: str, **config: int) -> dict[str, Any]:
    """A serverless variant."""
    return {"VariantName": "main", "ModelName": model_name, "ServerlessConfig": {**CONFIG, **config}}


def serverless(service: SageMaker, *variants: dict[str, Any]) -> str:
    """A configuration; its name."""
    name = fresh("serverless")
    service.call("CreateEndpointConfig", {"EndpointConfigName": name, "ProductionVariants": list(variants)})
    return name


def ask(service: SageMaker, name: str, body: bytes = b"hello") -> dict[str, Any]:
    """What an endpoint answers."""
    answer: dict[str, Any] = json.loads(invocations.invoke(service.endpoints, service.components, name, {}, body).body)
    return answer


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"ServerlessConfig": {**CONFIG, "MemorySizeInMB": 1536}}, "1 GB increments"),
        ({"ServerlessConfig": {**CONFIG, "MemorySizeInMB": 7168}}, "less than or equal to 6144"),
        ({"ServerlessConfig": {**CONFIG, "MaxConcurrency": 201}}, "less than or equal to 200"),
        ({"ServerlessConfig": {**CONFIG, "ProvisionedConcurrency": 3}}, "at most its MaxConcurrency"),
        ({"InstanceType": "ml.m5.large"}, "exclude each other"),
        ({"InitialInstanceCount": 1}, "exclude each other"),
    ],
)
def test_a_variant_that_serverless_inference_does_not_have_is_refused(
    service: SageMaker, good: str, change: dict[str, Any], said: str
) -> None:
    """Before there is a configuration."""
    with pytest.raises(ServiceError, match=said):
        serverless(service, {**variant(good), **change})


def test_a_second_variant_is_refused(service: SageMaker, good: str) -> None:
    """One endpoint, one model."""
    with pytest.raises(ServiceError, match="multiple production variants"):
        serverless(service, variant(good), {**variant(good), "VariantName": "other"})


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"EnableNetworkIsolation": True}, "network isolation"),
        ("VpcConfig", "VpcConfig"),
        ("ModelDataSource", "ModelDataSource"),
    ],
)
def test_a_model_that_serverless_inference_cannot_run_is_refused(
    service: SageMaker, stand_in: StandIn, good: str, change: Any, said: str
) -> None:
    """Isolation, a VPC, and an archive that is named with its ETag."""
    container = service.call("DescribeModel", {"ModelName": good})["PrimaryContainer"]
    if change == "ModelDataSource":
        source = {"S3Uri": container["ModelDataUrl"], "S3DataType": "S3Object", "CompressionType": "Gzip"}
        container = {"Image": container["Image"], "ModelDataSource": {"S3DataSource": source}}
        change = {}
    if change == "VpcConfig":
        subnet = stand_in.client("ec2").describe_subnets()["Subnets"][0]
        groups = stand_in.client("ec2").describe_security_groups()["SecurityGroups"]
        inside = [group["GroupId"] for group in groups if group["VpcId"] == subnet["VpcId"]]
        change = {"VpcConfig": {"Subnets": [subnet["SubnetId"]], "SecurityGroupIds": inside[:1]}}
    name = fresh("model")
    given = {"ModelName": name, "ExecutionRoleArn": ROLE, "PrimaryContainer": container, **change}
    service.call("CreateModel", given)
    with pytest.raises(ServiceError, match=said):
        serverless(service, variant(name))


def test_an_endpoint_on_instances_never_becomes_serverless_and_one_that_left_does_not_come_back(
    service: SageMaker, good: str
) -> None:
    """The other way is open, once."""
    without, with_instances = serverless(service, variant(good)), configuration(service, good)
    name = endpoint(service, without)
    shown = service.call("DescribeEndpoint", {"EndpointName": name})["ProductionVariants"][0]
    assert (shown["CurrentServerlessConfig"], shown["CurrentInstanceCount"]) == (CONFIG, 0)
    service.call("UpdateEndpoint", {"EndpointName": name, "EndpointConfigName": with_instances})
    (shown,) = settled(service, name)["ProductionVariants"]
    assert "CurrentServerlessConfig" not in shown
    with pytest.raises(ServiceError, match="cannot be converted to serverless"):
        service.call("UpdateEndpoint", {"EndpointName": name, "EndpointConfigName": without})


def test_a_request_that_finds_no_container_starts_one_which_ends_when_nobody_asks(
    service: SageMaker, good: str
) -> None:
    """Cold, warm, idle, cold again: each start is a process of its own."""
    name = endpoint(service, serverless(service, variant(good)))
    published = service.endpoints.figures
    starts: list[float] = []
    published.invocation = lambda *given: starts.append(given[-2])  # type: ignore[method-assign]
    first, second = ask(service, name), ask(service, name)
    assert first["pid"] == second["pid"]
    (running,) = service.endpoints.traffic.next(name).containers("main")  # type: ignore[union-attr]
    assert isinstance(running, ColdServer)
    eventually(lambda: running._server is None)
    assert ask(service, name)["pid"] != first["pid"]
    assert [seconds > 0 for seconds in starts] == [True, False, True]


def test_more_requests_than_its_concurrency_are_throttled(service: SageMaker, good: str) -> None:
    """Those within it are answered."""
    name = endpoint(service, serverless(service, variant(good)))
    answers: list[str] = []

    def ask_slowly() -> None:
        try:
            answers.append(ask(service, name, b"slow")["environment"])
        except ServiceError as error:
            answers.append(error.code)

    threads = [threading.Thread(target=ask_slowly) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == ["ThrottlingException", "good", "good"]


def test_a_body_of_more_than_four_megabytes_is_refused(service: SageMaker, good: str) -> None:
    """On instances it would be taken."""
    with pytest.raises(ServiceError, match="larger than 4194304") as refused:
        ask(service, endpoint(service, serverless(service, variant(good))), b"x" * (4 * 1024 * 1024 + 1))
    assert refused.value.status == 413


def test_provisioned_concurrency_keeps_a_container(service: SageMaker, good: str) -> None:
    """It is there before anybody asks, and stays."""
    name = endpoint(service, serverless(service, variant(good, ProvisionedConcurrency=1)))
    (running,) = service.endpoints.traffic.next(name).containers("main")  # type: ignore[union-attr]
    assert isinstance(running, ColdServer)
    assert running._server is not None
    assert ask(service, name)["environment"] == "good"
    threading.Event().wait(2 * IDLE_SECONDS)
    assert running._server is not None


def test_a_container_that_does_not_start_fails_its_endpoint(service: SageMaker) -> None:
    """As it does on instances: an endpoint is in service only once its container was healthy."""
    name = fresh("endpoint")
    config = serverless(service, variant(model(service, behaviour="no serve")))
    service.call("CreateEndpoint", {"EndpointName": name, "EndpointConfigName": config})
    assert settled(service, name)["EndpointStatus"] == "Failed"


def test_the_account_s_concurrency_is_shared(service: SageMaker, good: str) -> None:
    """In SageMaker's words for a quota."""
    config = serverless(service, variant(good, MaxConcurrency=200))
    with pytest.raises(ServiceError, match=f"'{SERVERLESS_CONCURRENCY}' is 20 Concurrent Invocations") as refused:
        service.call("CreateEndpoint", {"EndpointName": fresh("endpoint"), "EndpointConfigName": config})
    assert refused.value.code == "ResourceLimitExceeded"


def test_a_request_that_arrives_as_the_container_ends_is_not_answered_by_a_new_one() -> None:
    """A container that is started behind an end would run for ever."""

    class Never:
        """A container that must not be started again."""

        started = 0

        def start(self) -> None:
            self.started += 1

        def stop(self) -> None:
            """Nothing runs."""

        def invoke(self, headers: Any, body: bytes) -> Answer:
            raise AssertionError("asked behind its end")

    container = Never()
    cold = ColdServer(lambda: container, CONFIG, 60.0)  # type: ignore[arg-type, return-value]
    cold.start()
    cold.stop()
    with pytest.raises(Exception, match="is ending"):
        cold.invoke({}, b"")
    assert container.started == 1
