"""A production that answers asynchronously: released, asked through a release that goes back, at no instance and again.

On a stand-in that enforces policies: the endpoint's role alone reads requests, writes answers and tells of them.
"""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.flow.conftest import deployed
from tests.flow.driver import Flow
from tests.flow.test_production import alarms, newest_release
from workflow.commands.cli import run

REQUESTS = 20


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[Flow]:
    """A stack on a stand-in that enforces IAM policies, and lets a new fleet be watched for 15 seconds.

    What asks it gets its answers out of a queue: on a slow machine they come later than the 6 seconds of other tests.
    """
    with deployed(tmp_path / "state", "--iam", "--wait-scale", "0.05") as alone:
        yield alone


class Asker:
    """Puts requests into production's queue, and knows where each answer will be, or why there is none."""

    def __init__(self, flow: Flow) -> None:
        self._flow = flow
        self._runtime = flow.stand_in.client("sagemaker-runtime")
        self.places: list[dict[str, str]] = []

    def ask(self, body: bytes | None = b"picture") -> None:
        """Put one request into the queue; of None one whose body is not there."""
        key = f"asynchronous/production/inputs/{uuid.uuid4()}"
        if body is not None:
            self._flow.storage.put_object(Bucket=self._flow.stack.bucket, Key=key, Body=body)
        self.places.append(
            self._runtime.invoke_endpoint_async(
                EndpointName=self._flow.stack.production_endpoint,
                InputLocation=f"s3://{self._flow.stack.bucket}/{key}",
                ContentType="image/jpeg",
            )
        )

    def answers(self) -> list[dict[str, Any]]:
        """The answers that are there."""
        found = (self._read(place["OutputLocation"]) for place in self.places)
        return [json.loads(content) for content in found if content]

    def failures(self) -> list[bytes]:
        """Why requests were not answered."""
        return [content for place in self.places if (content := self._read(place["FailureLocation"]))]

    def _read(self, uri: str) -> bytes | None:
        storage = self._flow.storage
        try:
            body = storage.get_object(Bucket=self._flow.stack.bucket, Key=uri.partition("//")[2].partition("/")[2])
        except storage.exceptions.NoSuchKey:
            return None
        content: bytes = body["Body"].read()
        return content


class Told:
    """What the topic for answers was told."""

    def __init__(self, flow: Flow) -> None:
        self._sqs = flow.stand_in.client("sqs")
        self._queue = self._sqs.create_queue(QueueName="answered")["QueueUrl"]
        named = {"QueueUrl": self._queue, "AttributeNames": ["QueueArn"]}
        arn = self._sqs.get_queue_attributes(**named)["Attributes"]["QueueArn"]
        topic = flow.stack.topic_arn + "-answered"
        allowed = {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": arn}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
        self._sqs.set_queue_attributes(QueueUrl=self._queue, Attributes={"Policy": policy})
        flow.stand_in.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
        self._heard: set[str] = set()

    def locations(self) -> set[str]:
        """Where the answers are that were told of until now."""
        while found := self._sqs.receive_message(QueueUrl=self._queue, MaxNumberOfMessages=10).get("Messages"):
            for one in found:
                said = json.loads(json.loads(one["Body"])["Message"])
                self._heard.add(said.get("responseParameters", {}).get("outputLocation", ""))
                self._sqs.delete_message(QueueUrl=self._queue, ReceiptHandle=one["ReceiptHandle"])
        return self._heard


def scale(flow: Flow, count: int) -> None:
    """Set production's instances, as Application Auto Scaling does."""
    flow.sagemaker.update_endpoint_weights_and_capacities(
        EndpointName=flow.stack.production_endpoint,
        DesiredWeightsAndCapacities=[{"VariantName": "main", "DesiredInstanceCount": count}],
    )
    described = {"EndpointName": flow.stack.production_endpoint}
    flow.wait_until(
        lambda: flow.sagemaker.describe_endpoint(**described)["EndpointStatus"] == "InService", "it still scales"
    )


def test_nothing_that_was_asked_is_lost(guarded: Flow, tmp_path: Any, capsys: Any) -> None:
    """Neither while a release goes back nor at no instance; each answer is told of, and many failures ring."""
    good = guarded.build(guarded.upload(), serve="async")
    assert (good.status, good.cause) == ("SUCCEEDED", "")
    asker, told, over = Asker(guarded), Told(guarded), threading.Event()

    def keep_asking() -> None:
        while not over.wait(0.2):
            asker.ask()

    thread = threading.Thread(target=keep_asking)
    thread.start()
    ill = guarded.build(guarded.upload(behave="wrong-in-production"), serve="async")
    ended = newest_release(guarded)
    over.set()
    thread.join()
    assert (ill.error, ended.error) == ("Release.Failed", "Production.Failed")
    assert "-answers is in ALARM" in ended.cause
    assert alarms(guarded) == []
    assert len(asker.places) >= REQUESTS
    guarded.wait_until(lambda: len(asker.answers()) == len(asker.places), "what was asked meanwhile is not answered")
    scale(guarded, 0)
    asker.ask()
    assert len(asker.answers()) == len(asker.places) - 1
    scale(guarded, 1)
    guarded.wait_until(lambda: len(asker.answers()) == len(asker.places), "a request was lost")
    assert asker.failures() == []
    assert asker.answers()[-1]["model_digest"] == good.output["gate"]["model_digest"]
    guarded.wait_until(lambda: {one["OutputLocation"] for one in asker.places} <= told.locations(), "one is not told")
    picture = tmp_path / "a.jpg"
    picture.write_bytes(b"\xff\xd8\xff no picture, but sent as one")
    assert run(["predict", str(picture), "--json"]) == 0
    (seen,) = json.loads(capsys.readouterr().out)
    assert seen["detections"][0]["class"] == "thing"
    video = tmp_path / "clip.webm"
    video.write_bytes(b"\x1a\x45\xdf\xa3")
    assert run(["track", str(video)]) == 0
    first, second = map(json.loads, capsys.readouterr().out.splitlines())
    assert first["objects"] == second["objects"] == [{"track": 1, **seen["detections"][0]}]
    broken = Asker(guarded)
    for _ in range(REQUESTS):
        broken.ask(None)
    guarded.wait_until(lambda: guarded.mails("greenlight-production-unanswered"), "nobody is told of what failed")
    assert b"could not be read" in broken.failures()[0]
