"""Processing jobs take inputs, run the image's program and hand its outputs back."""

from __future__ import annotations

import json
from typing import Any

import pytest

from infra.local.sagemaker.errors import ServiceError
from infra.local.sagemaker.service import SageMaker
from tests.infra.local.sagemaker.requests import BUCKET, ended, fresh, processing


def run(service: SageMaker, request: dict[str, Any]) -> dict[str, Any]:
    """Process to the end; the job's description."""
    service.call("CreateProcessingJob", request)
    return ended(service, "ProcessingJob", request["ProcessingJobName"])


def test_inputs_arguments_and_environment_reach_the_program_and_outputs_reach_s3(service: SageMaker, s3: Any) -> None:
    """The folders are those of the request, below the job's own tree."""
    name = fresh("process")
    job = run(service, processing(name, "copy", "all"))
    assert job["ProcessingJobStatus"] == "Completed"
    assert job["ProcessingStartTime"] <= job["ProcessingEndTime"]
    found = s3.list_objects_v2(Bucket=BUCKET, Prefix=f"processed/{name}/")["Contents"]
    keys = [item["Key"].removeprefix(f"processed/{name}/") for item in found]
    assert keys == ["about.json", "data/a.txt", "data/deep/b.txt"]
    about = json.load(s3.get_object(Bucket=BUCKET, Key=f"processed/{name}/about.json")["Body"])
    assert about == {"arguments": ["copy", "all"], "wish": "rain"}


def test_a_failed_job_gives_the_program_s_message_and_no_output(service: SageMaker, s3: Any) -> None:
    """The message is both the exit message and the reason."""
    name = fresh("process")
    job = run(service, processing(name, "fail"))
    assert job["ProcessingJobStatus"] == "Failed"
    assert job["ExitMessage"] == "the data are upside down"
    assert job["FailureReason"] == "AlgorithmError: the data are upside down, exit code: 2"
    assert s3.list_objects_v2(Bucket=BUCKET, Prefix=f"processed/{name}/")["KeyCount"] == 0


def test_an_entry_point_of_the_request_replaces_the_image_s(service: SageMaker) -> None:
    """With the image's interpreter."""
    request = processing(fresh("process"), "-c", "print('own entry point'); raise SystemExit(7)")
    request["AppSpecification"]["ContainerEntrypoint"] = ["python3"]
    job = run(service, request)
    assert job["FailureReason"] == "AlgorithmError: own entry point, exit code: 7"


def test_a_job_over_its_time_is_stopped(service: SageMaker) -> None:
    """It is no success, and says why."""
    request = processing(fresh("process"), "-c", "import time; time.sleep(60)")
    request["AppSpecification"]["ContainerEntrypoint"] = ["python"]
    request["StoppingCondition"] = {"MaxRuntimeInSeconds": 1}
    job = run(service, request)
    assert job["ProcessingJobStatus"] == "Stopped"
    assert "MaxRuntimeInSeconds" in job["ExitMessage"]


def test_an_input_outside_the_tree_is_refused(service: SageMaker) -> None:
    """A request cannot write over this machine's files."""
    request = processing(fresh("process"))
    request["ProcessingInputs"][0]["S3Input"]["LocalPath"] = "/opt/ml/processing/../../../etc"
    with pytest.raises(ServiceError, match="must be below /opt/ml/processing"):
        service.call("CreateProcessingJob", request)


def test_an_unknown_job_has_aws_s_message(service: SageMaker) -> None:
    """Which differs from the one of training jobs."""
    with pytest.raises(ServiceError, match="Could not find requested job with name: never"):
        service.call("DescribeProcessingJob", {"ProcessingJobName": "never"})
