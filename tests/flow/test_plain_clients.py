"""The stand-in to somebody who knows AWS and nothing of this project: awscli and plain boto3."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.flow.driver import Flow

SCRIPT = """
import json, sys, time
import boto3
build, production, group = sys.argv[1:]
machines, sagemaker = boto3.client("stepfunctions"), boto3.client("sagemaker")
started = machines.start_execution(stateMachineArn=build, input=json.dumps({"epochs": 0}))["executionArn"]
assert machines.describe_execution(executionArn=started)["status"] in ("RUNNING", "FAILED")
assert started in [run["executionArn"] for run in machines.list_executions(stateMachineArn=build)["executions"]]
assert machines.get_execution_history(executionArn=started)["events"][0]["type"] == "ExecutionStarted"
job = sagemaker.list_training_jobs(SortBy="CreationTime")["TrainingJobSummaries"][0]["TrainingJobName"]
assert sagemaker.describe_training_job(TrainingJobName=job)["TrainingJobStatus"]
step = sagemaker.list_processing_jobs()["ProcessingJobSummaries"][0]["ProcessingJobName"]
assert sagemaker.describe_processing_job(ProcessingJobName=step)["ProcessingJobStatus"]
(newest, *_) = sagemaker.list_model_packages(ModelPackageGroupName=group)["ModelPackageSummaryList"]
assert sagemaker.describe_model_package(ModelPackageName=newest["ModelPackageArn"])["CustomerMetadataProperties"]
assert production in [item["EndpointName"] for item in sagemaker.list_endpoints()["Endpoints"]]
assert sagemaker.describe_endpoint(EndpointName=production)["EndpointStatus"] == "InService"
body = boto3.client("sagemaker-runtime").invoke_endpoint(
    EndpointName=production, ContentType="image/jpeg", Body=b"picture")["Body"].read()
print(json.loads(body)["model_digest"])
"""


def only_aws(flow: Flow) -> dict[str, str]:
    """Nothing but the endpoint, a region and credentials."""
    given = {name: value for name, value in flow.stand_in.environment().items() if name.startswith("AWS_")}
    return {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), **given}


def test_plain_boto3_starts_describes_lists_and_invokes(flow: Flow) -> None:
    """A script without a line of this project works against the stand-in as it would on AWS."""
    digest = flow.serving()
    arguments = [flow.stack.build_machine_arn, flow.stack.production_endpoint, flow.stack.package_group]
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, *arguments], env=only_aws(flow), cwd="/", capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == digest


@pytest.mark.skipif(shutil.which("aws") is None, reason="awscli is not installed; it pins another botocore than ours")
def test_awscli_starts_stops_and_invokes(flow: Flow, tmp_path: Path) -> None:
    """The commands that operations type."""
    flow.serving()

    def aws(*words: str) -> dict[str, object]:
        done = subprocess.run(
            ["aws", *words, "--output", "json"], env=only_aws(flow), capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout) if done.stdout.strip() else {}

    given = json.dumps({"dataset": flow.upload(behave="sleep")})
    machine = flow.stack.build_machine_arn
    started = aws("stepfunctions", "start-execution", "--state-machine-arn", machine, "--input", given)
    arn = str(started["executionArn"])
    assert aws("stepfunctions", "describe-execution", "--execution-arn", arn)["status"] == "RUNNING"
    assert aws("stepfunctions", "get-execution-history", "--execution-arn", arn)["events"]
    assert aws("stepfunctions", "list-executions", "--state-machine-arn", machine)["executions"]
    aws("stepfunctions", "stop-execution", "--execution-arn", arn)
    assert aws("stepfunctions", "describe-execution", "--execution-arn", arn)["status"] == "ABORTED"
    assert aws("sagemaker", "list-model-packages", "--model-package-group-name", flow.stack.package_group)
    assert aws("sagemaker", "describe-endpoint", "--endpoint-name", flow.stack.production_endpoint)
    picture, answer = tmp_path / "picture.jpg", tmp_path / "answer.json"
    picture.write_bytes(b"picture")
    aws(
        *("sagemaker-runtime", "invoke-endpoint", "--endpoint-name", flow.stack.production_endpoint),
        *("--content-type", "image/jpeg", "--body", f"fileb://{picture}", str(answer)),
    )
    assert json.loads(answer.read_text())["model_digest"]
