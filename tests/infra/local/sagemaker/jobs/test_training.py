"""Training jobs really train, and every way out says why."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Callable
from typing import Any

import pytest

from infra.local.sagemaker.errors import ServiceError
from infra.local.sagemaker.service import SageMaker
from tests.infra.local.sagemaker.requests import BUCKET, ended, eventually, fresh, run_training, training
from tests.process_ids import alive
from tests.stand_in import StandIn


def waiting(service: SageMaker, s3: Any, behaviour: str = "wait", seconds: int = 60) -> tuple[str, int]:
    """A job that trains until told to end, and the process id of its child."""
    name = fresh("waiting")
    service.call("CreateTrainingJob", training(name, seconds, behaviour=behaviour))
    found = eventually(
        lambda: s3.list_objects_v2(Bucket=BUCKET, Prefix=f"checkpoints/{name}/child.txt").get("Contents")
    )
    return name, int(s3.get_object(Bucket=BUCKET, Key=found[0]["Key"])["Body"].read())


def test_a_job_learns_from_its_channel_and_leaves_its_model(service: SageMaker, s3: Any) -> None:
    """Data come in below the channel, hyperparameters as strings, and model.tar.gz goes where AWS puts it."""
    job = run_training(service, rate="0.4")
    assert job["TrainingJobStatus"] == "Completed"
    url = job["ModelArtifacts"]["S3ModelArtifacts"]
    assert url == f"s3://{BUCKET}/models/{job['TrainingJobName']}/output/model.tar.gz"
    body = s3.get_object(Bucket=BUCKET, Key=url.removeprefix(f"s3://{BUCKET}/"))["Body"].read()
    with tarfile.open(fileobj=io.BytesIO(body)) as archive:
        member = archive.extractfile("model.json")
        assert member is not None
        learned = json.load(member)
    assert learned == {"learned": ["a.txt", "b.txt"], "settings": {"rate": "0.4"}}


def test_a_finished_job_shows_its_metrics_its_times_and_its_way(service: SageMaker) -> None:
    """The last value of each metric counts; every secondary status has an end."""
    job = run_training(service, rate="0.4")
    assert [(metric["MetricName"], metric["Value"]) for metric in job["FinalMetricDataList"]] == [("map50", 0.9)]
    assert job["CreationTime"] <= job["TrainingStartTime"] <= job["TrainingEndTime"]
    assert job["BillableTimeInSeconds"] == job["TrainingTimeInSeconds"] >= 1
    steps = job["SecondaryStatusTransitions"]
    assert [step["Status"] for step in steps] == ["Starting", "Downloading", "Training", "Uploading", "Completed"]
    assert all("EndTime" in step for step in steps)


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [
        ("fail", "AlgorithmError: the learning rate is a potato, exit code: 1"),
        ("crash", "AlgorithmError: ValueError: nobody said why, exit code: 3"),
        (
            "killed",
            "AlgorithmError: the container was killed (SIGKILL), as happens when memory runs out, exit code: 137",
        ),
        ("no model", "AlgorithmError: the container exited 0 and left no model in /opt/ml/model"),
    ],
)
def test_a_failed_job_says_why(service: SageMaker, s3: Any, behaviour: str, reason: str) -> None:
    """With the container's own words where it has any; nothing is published."""
    job = run_training(service, behaviour=behaviour)
    assert (job["TrainingJobStatus"], job["FailureReason"]) == ("Failed", reason)
    key = job["ModelArtifacts"]["S3ModelArtifacts"].removeprefix(f"s3://{BUCKET}/")
    assert s3.list_objects_v2(Bucket=BUCKET, Prefix=key)["KeyCount"] == 0


def test_a_stopped_job_saves_its_checkpoint_and_ends_stopped(service: SageMaker, s3: Any) -> None:
    """SIGTERM comes first; what is written then is still synced; no process of the job is left."""
    name, child = waiting(service, s3)
    service.call("StopTrainingJob", {"TrainingJobName": name})
    assert service.call("DescribeTrainingJob", {"TrainingJobName": name})["TrainingJobStatus"] == "Stopping"
    job = ended(service, "TrainingJob", name)
    assert (job["TrainingJobStatus"], job["SecondaryStatus"]) == ("Stopped", "Stopped")
    body = s3.get_object(Bucket=BUCKET, Key=f"checkpoints/{name}/last.txt")["Body"].read()
    assert body == b"interrupted"
    eventually(lambda: not alive(child))


def test_a_job_over_its_time_is_stopped_not_completed(service: SageMaker, s3: Any) -> None:
    """Even one that ignores SIGTERM, after the grace period."""
    name, child = waiting(service, s3, "ignore SIGTERM", seconds=1)
    job = ended(service, "TrainingJob", name)
    assert (job["TrainingJobStatus"], job["SecondaryStatus"]) == ("Stopped", "MaxRuntimeExceeded")
    eventually(lambda: not alive(child))


def test_a_job_resumes_from_its_checkpoints(service: SageMaker, s3: Any) -> None:
    """What lies under the checkpoint prefix is there before the container starts."""
    name = fresh("resumed")
    s3.put_object(Bucket=BUCKET, Key=f"checkpoints/{name}/last.txt", Body=b"epoch 7")
    run_training(service, name)
    log = service.workshop.settings.state / "jobs" / "training-job" / name / "log.txt"
    assert "resumed from epoch 7" in log.read_text()


def test_the_log_reaches_cloudwatch_while_the_job_runs(service: SageMaker, stand_in: StandIn, s3: Any) -> None:
    """Whoever follows a run sees its lines before it ends."""
    name, _ = waiting(service, s3)
    logs = stand_in.client("logs")

    def messages() -> list[str]:
        group = "/aws/sagemaker/TrainingJobs"
        streams = logs.describe_log_streams(logGroupName=group, logStreamNamePrefix=f"{name}/algo-1-")["logStreams"]
        if not streams:
            return []
        stream = streams[0]["logStreamName"]
        return [event["message"] for event in logs.get_log_events(logGroupName=group, logStreamName=stream)["events"]]

    eventually(messages, lambda lines: lines == ["behaviour=wait", "waiting"])
    service.call("StopTrainingJob", {"TrainingJobName": name})
    ended(service, "TrainingJob", name)


def test_a_name_is_given_once(service: SageMaker) -> None:
    """The error names the job, with the code that a state machine retries or not by."""
    job = run_training(service)
    with pytest.raises(ServiceError) as refused:
        service.call("CreateTrainingJob", training(job["TrainingJobName"]))
    assert refused.value.code == "ResourceInUse"
    assert job["TrainingJobArn"] in refused.value.message


def test_an_ended_or_unknown_job_cannot_be_stopped(service: SageMaker) -> None:
    """As on AWS, both are validation errors."""
    job = run_training(service)
    with pytest.raises(ServiceError, match=r"ValidationException: .* in status Completed"):
        service.call("StopTrainingJob", {"TrainingJobName": job["TrainingJobName"]})
    for operation in ("StopTrainingJob", "DescribeTrainingJob"):
        with pytest.raises(ServiceError, match=r"ValidationException: Requested resource not found\."):
            service.call(operation, {"TrainingJobName": "never-created"})


def test_missing_data_fail_the_job(service: SageMaker) -> None:
    """With the URI that holds nothing."""
    request = training(fresh("empty"))
    request["InputDataConfig"][0]["DataSource"]["S3DataSource"]["S3Uri"] = f"s3://{BUCKET}/nothing/"
    service.call("CreateTrainingJob", request)
    job = ended(service, "TrainingJob", request["TrainingJobName"])
    assert job["FailureReason"].startswith(f'ClientError: No S3 objects found under S3 URL "s3://{BUCKET}/nothing/"')


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (lambda r: r["ResourceConfig"].update(InstanceCount=2), "more than one instance"),
        (
            lambda r: r["AlgorithmSpecification"].update(TrainingInputMode="Pipe"),
            "lacks AlgorithmSpecification.TrainingInputMode Pipe",
        ),
        (lambda r: r["ResourceConfig"].update(InstanceCount=0), "an InstanceCount of at least 1"),
        (lambda r: r["ResourceConfig"].pop("InstanceType"), "must have an InstanceType"),
        (lambda r: r["AlgorithmSpecification"].update(TrainingImage="unknown:1"), "no folder stands for the image"),
        (lambda r: r["CheckpointConfig"].update(LocalPath="/tmp/elsewhere"), "must be below /opt/ml"),
    ],
)
def test_what_cannot_be_done_here_is_refused_at_once(
    service: SageMaker, change: Callable[[dict[str, Any]], Any], what: str
) -> None:
    """Before a job exists, so that nothing looks like a success."""
    request = training(fresh("refused"))
    change(request)
    with pytest.raises(ServiceError, match=what):
        service.call("CreateTrainingJob", request)
    with pytest.raises(ServiceError, match="not found"):
        service.call("DescribeTrainingJob", {"TrainingJobName": request["TrainingJobName"]})


def on_spot(name: str, **condition: int) -> dict[str, Any]:
    """A training on spot capacity."""
    request = training(name)
    request.update(EnableManagedSpotTraining=True)
    request["StoppingCondition"] = {"MaxRuntimeInSeconds": 60, "MaxWaitTimeInSeconds": 90} | condition
    return request


def test_a_training_on_spot_capacity_says_so(service: SageMaker) -> None:
    """And what it would be billed for."""
    request = on_spot(fresh("spot"))
    service.call("CreateTrainingJob", request)
    job = ended(service, "TrainingJob", request["TrainingJobName"])
    assert (job["TrainingJobStatus"], job["EnableManagedSpotTraining"]) == ("Completed", True)
    assert 0 < job["BillableTimeInSeconds"] <= job["TrainingTimeInSeconds"]
    assert job["StoppingCondition"]["MaxWaitTimeInSeconds"] == 90


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda r: r["StoppingCondition"].pop("MaxWaitTimeInSeconds"), "must be present"),
        (lambda r: r["StoppingCondition"].update(MaxWaitTimeInSeconds=59), "greater than or equal to"),
        (lambda r: r.update(EnableManagedSpotTraining=False), "only supported when EnableManagedSpotTraining"),
    ],
)
def test_the_longest_wait_belongs_to_spot_capacity(
    service: SageMaker, change: Callable[[dict[str, Any]], Any], said: str
) -> None:
    """SageMaker refuses one without the other."""
    request = on_spot(fresh("spot"))
    change(request)
    with pytest.raises(ServiceError, match=said):
        service.call("CreateTrainingJob", request)


def test_an_instance_without_capacity_fails_a_training_in_aws_s_words(open_service: Callable[..., SageMaker]) -> None:
    """On demand it fails; on spot capacity it is stopped, having waited; any other instance trains."""
    service = open_service(without_capacity=frozenset({"ml.m5.large"}))
    job = run_training(service)
    assert (job["TrainingJobStatus"], job["FailureReason"]) == (
        "Failed",
        "CapacityError: Unable to provision requested ML compute capacity. "
        "Please retry using a different ML instance type.",
    )
    spot = on_spot(fresh("spot"), MaxRuntimeInSeconds=1, MaxWaitTimeInSeconds=1)
    service.call("CreateTrainingJob", spot)
    job = ended(service, "TrainingJob", spot["TrainingJobName"])
    assert (job["TrainingJobStatus"], job["SecondaryStatus"]) == ("Stopped", "MaxWaitTimeExceeded")
    spot = on_spot(fresh("spot"))
    service.call("CreateTrainingJob", spot)
    service.call("StopTrainingJob", {"TrainingJobName": spot["TrainingJobName"]})
    job = ended(service, "TrainingJob", spot["TrainingJobName"])
    assert (job["TrainingJobStatus"], job["SecondaryStatus"]) == ("Stopped", "Stopped")
    assert "TrainingStartTime" not in job
    spot = on_spot(fresh("spot"))
    spot["ResourceConfig"]["InstanceType"] = "ml.g5.xlarge"
    service.call("CreateTrainingJob", spot)
    assert ended(service, "TrainingJob", spot["TrainingJobName"])["TrainingJobStatus"] == "Completed"


def test_only_the_log_stays_of_a_completed_job(service: SageMaker) -> None:
    """S3 has the rest, so that disks do not fill with copies of data sets."""
    job = run_training(service)
    folder = service.workshop.settings.state / "jobs" / "training-job" / job["TrainingJobName"]
    assert [path.name for path in folder.iterdir()] == ["log.txt"]
