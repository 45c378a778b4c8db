"""What it costs an answer to be kept: two endpoints of one model side by side, one captured whole, one not at all."""

from __future__ import annotations

import json
import statistics
import tarfile
import time
from pathlib import Path
from typing import Any

import pytest

from infra.local.environments import REPOSITORY
from tests.bench.serving.workload import make_workload, python_of
from tests.infra.local.sagemaker.requests import eventually
from tests.stand_in import StandIn

pytestmark = [pytest.mark.bench, pytest.mark.timeout(1800)]
BUCKET, ROLE = "capture", "arn:aws:iam::000000000000:role/endpoints"
PAIRS, WARM_UP = 600, 30
MOST_SLOWER = 0.03


def serve(stand_in: StandIn, name: str, model: str, **more: Any) -> None:
    """An endpoint of the model, in service."""
    sagemaker = stand_in.client("sagemaker")
    variant = {"VariantName": "main", "ModelName": model, "InstanceType": "ml.m5.large", "InitialInstanceCount": 1}
    sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[variant], **more)
    sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)
    eventually(
        lambda: sagemaker.describe_endpoint(EndpointName=name),
        lambda found: found["EndpointStatus"] == "InService",
        120,
    )


def test_a_captured_answer_takes_no_longer_and_none_is_lost(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Asked in turns, the first of each pair changing, so that what the machine does beside it meets both."""
    workload = make_workload()
    python_of("serving")
    archive = tmp_path / "model.tar.gz"
    with tarfile.open(archive, "w:gz") as tar:
        for file in sorted(workload.model("f32").iterdir()):
            tar.add(file, file.name)
    with StandIn(tmp_path / "state", {"serving": REPOSITORY / "containers" / "serving"}) as stand_in:
        stand_in.role(ROLE)
        s3 = stand_in.client("s3")
        s3.create_bucket(Bucket=BUCKET)
        s3.upload_file(str(archive), BUCKET, "model.tar.gz")
        stand_in.client("sagemaker").create_model(
            ModelName="model",
            ExecutionRoleArn=ROLE,
            PrimaryContainer={
                "Image": "serving",
                "ModelDataUrl": f"s3://{BUCKET}/model.tar.gz",
                "Environment": {"GREENLIGHT_CONFIDENCE": "0.25"},
            },
        )
        serve(stand_in, "plain", "model")
        capture = {
            "InitialSamplingPercentage": 100,
            "DestinationS3Uri": f"s3://{BUCKET}/kept",
            "CaptureOptions": [{"CaptureMode": "Input"}, {"CaptureMode": "Output"}],
            "CaptureContentTypeHeader": {"JsonContentTypes": ["application/json"]},
        }
        serve(stand_in, "captured", "model", DataCaptureConfig=capture)
        runtime = stand_in.client("sagemaker-runtime")
        seconds: dict[str, list[float]] = {"plain": [], "captured": []}
        for number in range(WARM_UP + PAIRS):
            picture = workload.pictures[number % len(workload.pictures)]
            answers = []
            for name in sorted(seconds, reverse=bool(number % 2)):
                began = time.perf_counter()
                said = runtime.invoke_endpoint(EndpointName=name, ContentType="image/jpeg", Body=picture)
                answer = said["Body"].read()
                if number >= WARM_UP:
                    seconds[name].append(time.perf_counter() - began)
                answers.append(json.loads(answer)["detections"])
            assert answers[0] == answers[1]

        def kept() -> int:
            listed = s3.list_objects_v2(Bucket=BUCKET, Prefix="kept/").get("Contents", [])
            bodies = (s3.get_object(Bucket=BUCKET, Key=item["Key"])["Body"].read() for item in listed)
            return sum(body.count(b"\n") for body in bodies)

        all_kept = eventually(kept, lambda lines: lines == WARM_UP + PAIRS, 60)
    plain, captured = (statistics.median(seconds[name]) for name in ("plain", "captured"))
    slower = statistics.median(there / here for here, there in zip(seconds["plain"], seconds["captured"], strict=True))
    with capsys.disabled():
        print(f"\n{workload.about}: {PAIRS} pairs, {plain * 1000:.2f} ms plain, {captured * 1000:.2f} ms captured")
        print(f"the median of their ratios is {slower:.4f}; {all_kept} of {WARM_UP + PAIRS} requests are kept")
    assert slower <= 1 + MOST_SLOWER
