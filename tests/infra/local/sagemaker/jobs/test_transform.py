"""Transform jobs ask the serving image about every object."""

from __future__ import annotations

import json
from typing import Any

import pytest

from infra.local.sagemaker.errors import ServiceError
from infra.local.sagemaker.service import SageMaker
from tests.infra.local.sagemaker.requests import BUCKET, ended, fresh, model


def transform(service: SageMaker, model_name: str, prefix: str, **sent: Any) -> dict[str, Any]:
    """Transform a prefix to the end; the job's description. ``sent`` are members of the request."""
    name = fresh("transform")
    source = {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": f"s3://{BUCKET}/{prefix}"}}
    request = {
        "TransformJobName": name,
        "ModelName": model_name,
        "TransformInput": {"DataSource": source, "ContentType": "text/plain"},
        "TransformOutput": {"S3OutputPath": f"s3://{BUCKET}/transformed/{name}"},
        "TransformResources": {"InstanceType": "ml.m5.large", "InstanceCount": 1},
        **sent,
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


def test_one_object_that_fails_fails_the_job_and_the_others_keep_their_answers(service: SageMaker, s3: Any) -> None:
    """As TransformOutput's S3OutputPath says; an object larger than a payload may be is such a one."""
    s3.put_object(Bucket=BUCKET, Key="mixed/a.txt", Body=b"400")
    s3.put_object(Bucket=BUCKET, Key="mixed/b.txt", Body=b"good")
    s3.put_object(Bucket=BUCKET, Key="mixed/c.txt", Body=b"x" * (2 * 1024 * 1024))
    job = transform(service, model(service), "mixed/", MaxPayloadInMB=1, MaxConcurrentTransforms=2)
    assert job["TransformJobStatus"] == "Failed"
    assert job["FailureReason"].startswith("AlgorithmError: the container answered 400 for mixed/a.txt")
    base = f"transformed/{job['TransformJobName']}/"
    assert [item["Key"] for item in s3.list_objects_v2(Bucket=BUCKET, Prefix=base)["Contents"]] == [f"{base}b.txt.out"]
    s3.delete_object(Bucket=BUCKET, Key="mixed/a.txt")
    job = transform(service, model(service), "mixed/", MaxPayloadInMB=1)
    assert job["FailureReason"] == "ClientError: mixed/c.txt is larger than MaxPayloadInMB allows (2097152 bytes)"


def test_the_objects_are_shared_by_the_instances(service: SageMaker, s3: Any) -> None:
    """Each is a container of its own, and no more of them than there are objects."""
    resources = {"InstanceType": "ml.m5.large", "InstanceCount": 3}
    job = transform(service, model(service), "data/", TransformResources=resources)
    base = f"transformed/{job['TransformJobName']}/"
    answers = [
        json.load(s3.get_object(Bucket=BUCKET, Key=item["Key"])["Body"])
        for item in s3.list_objects_v2(Bucket=BUCKET, Prefix=base)["Contents"]
    ]
    assert len({answer["pid"] for answer in answers}) == 2


@pytest.mark.parametrize("sent", [{"MaxPayloadInMB": 101}, {"MaxPayloadInMB": 26, "MaxConcurrentTransforms": 4}])
def test_more_megabytes_at_one_time_than_an_instance_takes_are_refused(
    service: SageMaker, sent: dict[str, int]
) -> None:
    """MaxConcurrentTransforms * MaxPayloadInMB is at most 100 MB (CreateTransformJob, MaxPayloadInMB)."""
    with pytest.raises(ServiceError, match="cannot exceed 100MB"):
        transform(service, model(service), "data/", **sent)
