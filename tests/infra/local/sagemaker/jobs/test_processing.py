"""Processing jobs take inputs, run the image's program and hand its outputs back."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from typing import Any

import pytest

from infra.local.sagemaker.errors import ServiceError
from infra.local.sagemaker.service import SageMaker
from tests.infra.local.sagemaker.requests import BUCKET, ended, eventually, fresh, processing


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
    assert keys == ["about.json", "data/a.txt", "data/deep/b.txt", "hosts/algo-1.json"]
    about = json.load(s3.get_object(Bucket=BUCKET, Key=f"processed/{name}/about.json")["Body"])
    assert about == {"arguments": ["copy", "all"], "wish": "rain"}


def test_the_end_of_a_job_is_told_once_its_status_says_so(open_service: Callable[..., SageMaker]) -> None:
    """Whoever waits for a job looks at it then, and finds it ended."""
    found: list[str] = []
    told = threading.Event()

    def look() -> None:
        found.extend(
            job["ProcessingJobStatus"] for job in service.call("ListProcessingJobs", {})["ProcessingJobSummaries"]
        )
        told.set()

    service = open_service(job_ended=look)
    service.call("CreateProcessingJob", processing(fresh("process"), "copy"))
    assert told.wait(60)
    assert found == ["Completed"]


def test_a_manifest_says_which_objects_a_job_gets(service: SageMaker, s3: Any) -> None:
    """Those that it lists below its prefix, under their names, and no others."""
    listed = [{"prefix": f"s3://{BUCKET}/data/"}, "deep/b.txt"]
    s3.put_object(Bucket=BUCKET, Key="lists/one.manifest", Body=json.dumps(listed).encode())
    s3.put_object(Bucket=BUCKET, Key="lists/none.manifest", Body=b"data/a.txt")
    name = fresh("process")
    request = processing(name)
    source = request["ProcessingInputs"][0]["S3Input"]
    source.update(S3Uri=f"s3://{BUCKET}/lists/one.manifest", S3DataType="ManifestFile")
    assert run(service, request)["ProcessingJobStatus"] == "Completed"
    found = s3.list_objects_v2(Bucket=BUCKET, Prefix=f"processed/{name}/data/")["Contents"]
    assert [item["Key"].removeprefix(f"processed/{name}/data/") for item in found] == ["deep/b.txt"]
    source["S3Uri"] = f"s3://{BUCKET}/lists/none.manifest"
    failed = run(service, {**request, "ProcessingJobName": fresh("process")})
    assert "is no manifest" in failed["FailureReason"]


def several(name: str, *arguments: str, distribution: str = "ShardedByS3Key") -> dict[str, Any]:
    """A job on three instances, which share what lies under a prefix of five objects or all have all of it."""
    request = processing(name, *arguments)
    request["ProcessingResources"]["ClusterConfig"]["InstanceCount"] = 3
    source = request["ProcessingInputs"][0]["S3Input"]
    source.update(S3Uri=f"s3://{BUCKET}/five/", S3DataDistributionType=distribution)
    # Each instance writes below its own name, so that a test sees what each had.
    request["ProcessingOutputConfig"]["Outputs"][0]["S3Output"]["LocalPath"] = "/opt/ml/processing"
    return request


@pytest.fixture(scope="module")
def five(s3: Any) -> None:
    for number in range(5):
        s3.put_object(Bucket=BUCKET, Key=f"five/{number}.txt", Body=b"x")


@pytest.mark.usefixtures("five")
def test_the_instances_of_a_job_share_its_files_and_fill_one_prefix(service: SageMaker, s3: Any) -> None:
    """The sorted keys are dealt out in turn; every instance knows itself and the others."""
    name = fresh("process")
    assert run(service, several(name))["ProcessingJobStatus"] == "Completed"
    log = service.workshop.settings.state / "jobs" / "processing-job" / name / "log.txt"
    seen = sorted(line for line in log.read_text().splitlines() if line.startswith("algo-"))
    assert seen == ["algo-1 has 0.txt 3.txt", "algo-2 has 1.txt 4.txt", "algo-3 has 2.txt"]
    found = s3.list_objects_v2(Bucket=BUCKET, Prefix=f"processed/{name}/output/copy/hosts/")["Contents"]
    hosts = ["algo-1", "algo-2", "algo-3"]
    for item, host in zip(found, hosts, strict=True):
        resources = json.load(s3.get_object(Bucket=BUCKET, Key=item["Key"])["Body"])
        assert (resources["current_host"], resources["hosts"]) == (host, hosts)


@pytest.mark.usefixtures("five")
def test_instances_that_do_not_share_have_every_file(service: SageMaker) -> None:
    """FullyReplicated is S3's default."""
    name = fresh("process")
    run(service, several(name, distribution="FullyReplicated"))
    log = (service.workshop.settings.state / "jobs" / "processing-job" / name / "log.txt").read_text()
    assert log.count("has 0.txt 1.txt 2.txt 3.txt 4.txt") == 3


@pytest.mark.usefixtures("five")
def test_one_failed_instance_fails_the_job_and_ends_the_others(service: SageMaker, s3: Any) -> None:
    """The reason is that of the one that failed; nothing is uploaded."""
    name = fresh("process")
    job = run(service, several(name, "fail on", "algo-2"))
    assert job["ProcessingJobStatus"] == "Failed"
    assert job["FailureReason"] == "AlgorithmError: See job logs for more information, exit code: 2"
    assert job["ExitMessage"] == "algo-2 lost its share"
    assert s3.list_objects_v2(Bucket=BUCKET, Prefix=f"processed/{name}/")["KeyCount"] == 0


@pytest.mark.usefixtures("five")
def test_a_job_on_several_instances_is_stopped_as_one(service: SageMaker) -> None:
    """None runs on."""
    name = fresh("process")
    service.call("CreateProcessingJob", several(name, "fail on", "nobody"))
    eventually(lambda: "ProcessingStartTime" in service.call("DescribeProcessingJob", {"ProcessingJobName": name}))
    service.call("StopProcessingJob", {"ProcessingJobName": name})
    assert ended(service, "ProcessingJob", name)["ProcessingJobStatus"] == "Stopped"


def test_a_failed_job_gives_the_program_s_message_and_no_output(service: SageMaker, s3: Any) -> None:
    """The message is both the exit message and the reason."""
    name = fresh("process")
    job = run(service, processing(name, "fail"))
    assert job["ProcessingJobStatus"] == "Failed"
    assert job["ExitMessage"] == "the data are upside down"
    assert job["FailureReason"] == "AlgorithmError: See job logs for more information, exit code: 2"
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
