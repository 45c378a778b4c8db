"""An asynchronous endpoint: requests wait in its queue, answers lie in S3, and SNS tells of both ends."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from infra.local.sagemaker.endpoints import async_invocations, invocations
from infra.local.sagemaker.endpoints.queues import Queues
from infra.local.sagemaker.endpoints.requests import Request
from infra.local.sagemaker.errors import ServiceError
from infra.local.sagemaker.service import SageMaker
from infra.local.sagemaker.serving import NotHealthy
from tests.infra.local.sagemaker.requests import BUCKET, configuration, endpoint, eventually, fresh, model, settled
from tests.stand_in import StandIn

OUTPUT = {"S3OutputPath": f"s3://{BUCKET}/answers", "S3FailurePath": f"s3://{BUCKET}/failures/"}
SENT = {"InputLocation": f"s3://{BUCKET}/data/a.txt"}


class Told:
    """Topics, and what they were told."""

    def __init__(self, stand_in: StandIn) -> None:
        sns, self._sqs = stand_in.client("sns"), stand_in.client("sqs")
        self._queue = self._sqs.create_queue(QueueName=fresh("told"))["QueueUrl"]
        attributes = self._sqs.get_queue_attributes(QueueUrl=self._queue, AttributeNames=["QueueArn"])["Attributes"]
        self.topics = {}
        for which in ("SuccessTopic", "ErrorTopic"):
            arn = self.topics[which] = sns.create_topic(Name=fresh(which))["TopicArn"]
            sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint=attributes["QueueArn"])
        self.heard: list[dict[str, Any]] = []

    def listen(self) -> list[dict[str, Any]]:
        """Everything that was told until now."""
        while found := self._sqs.receive_message(QueueUrl=self._queue, MaxNumberOfMessages=10).get("Messages"):
            for one in found:
                self.heard.append(json.loads(json.loads(one["Body"])["Message"]))
                self._sqs.delete_message(QueueUrl=self._queue, ReceiptHandle=one["ReceiptHandle"])
        return self.heard

    def results(self) -> list[dict[str, Any]]:
        """Of those the ones about requests."""
        return [one for one in self.listen() if one["eventName"] == "InferenceResult"]


@pytest.fixture(scope="module")
def good(service: SageMaker) -> str:
    """A model that serves."""
    return model(service, "good")


@pytest.fixture
def told(stand_in: StandIn) -> Told:
    """Topics that somebody listens to."""
    return Told(stand_in)


@pytest.fixture
def queued(service: SageMaker, good: str, told: Told) -> Iterator[str]:
    """An asynchronous endpoint."""
    name = endpoint(service, queued_configuration(service, good, told))
    yield name
    settled(service, name)
    service.call("DeleteEndpoint", {"EndpointName": name})


def queued_configuration(service: SageMaker, model_name: str, told: Told, **output: str) -> str:
    """The configuration of an asynchronous endpoint; its name."""
    name = fresh("config")
    variant = {"VariantName": "main", "ModelName": model_name, "InstanceType": "ml.m5.large", "InitialInstanceCount": 1}
    config = {"OutputConfig": {**OUTPUT, **output, "NotificationConfig": told.topics}}
    request = {"EndpointConfigName": name, "ProductionVariants": [variant], "AsyncInferenceConfig": config}
    service.call("CreateEndpointConfig", request)
    return name


def ask(service: SageMaker, name: str, location: str = SENT["InputLocation"], **headers: str) -> dict[str, str]:
    """Put a request into the queue; where its answer will be, by the words of the header."""
    given = {"x-amzn-sagemaker-inputlocation": location, "x-amzn-sagemaker-content-type": "text/plain"}
    accepted = async_invocations.invoke(service.endpoints, name, {**given, **headers}, b"")
    assert accepted.status == 202
    where = {header.rpartition("-")[2]: value for header, value in accepted.headers.items()}
    return {**where, "InferenceId": json.loads(accepted.body)["InferenceId"]}


def read(s3: Any, uri: str) -> bytes | None:
    """An object; None where there is none."""
    key = uri.removeprefix(f"s3://{BUCKET}/")
    try:
        content: bytes = s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()
    except s3.exceptions.NoSuchKey:
        return None
    return content


def test_an_answer_lies_in_s3_and_is_told(service: SageMaker, queued: str, told: Told, s3: Any) -> None:
    """Under a name that the caller was told, which is not the id; in SageMaker's own shape, after a test of topics."""
    where = ask(service, queued, **{"x-amzn-sagemaker-inference-id": "mine"})
    answer = eventually(lambda: read(s3, where["OutputLocation"]))
    assert json.loads(answer)["type"] == "text/plain"
    assert where["InferenceId"] == "mine"
    assert where["FailureLocation"].startswith(f"s3://{BUCKET}/failures/")
    assert where["FailureLocation"].endswith("-error.out")
    (result,) = eventually(told.results)
    assert result["invocationStatus"] == "Completed"
    assert result["requestParameters"] == {
        "contentType": "text/plain",
        "endpointName": queued,
        "inputLocation": SENT["InputLocation"],
    }
    assert result["responseParameters"]["outputLocation"] == where["OutputLocation"]
    assert (result["inferenceId"], result["eventSource"]) == ("mine", "aws:sagemaker")
    assert [one["eventName"] for one in told.heard].count("TestNotification") == 2


def test_a_body_may_be_larger_than_any_other_way_takes(service: SageMaker, queued: str, s3: Any) -> None:
    """It goes from S3 to the container in pieces, and whole."""
    body = b"x" * 40_000_000
    s3.put_object(Bucket=BUCKET, Key="queued/large", Body=body)
    where = ask(service, queued, f"s3://{BUCKET}/queued/large")
    answer = eventually(lambda: read(s3, where["OutputLocation"]))
    assert len(json.loads(answer)["body"]) == len(body)


def test_what_cannot_be_answered_is_written_and_told(service: SageMaker, queued: str, told: Told, s3: Any) -> None:
    """An object says why, and the topic for failures does."""
    where = ask(service, queued, f"s3://{BUCKET}/data/nothing.txt")
    reason = eventually(lambda: read(s3, where["FailureLocation"]))
    assert b"could not be read" in reason
    (result,) = eventually(told.results)
    assert result["invocationStatus"] == "Failed"
    assert "could not be read" in result["failureReason"]
    assert read(s3, where["OutputLocation"]) is None


def test_one_whose_container_dies_is_tried_again_and_then_fails(service: SageMaker, queued: str, s3: Any) -> None:
    """What kills each container that it is given must not do so for ever; the next request is answered."""
    s3.put_object(Bucket=BUCKET, Key="queued/deadly", Body=b"die")
    where = ask(service, queued, f"s3://{BUCKET}/queued/deadly")
    assert eventually(lambda: read(s3, where["FailureLocation"])) == b"InternalServerError. Try Again Later"
    # One beside it would share its containers, and each of their ends counts as a try.
    after = ask(service, queued)
    assert eventually(lambda: read(s3, after["OutputLocation"]))


def test_nothing_is_lost_while_a_fleet_is_at_none_or_replaced(
    service: SageMaker, queued: str, good: str, told: Told, s3: Any
) -> None:
    """At no instance requests wait, and the first one that comes back answers them; so they do during an update."""
    shrink = {"VariantName": "main", "DesiredInstanceCount": 0}
    change = "UpdateEndpointWeightsAndCapacities"
    service.call(change, {"EndpointName": queued, "DesiredWeightsAndCapacities": [shrink]})
    assert settled(service, queued)["ProductionVariants"][0]["CurrentInstanceCount"] == 0
    waiting = [ask(service, queued) for _ in range(3)]
    time.sleep(0.5)
    assert [read(s3, where["OutputLocation"]) for where in waiting] == [None] * 3
    grow = [{**shrink, "DesiredInstanceCount": 1}]
    service.call(change, {"EndpointName": queued, "DesiredWeightsAndCapacities": grow})
    settled(service, queued)
    other = queued_configuration(service, good, told, S3OutputPath=f"s3://{BUCKET}/others")
    service.call("UpdateEndpoint", {"EndpointName": queued, "EndpointConfigName": other})
    while service.call("DescribeEndpoint", {"EndpointName": queued})["EndpointStatus"] == "Updating":
        waiting.append(ask(service, queued))
        time.sleep(0.1)
    waiting.append(ask(service, queued))
    assert waiting[-1]["OutputLocation"].startswith(f"s3://{BUCKET}/others/")
    for where in waiting:
        assert eventually(lambda: read(s3, where["OutputLocation"]))  # noqa: B023  looked at before the next
    eventually(lambda: service.endpoints._queues.backlog(queued) == 0)


def test_what_waits_outlives_the_stand_in(
    open_service: Callable[..., SageMaker], told: Told, stand_in: StandIn, s3: Any
) -> None:
    """At no instance, which the endpoint still is afterwards."""
    before = open_service()
    name = endpoint(before, queued_configuration(before, model(before, "good"), told))
    counted = {
        "EndpointName": name,
        "DesiredWeightsAndCapacities": [{"VariantName": "main", "DesiredInstanceCount": 0}],
    }
    before.call("UpdateEndpointWeightsAndCapacities", counted)
    settled(before, name)
    where = ask(before, name)
    remembered = before.workshop.store.dump()
    before.stop()
    after = open_service()
    after.load(remembered)
    assert settled(after, name)["ProductionVariants"][0]["CurrentInstanceCount"] == 0
    counted["DesiredWeightsAndCapacities"] = [{"VariantName": "main", "DesiredInstanceCount": 1}]
    after.call("UpdateEndpointWeightsAndCapacities", counted)
    assert eventually(lambda: read(s3, where["OutputLocation"]))


def test_an_endpoint_is_asked_the_way_it_serves(service: SageMaker, queued: str, good: str, told: Told) -> None:
    """And SageMaker turns none into the other."""
    waiting = endpoint(service, usual := configuration(service, good))
    with pytest.raises(ServiceError, match="asynchronous invocations only"):
        invocations.invoke(service.endpoints, service.components, queued, {}, b"hello")
    with pytest.raises(ServiceError, match="can not receive asynchronous invocations"):
        ask(service, waiting)
    with pytest.raises(ServiceError, match=f"cannot be removed from this endpoint {queued}"):
        service.call("UpdateEndpoint", {"EndpointName": queued, "EndpointConfigName": usual})
    other = queued_configuration(service, good, told)
    with pytest.raises(ServiceError, match=f"cannot be added to this endpoint {waiting}"):
        service.call("UpdateEndpoint", {"EndpointName": waiting, "EndpointConfigName": other})
    none = {"VariantName": "main", "DesiredInstanceCount": 0}
    shrink = {"EndpointName": waiting, "DesiredWeightsAndCapacities": [none]}
    with pytest.raises(ServiceError, match="at least 1"):
        service.call("UpdateEndpointWeightsAndCapacities", shrink)


def test_topics_that_cannot_be_told_are_refused(service: SageMaker, good: str, told: Told) -> None:
    """SageMaker tries them with a notification of its own before there is an endpoint."""
    told.topics["ErrorTopic"] = "arn:aws:sns:us-east-1:000000000000:nobody-made-it"
    config = queued_configuration(service, good, told)
    with pytest.raises(ServiceError, match="could not publish to the topic"):
        service.call("CreateEndpoint", {"EndpointName": fresh("endpoint"), "EndpointConfigName": config})


@pytest.mark.fast
def test_a_request_waits_no_longer_than_it_may() -> None:
    """Six hours, or as it says."""
    usual = Request.of("e", SENT, OUTPUT, 0.0)
    assert not usual.expired(21_600)
    assert usual.expired(21_601)
    assert Request.of("e", {**SENT, "RequestTTLSeconds": "60"}, OUTPUT, 0.0).expired(61)
    with pytest.raises(ServiceError, match="RequestTTLSeconds 59 must be between 60 and 21600"):
        Request.of("e", {**SENT, "RequestTTLSeconds": "59"}, OUTPUT, 0.0)


def test_one_that_waited_too_long_fails(service: SageMaker, queued: str, told: Told, s3: Any) -> None:
    """It is written and told like any other failure, and no container is asked."""
    queues = service.endpoints._queues
    old = replace(Request.of(queued, SENT, OUTPUT, time.time()), received=time.time() - 30_000)
    with queues._lock:
        queues._waiting[queued].append(old)
    assert b"expired" in eventually(lambda: read(s3, old.failure))
    (result,) = eventually(told.results)
    assert "expired" in result["failureReason"]


def test_what_is_being_answered_is_not_asked_again_by_an_update(tmp_path: Path) -> None:
    """It lies in the store until its answer does, and no longer in the queue."""
    asked, answer = threading.Semaphore(0), threading.Event()
    bodies: list[str] = []

    def invoke(*_: Any) -> Any:
        bodies.append("asked")
        asked.release()
        answer.wait(10)
        raise NotHealthy("the container has gone")

    records: dict[str, Any] = {}
    store = SimpleNamespace(
        add=lambda _, identity, record: records.update({identity: record}),
        every=lambda _: list(records.values()),
        remove=lambda _, identity: records.pop(identity, None),
    )
    role = SimpleNamespace(download_object=lambda _, path: path.write_bytes(b"picture"))
    workshop: Any = SimpleNamespace(
        store=store,
        storage=SimpleNamespace(of_role=lambda _: role),
        figures=SimpleNamespace(queued=lambda *_: None),
        settings=SimpleNamespace(state=tmp_path),
    )
    variant = SimpleNamespace(name="main", instance_count=1, container=SimpleNamespace(role="any"))
    fleet = SimpleNamespace(
        variants=[variant], configuration="any", server=lambda: ("main", SimpleNamespace(invoke=invoke))
    )
    queues = Queues(workshop, SimpleNamespace(fleet_of=lambda _: fleet, observe_queued=lambda *_: None))
    configured = {"OutputConfig": OUTPUT}
    queues.open("one", configured)
    queues.put("one", configured, SENT)
    assert asked.acquire(timeout=10)
    queues.open("one", configured)
    time.sleep(0.5)
    assert (bodies, queues.backlog("one")) == (["asked"], 1)
    queues.close()
    answer.set()
    assert eventually(lambda: queues._waiting["one"])
    assert eventually(lambda: not queues._answering["one"], bool)
    assert queues.backlog("one") == 1
