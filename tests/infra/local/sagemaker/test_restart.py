"""What the stand-in remembers over a restart, and what it leaves behind: nothing that runs."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.infra.local.sagemaker.requests import BUCKET, CONTAINER, ROLE, eventually, fresh, training
from tests.stand_in import StandIn

pytestmark = pytest.mark.standin


def container_processes(state: Path) -> list[int]:
    """Processes of jobs and endpoints whose tree lies in a state."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            environment = (folder / "environ").read_bytes()
        except OSError:
            continue
        if f"SAGEMAKER_BASE_DIR={state}".encode() in environment:
            found.append(int(folder.name))
    return found


def start(state: Path) -> StandIn:
    """A stand-in on a state of its own."""
    return StandIn(state, {"fake": CONTAINER})


def prepare(stand_in: StandIn) -> tuple[Any, str]:
    """A bucket with data, an endpoint in service, a job that trains on and on; SageMaker and their name."""
    stand_in.role(ROLE)
    stand_in.client("s3").create_bucket(Bucket=BUCKET)
    stand_in.client("s3").put_object(Bucket=BUCKET, Key="data/a.txt", Body=b"first")
    sagemaker, name = stand_in.client("sagemaker"), fresh("kept")
    sagemaker.create_training_job(**training(name))
    eventually(lambda: sagemaker.describe_training_job(TrainingJobName=name)["TrainingJobStatus"] == "Completed")
    container = {"Image": "fake", "ModelDataUrl": f"s3://{BUCKET}/models/{name}/output/model.tar.gz"}
    sagemaker.create_model(ModelName=name, ExecutionRoleArn=ROLE, PrimaryContainer=container)
    variant = {"VariantName": "main", "ModelName": name, "InstanceType": "ml.m5.large", "InitialInstanceCount": 1}
    sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[variant])
    sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)
    eventually(lambda: sagemaker.describe_endpoint(EndpointName=name)["EndpointStatus"] == "InService")
    sagemaker.create_training_job(**training(f"{name}-on", behaviour="wait"))
    # It waits from then on. On this machine it is seen at once; S3 gets a checkpoint four times a minute.
    eventually((stand_in.state / "sagemaker/jobs/training-job" / f"{name}-on" / "ml/checkpoints/child.txt").exists)
    return sagemaker, name


def test_endpoints_serve_again_and_jobs_go_on_after_a_restart(tmp_path: Path) -> None:
    """Even when the endpoint's configuration and model were deleted meanwhile, as on AWS."""
    with start(tmp_path) as first:
        sagemaker, name = prepare(first)
        sagemaker.delete_endpoint_config(EndpointConfigName=name)
        sagemaker.delete_model(ModelName=name)
    assert container_processes(tmp_path) == []
    with start(tmp_path) as second:
        sagemaker, runtime = second.client("sagemaker"), second.client("sagemaker-runtime")
        eventually(lambda: sagemaker.describe_endpoint(EndpointName=name)["EndpointStatus"] == "InService")
        answer = runtime.invoke_endpoint(EndpointName=name, Body=b"again")
        assert json.load(answer["Body"])["body"] == "again"
        again = f"{name}-on"
        eventually(lambda: sagemaker.describe_training_job(TrainingJobName=again)["SecondaryStatus"] == "Training")
        sagemaker.stop_training_job(TrainingJobName=again)
        eventually(lambda: sagemaker.describe_training_job(TrainingJobName=again)["TrainingJobStatus"] == "Stopped")
    assert container_processes(tmp_path) == []


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="looks for processes in /proc")
def test_a_stand_in_that_is_killed_leaves_no_process(tmp_path: Path) -> None:
    """SIGKILL to it alone ends its jobs and its endpoints."""
    with start(tmp_path) as stand_in:
        prepare(stand_in)
        assert len(container_processes(tmp_path)) >= 3
        os.kill(stand_in.pid, 9)
        eventually(lambda: container_processes(tmp_path) == [])
