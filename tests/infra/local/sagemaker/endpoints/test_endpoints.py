"""Endpoints really serve, and the old containers answer until the new ones do."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from infra.local.sagemaker.endpoints import invocations
from infra.local.sagemaker.errors import ModelError, ServiceError
from infra.local.sagemaker.service import SageMaker
from tests.infra.local.sagemaker.requests import (
    BUCKET,
    configuration,
    endpoint,
    eventually,
    fresh,
    model,
    model_of,
    settled,
)
from tests.stand_in import StandIn


def ask(service: SageMaker, name: str, body: bytes = b"hello", **headers: str) -> dict[str, Any]:
    """What an endpoint answers."""
    given = {key.replace("_", "-"): value for key, value in headers.items()}
    answer: dict[str, Any] = json.loads(
        invocations.invoke(service.endpoints, service.components, name, given, body).body
    )
    return answer


def update(service: SageMaker, name: str, config: str, **more: Any) -> None:
    """Start an update."""
    service.call("UpdateEndpoint", {"EndpointName": name, "EndpointConfigName": config, **more})


@pytest.fixture(scope="module")
def good(service: SageMaker) -> str:
    """A model that serves."""
    return model(service, "good")


@pytest.fixture(scope="module")
def better(service: SageMaker) -> str:
    """Another model that serves."""
    return model(service, "better")


def test_a_driver_that_the_instance_cannot_start_is_refused(service: SageMaker, good: str) -> None:
    """Before there is a configuration; a processor has none at all."""
    variant = {"VariantName": "main", "ModelName": good, "InstanceType": "ml.m5.large", "InitialInstanceCount": 1}
    gpu = {"InferenceAmiVersion": "al2023-ami-sagemaker-inference-gpu-4-1"}
    name = fresh("config")
    with pytest.raises(ServiceError, match="not supported for the instance type"):
        service.call("CreateEndpointConfig", {"EndpointConfigName": name, "ProductionVariants": [{**variant, **gpu}]})
    fitting = {**variant, **gpu, "InstanceType": "ml.g5.xlarge"}
    service.call("CreateEndpointConfig", {"EndpointConfigName": name, "ProductionVariants": [fitting]})
    (described,) = service.call("DescribeEndpointConfig", {"EndpointConfigName": name})["ProductionVariants"]
    assert described["InferenceAmiVersion"] == gpu["InferenceAmiVersion"]


def test_an_endpoint_serves_its_model(service: SageMaker, good: str) -> None:
    """The archive is opened, the environment is set, and headers go both ways."""
    config = configuration(service, good)
    name = endpoint(service, config)
    headers = {"content-type": "image/jpeg", "x-amzn-sagemaker-custom-attributes": "confidence=0.3"}
    answer = invocations.invoke(service.endpoints, service.components, name, headers, b"hello")
    said = json.loads(answer.body)
    assert said["model"]["learned"] == ["a.txt", "b.txt"]
    assert (said["environment"], said["type"], said["attributes"]) == ("good", "image/jpeg", "confidence=0.3")
    assert answer.headers["x-Amzn-Invoked-Production-Variant"] == "main"
    described = service.call("DescribeEndpoint", {"EndpointName": name})
    assert (described["EndpointStatus"], described["EndpointConfigName"]) == ("InService", config)
    (variant,) = described["ProductionVariants"]
    assert (variant["VariantName"], variant["CurrentWeight"], variant["CurrentInstanceCount"]) == ("main", 1, 1)


@pytest.mark.parametrize(("body", "kind"), [(b"400", "client"), (b"500", "server")])
def test_a_container_s_error_is_a_model_error(service: SageMaker, good: str, body: bytes, kind: str) -> None:
    """With the container's status and words, whatever they are."""
    name = endpoint(service, configuration(service, good))
    with pytest.raises(ModelError) as refused:
        ask(service, name, body)
    assert (refused.value.status, refused.value.original_status) == (424, int(body))
    assert f"Received {kind} error ({int(body)}) from primary with message" in refused.value.message
    assert refused.value.original_message == '{"error": "as you wish"}'


def test_an_update_never_leaves_a_request_without_an_answer(service: SageMaker, good: str, better: str) -> None:
    """Blue/green: requests before, during and after are all answered, first by the old and then by the new model."""
    name = endpoint(service, configuration(service, good))
    wanted = configuration(service, better)
    answers: list[str] = []
    done = threading.Event()

    def keep_asking() -> None:
        while not done.is_set():
            answers.append(ask(service, name)["environment"])

    asking = threading.Thread(target=keep_asking)
    asking.start()
    update(service, name, wanted)
    described = settled(service, name)
    eventually(lambda: answers[-1] == "better")
    done.set()
    asking.join()
    assert described["EndpointConfigName"] == wanted
    assert "FailureReason" not in described
    assert answers == sorted(answers, reverse=True)
    assert set(answers) == {"good", "better"}


@pytest.fixture(scope="module")
def hasty(open_service: Callable[..., SageMaker]) -> SageMaker:
    """A service that waits seconds for a container to be healthy."""
    return open_service(health_timeout_seconds=3.0)


def test_a_container_that_is_never_healthy_fails_the_creation(hasty: SageMaker) -> None:
    """The endpoint is Failed, with a reason, and only deletion is left."""
    name, config = fresh("endpoint"), configuration(hasty, model(hasty, sick="yes"))
    hasty.call("CreateEndpoint", {"EndpointName": name, "EndpointConfigName": config})
    described = settled(hasty, name)
    assert described["EndpointStatus"] == "Failed"
    assert "did not pass the ping health check" in described["FailureReason"]
    with pytest.raises(ServiceError, match="ValidationException: Cannot update endpoint"):
        update(hasty, name, config)
    hasty.call("DeleteEndpoint", {"EndpointName": name})
    eventually(lambda: not hasty.call("ListEndpoints", {"NameContains": name})["Endpoints"])


def test_a_failed_update_returns_to_the_old_configuration(hasty: SageMaker) -> None:
    """InService again, so that only configuration, reason and answers tell."""
    old = configuration(hasty, model(hasty, "good"))
    name = endpoint(hasty, old)
    update(hasty, name, configuration(hasty, model(hasty, **{"behaviour": "learn", "sick": "yes"})))
    assert hasty.call("DescribeEndpoint", {"EndpointName": name})["EndpointStatus"] == "Updating"
    with pytest.raises(ServiceError, match="Cannot update in-progress endpoint"):
        update(hasty, name, old)
    described = settled(hasty, name)
    assert (described["EndpointStatus"], described["EndpointConfigName"]) == ("InService", old)
    assert "did not pass the ping health check" in described["FailureReason"]
    assert ask(hasty, name)["environment"] == "good"


def test_an_archive_with_a_link_is_never_served(service: SageMaker, s3: Any) -> None:
    """Nothing is extracted and nothing is started."""
    import io
    import tarfile

    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        link = tarfile.TarInfo("model.json")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(link)
    s3.put_object(Bucket=BUCKET, Key="bad/link.tar.gz", Body=buffer.getvalue())
    name = fresh("endpoint")
    config = configuration(service, model_of(service, f"s3://{BUCKET}/bad/link.tar.gz"))
    service.call("CreateEndpoint", {"EndpointName": name, "EndpointConfigName": config})
    described = settled(service, name)
    assert described["EndpointStatus"] == "Failed"
    assert "no regular file or folder" in described["FailureReason"]


def test_a_container_that_dies_is_started_again(service: SageMaker, good: str) -> None:
    """The request that killed it fails, later ones are answered by another process."""
    name = endpoint(service, configuration(service, good))
    before = ask(service, name)["pid"]
    with pytest.raises(ServiceError, match="ServiceUnavailable"):
        ask(service, name, b"die")

    def answered() -> int:
        try:
            return int(ask(service, name)["pid"])
        except ServiceError:
            return 0

    assert eventually(answered) != before


def test_weights_share_the_requests_and_a_variant_can_be_named(service: SageMaker, good: str, better: str) -> None:
    """A weight of nothing gets nothing, and weights move while the endpoint serves."""
    name = endpoint(service, configuration(service, good, better, weights=(0.0, 1.0)))
    assert {ask(service, name)["environment"] for _ in range(10)} == {"better"}
    assert ask(service, name, x_amzn_sagemaker_target_variant="main")["environment"] == "good"
    change = [{"VariantName": "main", "DesiredWeight": 1.0}, {"VariantName": "other1", "DesiredWeight": 0.0}]
    service.call("UpdateEndpointWeightsAndCapacities", {"EndpointName": name, "DesiredWeightsAndCapacities": change})
    assert {ask(service, name)["environment"] for _ in range(10)} == {"good"}
    described = service.call("DescribeEndpoint", {"EndpointName": name})
    assert [variant["CurrentWeight"] for variant in described["ProductionVariants"]] == [1.0, 0.0]


def canary(*alarms: str, seconds: int) -> dict[str, Any]:
    """A deployment that gives half of the traffic to the new containers first."""
    routing = {
        "Type": "CANARY",
        "CanarySize": {"Type": "CAPACITY_PERCENT", "Value": 50},
        "WaitIntervalInSeconds": seconds,
    }
    config: dict[str, Any] = {"BlueGreenUpdatePolicy": {"TrafficRoutingConfiguration": routing}}
    if alarms:
        config["AutoRollbackConfiguration"] = {"Alarms": [{"AlarmName": alarm} for alarm in alarms]}
    return config


def test_a_canary_gets_a_part_of_the_traffic_first(service: SageMaker, good: str, better: str) -> None:
    """Both models answer during the wait, the new one alone after it."""
    name = endpoint(service, configuration(service, good))
    wanted = configuration(service, better)
    update(service, name, wanted, DeploymentConfig=canary(seconds=1))
    eventually(lambda: ask(service, name)["environment"], lambda flavour: flavour == "better")
    assert {ask(service, name)["environment"] for _ in range(30)} == {"good", "better"}
    assert settled(service, name)["EndpointConfigName"] == wanted
    assert {ask(service, name)["environment"] for _ in range(10)} == {"better"}


AT_ONCE = {"TrafficRoutingConfiguration": {"Type": "ALL_AT_ONCE", "WaitIntervalInSeconds": 0}}


def errors_alarm(stand_in: StandIn, name: str) -> str:
    """An alarm on the server errors of an endpoint, whichever fleet gives them; its name."""
    alarm = fresh("alarm")
    stand_in.client("cloudwatch").put_metric_alarm(
        AlarmName=alarm,
        Namespace="AWS/SageMaker",
        MetricName="Invocation5XXErrors",
        Dimensions=[{"Name": "EndpointName", "Value": name}, {"Name": "VariantName", "Value": "main"}],
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanOrEqualToThreshold",
    )
    return alarm


def test_errors_in_the_canary_roll_it_back(
    service: SageMaker, good: str, better: str, stand_in: StandIn, open_service: Callable[..., SageMaker]
) -> None:
    """The alarm rings on what the endpoint really answered; the old model serves alone again, and quickly."""
    old = configuration(service, good)
    name = endpoint(service, old)
    alarm = errors_alarm(stand_in, name)
    update(service, name, configuration(service, better), DeploymentConfig=canary(alarm, seconds=600))
    eventually(lambda: ask(service, name)["environment"] == "better")
    started = time.monotonic()
    with pytest.raises(ModelError):
        ask(service, name, b"500")
    described = settled(service, name)
    assert time.monotonic() - started < 20
    assert described["EndpointConfigName"] == old
    assert described["FailureReason"] == f"The deployment was rolled back: the alarm {alarm} is in ALARM"
    assert {ask(service, name)["environment"] for _ in range(10)} == {"good"}


def test_an_alarm_that_the_old_containers_tripped_ends_every_deployment_that_names_it(
    service: SageMaker, good: str, better: str, stand_in: StandIn
) -> None:
    """As on AWS: an endpoint that is ill cannot be updated by a deployment that its own alarms watch, only without."""
    old, wanted = configuration(service, good), configuration(service, better)
    name = endpoint(service, old)
    alarm = errors_alarm(stand_in, name)
    with pytest.raises(ModelError):
        ask(service, name, b"500")
    watched = {"BlueGreenUpdatePolicy": AT_ONCE, "AutoRollbackConfiguration": {"Alarms": [{"AlarmName": alarm}]}}
    update(service, name, wanted, DeploymentConfig=watched)
    refused = settled(service, name)
    assert refused["EndpointConfigName"] == old
    assert refused["FailureReason"] == f"The deployment was rolled back: the alarm {alarm} is in ALARM"
    update(service, name, wanted, DeploymentConfig={"BlueGreenUpdatePolicy": AT_ONCE})
    assert settled(service, name)["EndpointConfigName"] == wanted
    assert ask(service, name)["environment"] == "better"


def counts(service: SageMaker, name: str) -> list[tuple[int, float]]:
    """Instances and weight of each variant of an endpoint."""
    variants = service.call("DescribeEndpoint", {"EndpointName": name})["ProductionVariants"]
    return [(variant["CurrentInstanceCount"], variant["CurrentWeight"]) for variant in variants]


def test_an_update_keeps_count_and_weight_only_where_it_is_asked_to(service: SageMaker, good: str) -> None:
    """As on AWS, where UpdateEndpoint goes by the new configuration unless it retains variant properties."""
    first, second = configuration(service, good), configuration(service, good)
    name = endpoint(service, first)
    scaled = [{"VariantName": "main", "DesiredInstanceCount": 3, "DesiredWeight": 0.5}]
    service.call("UpdateEndpointWeightsAndCapacities", {"EndpointName": name, "DesiredWeightsAndCapacities": scaled})
    for wanted, more, expected in (
        (second, {"RetainAllVariantProperties": True}, (3, 0.5)),
        (
            first,
            {
                "RetainAllVariantProperties": True,
                "ExcludeRetainedVariantProperties": [{"VariantPropertyType": "DesiredWeight"}],
            },
            (3, 1.0),
        ),
        (second, {}, (1, 1.0)),
    ):
        update(service, name, wanted, **more)
        assert settled(service, name)["EndpointConfigName"] == wanted
        assert counts(service, name) == [expected]


def test_a_canary_is_measured_by_the_instances_that_are_kept(service: SageMaker, good: str) -> None:
    """Not by those of the new configuration: one of one is no canary, one of two is."""
    name, wanted = endpoint(service, configuration(service, good)), configuration(service, good)
    size = {"Type": "INSTANCE_COUNT", "Value": 1}
    routing = {"Type": "CANARY", "CanarySize": size, "WaitIntervalInSeconds": 0}
    one = {"DeploymentConfig": {"BlueGreenUpdatePolicy": {"TrafficRoutingConfiguration": routing}}}
    with pytest.raises(ServiceError, match="less than or equal to 50%"):
        update(service, name, wanted, **one, RetainAllVariantProperties=True)
    scaled = [{"VariantName": "main", "DesiredInstanceCount": 2}]
    service.call("UpdateEndpointWeightsAndCapacities", {"EndpointName": name, "DesiredWeightsAndCapacities": scaled})
    update(service, name, wanted, **one, RetainAllVariantProperties=True)
    assert settled(service, name)["EndpointConfigName"] == wanted


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda one: one.pop("InstanceType"), "InstanceType of the variant main must be specified"),
        (lambda one: one.pop("InitialInstanceCount"), "InitialInstanceCount of the variant main must be specified"),
        (lambda one: one.update(InitialInstanceCount=0), "greater than or equal to 1"),
        (lambda one: one.update(VariantName="other"), "must be unique within a configuration, not other, other"),
    ],
)
def test_a_variant_says_what_it_needs(
    service: SageMaker, good: str, change: Callable[[dict[str, Any]], Any], said: str
) -> None:
    """On how many instances of which type, under a name of its own."""
    one = {"ModelName": good, "InstanceType": "ml.m5.large", "InitialInstanceCount": 1}
    variants = [one | {"VariantName": "main"}, one | {"VariantName": "other"}]
    change(variants[0])
    with pytest.raises(ServiceError, match=said):
        service.call("CreateEndpointConfig", {"EndpointConfigName": fresh("config"), "ProductionVariants": variants})


def test_a_variant_cannot_be_scaled_to_nothing(service: SageMaker, good: str) -> None:
    """It keeps the instances that it has."""
    name = endpoint(service, configuration(service, good))
    none = [{"VariantName": "main", "DesiredInstanceCount": 0}]
    with pytest.raises(ServiceError, match="must be at least 1"):
        service.call("UpdateEndpointWeightsAndCapacities", {"EndpointName": name, "DesiredWeightsAndCapacities": none})
    assert counts(service, name) == [(1, 1.0)]


def test_a_deleted_endpoint_answers_nobody(service: SageMaker, good: str) -> None:
    """Its request ends first, its process with it, and its configuration stays."""
    config = configuration(service, good)
    name = endpoint(service, config)
    slow: list[dict[str, Any]] = []
    asking = threading.Thread(target=lambda: slow.append(ask(service, name, b"slow")))
    asking.start()
    (log,) = (service.workshop.settings.state / "endpoints" / name).rglob("log.txt")
    eventually(lambda: "slowly" in log.read_text())
    service.call("DeleteEndpoint", {"EndpointName": name})
    asking.join()
    assert slow[0]["body"] == "slow"
    eventually(lambda: not service.call("ListEndpoints", {"NameContains": name})["Endpoints"])
    with pytest.raises(ServiceError, match=f"ValidationError: Endpoint {name} of account 000000000000 not found"):
        ask(service, name)
    service.call("DescribeEndpointConfig", {"EndpointConfigName": config})


@pytest.mark.parametrize(
    ("operation", "parameters", "said"),
    [
        ("DescribeEndpoint", {"EndpointName": "no"}, 'Could not find endpoint "arn:aws:sagemaker:'),
        ("DescribeEndpointConfig", {"EndpointConfigName": "no"}, 'Could not find endpoint configuration "arn:'),
        ("DescribeModel", {"ModelName": "no"}, 'Could not find model "arn:aws:sagemaker:'),
        ("CreateEndpoint", {"EndpointName": "e", "EndpointConfigName": "no"}, "Could not find endpoint configuration"),
    ],
)
def test_what_is_not_there_has_aws_s_message(
    service: SageMaker, operation: str, parameters: dict[str, str], said: str
) -> None:
    """Callers tell by code and text."""
    with pytest.raises(ServiceError, match=f"ValidationException: {said}"):
        service.call(operation, parameters)


def test_a_slow_answer_is_a_model_error(open_service: Callable[..., SageMaker]) -> None:
    """After the time that AWS allows a container; here it is short."""
    service = open_service(invocation_timeout_seconds=0.3)
    name = endpoint(service, configuration(service, model(service)))
    with pytest.raises(ModelError, match="timed out while waiting for a response from container primary"):
        ask(service, name, b"slow")
