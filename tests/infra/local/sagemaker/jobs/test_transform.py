"""Transform jobs ask the serving image about every object."""

from __future__ import annotations

import json
from typing import Any

from infra.local.sagemaker.service import SageMaker
from tests.infra.local.sagemaker.requests import BUCKET, ended, fresh, model


def transform(service: SageMaker, model_name: str, prefix: str) -> dict[str, Any]:
    """Transform a prefix to the end; the job's description."""
    name = fresh("transform")
    source = {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": f"s3://{BUCKET}/{prefix}"}}
    request = {
        "TransformJobName": name,
        "ModelName": model_name,
        "TransformInput": {"DataSource": source, "ContentType": "text/plain"},
        "TransformOutput": {"S3OutputPath": f"s3://{BUCKET}/transformed/{name}"},
        "TransformResources": {"InstanceType": "ml.m5.large", "InstanceCount": 1},
    }
    service.call("CreateTransformJob", request)
    return ended(service, "TransformJob", name)


def test_every_object_gets_an_answer_beside_its_name(service: SageMaker, s3: Any) -> None:
    """`a.txt` becomes `a.txt.out`, in the same folders."""
    job = transform(service, model(service), "data/")
    assert job["TransformJobStatus"] == "Completed"
    base = f"transformed/{job['TransformJobName']}/"
    found = s3.list_objects_v2(Bucket=BUCKET, Prefix=base)["Contents"]
    assert [item["Key"].removeprefix(base) for item in found] == ["a.txt.out", "deep/b.txt.out"]
    answer = json.load(s3.get_object(Bucket=BUCKET, Key=base + "a.txt.out")["Body"])
    assert (answer["body"], answer["type"]) == ("first", "text/plain")


def test_an_answer_that_is_an_error_fails_the_job(service: SageMaker, s3: Any) -> None:
    """With the object's name and the container's words."""
    s3.put_object(Bucket=BUCKET, Key="refused/x.txt", Body=b"500")
    job = transform(service, model(service), "refused/")
    assert job["TransformJobStatus"] == "Failed"
    assert (
        job["FailureReason"] == 'AlgorithmError: the container answered 500 for refused/x.txt: {"error": "as you wish"}'
    )
