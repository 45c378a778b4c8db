"""A share of what an endpoint is asked is written to S3 as SageMaker writes it, and no answer waits for it."""

from __future__ import annotations

import base64
import json
import time
from typing import Any

import pytest

from infra.local.sagemaker.endpoints import capture, invocations
from infra.local.sagemaker.errors import ServiceError
from infra.local.sagemaker.service import SageMaker
from tests.infra.local.sagemaker.requests import BUCKET, endpoint, eventually, fresh, model
from tests.stand_in import StandIn

JSON = {"JsonContentTypes": ["application/json"]}


def captured_endpoint(service: SageMaker, folder: str, percent: int = 100, **more: Any) -> str:
    """An endpoint that keeps this share below a folder of the bucket; its name."""
    config, variant = fresh("config"), {"VariantName": "main", "ModelName": model(service, "good")}
    wanted = {
        "InitialSamplingPercentage": percent,
        "DestinationS3Uri": f"s3://{BUCKET}/{folder}",
        "CaptureOptions": [{"CaptureMode": "Input"}, {"CaptureMode": "Output"}],
        "CaptureContentTypeHeader": JSON,
        **more,
    }
    service.call(
        "CreateEndpointConfig",
        {
            "EndpointConfigName": config,
            "ProductionVariants": [{**variant, "InstanceType": "ml.m5.large", "InitialInstanceCount": 1}],
            "DataCaptureConfig": wanted,
        },
    )
    return endpoint(service, config)


def ask(service: SageMaker, name: str, body: bytes, **headers: str) -> bytes:
    """What the endpoint answers to a picture."""
    sent = {"content-type": "image/jpeg"} | {header.replace("_", "-"): value for header, value in headers.items()}
    return invocations.invoke(service.endpoints, service.components, name, sent, body).body


@pytest.fixture
def soon(service: SageMaker, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files are written without a wait."""
    begin_anew(service, monkeypatch, 0.2)


def begin_anew(service: SageMaker, monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """Have files written after so long, from now on."""
    monkeypatch.setattr(capture, "SECONDS", seconds)
    monkeypatch.setattr(service.endpoints, "capture", capture.Capture(service.workshop, service.endpoints.configs))


def lines(stand_in: StandIn, folder: str) -> list[dict[str, Any]]:
    """Everything that was captured, in the order it was written."""
    s3 = stand_in.client("s3")
    keys = [item["Key"] for item in s3.list_objects_v2(Bucket=BUCKET, Prefix=f"{folder}/").get("Contents", [])]
    files = [s3.get_object(Bucket=BUCKET, Key=key)["Body"].read() for key in sorted(keys)]
    return [json.loads(line) for file in files for line in file.splitlines()]


def test_requests_and_answers_are_written_as_sagemaker_writes_them(
    service: SageMaker, stand_in: StandIn, soon: None
) -> None:
    """What is no JSON in base64; a folder for endpoint, variant and hour; and the endpoint tells that it does."""
    folder = fresh("captured")
    name = captured_endpoint(service, folder)
    answer = ask(service, name, b"picture")
    (line,) = eventually(lambda: lines(stand_in, folder), bool)
    data = line["captureData"]
    assert base64.b64decode(data["endpointInput"]["data"]) == b"picture"
    assert (data["endpointInput"]["observedContentType"], data["endpointInput"]["encoding"]) == ("image/jpeg", "BASE64")
    assert (data["endpointOutput"]["data"].encode(), data["endpointOutput"]["encoding"]) == (answer, "JSON")
    assert {"eventId", "inferenceTime"} <= set(line["eventMetadata"])
    (item,) = stand_in.client("s3").list_objects_v2(Bucket=BUCKET, Prefix=f"{folder}/")["Contents"]
    assert item["Key"].startswith(f"{folder}/{name}/main/20")
    told = service.call("DescribeEndpoint", {"EndpointName": name})["DataCaptureConfig"]
    assert (told["CaptureStatus"], told["CurrentSamplingPercentage"]) == ("Started", 100)


def test_a_caller_s_own_id_stands_beside_sagemaker_s(service: SageMaker, stand_in: StandIn, soon: None) -> None:
    """In what is captured alone; one that is too long is refused."""
    folder = fresh("captured")
    name = captured_endpoint(service, folder)
    ask(service, name, b"picture", x_amzn_sagemaker_inference_id="order-7")
    ask(service, name, b"picture")
    both = eventually(lambda: lines(stand_in, folder), lambda seen: len(seen) == 2)
    mine, other = (line["eventMetadata"] for line in both)
    assert (mine["inferenceId"], "inferenceId" in other) == ("order-7", False)
    with pytest.raises(ServiceError, match="1 to 64 characters"):
        ask(service, name, b"picture", x_amzn_sagemaker_inference_id="x" * 65)


@pytest.mark.parametrize("more", [{"percent": 0}, {"EnableCapture": False}])
def test_nothing_is_written_where_nothing_is_to_be(
    service: SageMaker, stand_in: StandIn, soon: None, more: dict[str, Any]
) -> None:
    """By its share, or turned off."""
    folder = fresh("captured")
    name = captured_endpoint(service, folder, **more)
    ask(service, name, b"picture")
    other = captured_endpoint(service, fresh("captured"))
    ask(service, other, b"picture")
    time.sleep(0.6)
    assert lines(stand_in, folder) == []


def test_a_bucket_that_is_not_there_costs_no_answer(service: SageMaker, soon: None) -> None:
    """What cannot be written is lost, and said in the stand-in's log."""
    name = captured_endpoint(service, "x", DestinationS3Uri="s3://no-such-bucket-anywhere/x")
    for _ in range(3):
        assert ask(service, name, b"picture")
        time.sleep(0.3)


def test_what_waits_has_a_limit_and_the_rest_is_lost(
    service: SageMaker, stand_in: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A slow bucket never fills the memory, and never an answer waits."""
    begin_anew(service, monkeypatch, 1.5)
    monkeypatch.setattr(capture, "MOST_BYTES", 60_000)
    folder = fresh("captured")
    name = captured_endpoint(service, folder)
    for _ in range(10):
        assert ask(service, name, b"x" * 6_000)
    kept = eventually(lambda: lines(stand_in, folder), bool)
    assert 0 < len(kept) < 10
