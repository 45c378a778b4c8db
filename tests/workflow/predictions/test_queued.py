"""An endpoint that answers asynchronously is asked about pictures by way of the bucket, with the same outcome."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

from tests.workflow.cloud import ScriptedCloud
from tests.workflow.predictions.test_ask import NUT, SIZE, picture
from workflow.errors import ServiceError, UsageError
from workflow.predictions import queued
from workflow.predictions.ask import Failure, Wanted, predict
from workflow.predictions.prediction import Prediction
from workflow.predictions.queued import Queue, ask_as_it_answers, find_queue

pytestmark = pytest.mark.fast
OUTPUT = "s3://bucket/asynchronous/production/answers/1.out"
FAILURE = "s3://bucket/asynchronous/production/failures/1-error.out"
CONFIG = {"OutputConfig": {"S3OutputPath": "s3://bucket/asynchronous/production/answers/"}}


def endpoint(after: int, uri: str, content: bytes) -> ScriptedCloud:
    """An endpoint whose answer, or failure, is there at the look after so many."""
    looks = iter(range(1_000))

    def get(asked: dict[str, Any]) -> dict[str, Any]:
        if f"s3://{asked['Bucket']}/{asked['Key']}" == uri and next(looks) >= after:
            return {"Body": io.BytesIO(content)}
        raise ServiceError("NoSuchKey", "there is none")

    return ScriptedCloud(
        {
            "describe_endpoint": {"AsyncInferenceConfig": CONFIG},
            "put_object": {},
            "invoke_endpoint_async": {"OutputLocation": OUTPUT, "FailureLocation": FAILURE},
            "get_object": get,
        }
    )


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Looks come one after the other."""
    monkeypatch.setattr(queued, "LOOK_SECONDS", 0.0)


def test_the_answer_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The picture lies where the endpoint's role reads; who waits for long is told so once."""
    monkeypatch.setattr(queued, "PATIENCE_SECONDS", 0.0)
    told: list[str] = []
    said = json.dumps({**SIZE, "detections": [NUT], "timings_ms": {}}).encode()
    cloud, file = endpoint(3, OUTPUT, said), picture(tmp_path / "a.png")
    queue = find_queue(cloud, "greenlight-production", lambda: told.append("waits"))
    assert queue is not None
    (outcome,) = predict(cloud, "greenlight-production", [file], Wanted(confidence=0.5), how=queue.ask)
    assert isinstance(outcome, Prediction)
    assert outcome.counts == {"nut": 1}
    put, asked = (
        next(sent for name, sent in cloud.asked if name == which) for which in ("put_object", "invoke_endpoint_async")
    )
    assert put["Body"] == file.read_bytes()
    assert asked["InputLocation"] == f"s3://bucket/{put['Key']}"
    assert put["Key"].startswith("asynchronous/production/inputs/pictures/")
    assert (asked["ContentType"], asked["CustomAttributes"]) == ("image/png", "confidence=0.5")
    assert told == ["waits"]


def test_what_could_not_be_answered_says_why_in_the_servers_words(tmp_path: Path) -> None:
    """As for an endpoint that answers at once."""
    refusal = b'Received client error (413) from primary with message "{"error": "too large"}". See the log.'
    cloud, file = endpoint(1, FAILURE, refusal), picture(tmp_path / "a.png")
    queue = Queue("greenlight-production", "bucket", "asynchronous/production/inputs/")
    (outcome,) = predict(cloud, "greenlight-production", [file], how=queue.ask)
    assert outcome == Failure(file, "too large")


def test_a_caller_need_not_know_how_an_endpoint_answers(tmp_path: Path) -> None:
    """It says so itself."""
    said = json.dumps({**SIZE, "detections": [NUT], "timings_ms": {}}).encode()
    file = picture(tmp_path / "a.png")
    assert ask_as_it_answers(endpoint(0, OUTPUT, said), "e", file).counts == {"nut": 1}
    at_once = ScriptedCloud({"describe_endpoint": {}, "invoke_endpoint": {"Body": io.BytesIO(said)}})
    assert ask_as_it_answers(at_once, "e", file).counts == {"nut": 1}


def test_an_endpoint_that_answers_at_once_has_no_queue() -> None:
    """Nor has one that may not be looked at, or is not there; one of somebody else's is not guessed at."""
    assert find_queue(ScriptedCloud({"describe_endpoint": {}}), "e") is None
    for code in ("AccessDeniedException", "ValidationException"):
        assert find_queue(ScriptedCloud({"describe_endpoint": ServiceError(code, "no")}), "e") is None
    foreign = {"AsyncInferenceConfig": {"OutputConfig": {"S3OutputPath": "s3://elsewhere/out/"}}}
    with pytest.raises(UsageError, match="was not made by a release"):
        find_queue(ScriptedCloud({"describe_endpoint": foreign}), "e")
