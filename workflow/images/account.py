"""A stand-in for AWS of one's own for the time of a check: an empty account with a bucket and a role.

Runs a job to its end and tells how it ended, as SageMaker would. Knows no program of an image.
"""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workflow.clients import AwsCloud, Cloud
from workflow.errors import GreenlightError, ServiceError
from workflow.images.samples import METRICS
from workflow.standin import StandIn

BUCKET = "image-check"
_ROLE = "image-check"
_JOB_SECONDS = 1800
_LOOK_SECONDS = 0.3


@dataclass(frozen=True)
class Ended:
    """How a job ended: its description, the reason that it shows, and the one that its program wrote by itself."""

    job: Mapping[str, Any]
    status: str
    reason: str
    written: str = ""


class Account:
    """What a check does in its account; ``role`` is the jobs' ARN, ``state`` is where the stand-in keeps logs."""

    def __init__(self, cloud: Cloud, role: str, state: Path) -> None:
        """Nothing is called yet."""
        self._cloud = cloud
        self._role = role
        self._state = state

    def put(self, files: Mapping[str, bytes], prefix: str = "") -> None:
        """Upload files below a prefix."""
        for name, content in files.items():
            self._cloud.call("s3", "put_object", Bucket=BUCKET, Key=f"{prefix}{name}", Body=content)

    def get(self, key: str) -> bytes:
        """What was written under a key. Raises GreenlightError where nothing was."""
        try:
            found: bytes = self._cloud.call("s3", "get_object", Bucket=BUCKET, Key=key)["Body"].read()
        except ServiceError as error:
            raise GreenlightError(f"it wrote no {key.partition('/')[2]}") from error
        return found

    def keys(self, prefix: str) -> list[str]:
        """What lies below a prefix."""
        return [
            item["Key"] for item in self._cloud.pages("s3", "list_objects_v2", "Contents", Bucket=BUCKET, Prefix=prefix)
        ]

    def process(
        self, image: str, program: str, inputs: Mapping[str, str], output: str, outputs: list[str], **environment: str
    ) -> Ended:
        """Run a processing job; ``inputs`` are keys by name, ``outputs`` are written below the prefix ``output``."""
        name = f"{program}-{time.time_ns()}"
        self._cloud.call(
            "sagemaker",
            "create_processing_job",
            ProcessingJobName=name,
            RoleArn=self._role,
            AppSpecification={"ImageUri": image, "ContainerArguments": [program]},
            Environment=environment,
            NetworkConfig={"EnableNetworkIsolation": True},
            ProcessingResources={
                "ClusterConfig": {"InstanceCount": 1, "InstanceType": "ml.m7i.xlarge", "VolumeSizeInGB": 10}
            },
            ProcessingInputs=[
                {
                    "InputName": key,
                    "S3Input": {
                        "S3Uri": f"s3://{BUCKET}/{value}",
                        "LocalPath": f"/opt/ml/processing/input/{key}",
                        "S3DataType": "S3Prefix",
                        "S3InputMode": "File",
                    },
                }
                for key, value in inputs.items()
            ],
            ProcessingOutputConfig={
                "Outputs": [
                    {
                        "OutputName": key,
                        "S3Output": {
                            "S3Uri": f"s3://{BUCKET}/{output}/{key}/",
                            "LocalPath": f"/opt/ml/processing/output/{key}",
                            "S3UploadMode": "EndOfJob",
                        },
                    }
                    for key in outputs
                ]
            },
        )
        return self._end("processing_job", "ProcessingJob", name, "message")

    def train(self, image: str, channels: Mapping[str, str], hyperparameters: Mapping[str, str]) -> Ended:
        """Run a training job; ``channels`` are keys by name."""
        name = f"train-{time.time_ns()}"
        self._cloud.call(
            "sagemaker",
            "create_training_job",
            TrainingJobName=name,
            RoleArn=self._role,
            AlgorithmSpecification={
                "TrainingImage": image,
                "TrainingInputMode": "File",
                "MetricDefinitions": [{"Name": key, "Regex": rf"\b{key}=([0-9.eE+-]+)"} for key in METRICS],
            },
            HyperParameters=dict(hyperparameters),
            InputDataConfig=[
                {
                    "ChannelName": key,
                    "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": f"s3://{BUCKET}/{value}"}},
                }
                for key, value in channels.items()
            ],
            OutputDataConfig={"S3OutputPath": f"s3://{BUCKET}/models"},
            CheckpointConfig={"S3Uri": f"s3://{BUCKET}/checkpoints/{name}"},
            ResourceConfig={"InstanceType": "ml.m7i.xlarge", "InstanceCount": 1, "VolumeSizeInGB": 10},
            StoppingCondition={"MaxRuntimeInSeconds": _JOB_SECONDS},
            EnableNetworkIsolation=True,
        )
        return self._end("training_job", "TrainingJob", name, "failure")

    def serve(self, image: str, archive: str) -> str:
        """Put a model behind an endpoint, whose name is given. Raises GreenlightError with why it does not serve."""
        name, call = f"serve-{time.time_ns()}", self._cloud.call
        container = {"Image": image, "ModelDataUrl": f"s3://{BUCKET}/{archive}", "Environment": {}}
        call("sagemaker", "create_model", ModelName=name, ExecutionRoleArn=self._role, PrimaryContainer=container)
        variant = {"VariantName": "main", "ModelName": name, "InstanceType": "ml.c7i.xlarge", "InitialInstanceCount": 1}
        call("sagemaker", "create_endpoint_config", EndpointConfigName=name, ProductionVariants=[variant])
        call("sagemaker", "create_endpoint", EndpointName=name, EndpointConfigName=name)
        while True:
            endpoint = call("sagemaker", "describe_endpoint", EndpointName=name)
            if endpoint["EndpointStatus"] == "InService":
                return name
            if endpoint["EndpointStatus"] == "Failed":
                raise GreenlightError(str(endpoint.get("FailureReason", "it says nothing")))
            time.sleep(_LOOK_SECONDS)

    def ask(self, endpoint: str, body: bytes, content_type: str) -> dict[str, Any]:
        """An endpoint's answer to one request. Raises ServiceError where it is refused."""
        answer = self._cloud.call(
            "sagemaker-runtime", "invoke_endpoint", EndpointName=endpoint, Body=body, ContentType=content_type
        )
        document: dict[str, Any] = json.loads(answer["Body"].read())
        return document

    def last_lines(self, count: int) -> str:
        """The end of the newest job's or endpoint's log."""
        logs = list((self._state / "sagemaker").rglob("log.txt"))
        newest = max(logs, key=lambda file: file.stat().st_mtime_ns, default=None)
        text = "" if newest is None else newest.read_text("utf-8", "replace")
        return "\n".join(text.strip().splitlines()[-count:])

    def _end(self, operation: str, noun: str, name: str, file: str) -> Ended:
        while True:
            job = self._cloud.call("sagemaker", f"describe_{operation}", **{f"{noun}Name": name})
            status = str(job[f"{noun}Status"])
            if status in ("Completed", "Failed", "Stopped"):
                shown = str(job.get("ExitMessage") or job.get("FailureReason") or "")
                # What a stand-in shows in place of a missing reason, SageMaker does not.
                found = (self._state / "sagemaker" / "jobs").glob(f"*/{name}/**/output/{file}")
                return Ended(job, status, shown, "".join(one.read_text("utf-8", "replace") for one in found))
            time.sleep(_LOOK_SECONDS)


@contextmanager
def open_account(options: list[str]) -> Iterator[Account]:
    """A stand-in that was started with some options, gone with all that it kept at the end."""
    with tempfile.TemporaryDirectory(prefix="greenlight-", ignore_cleanup_errors=True) as folder:
        standin, before = StandIn(Path(folder), 0, options), dict(os.environ)
        try:
            os.environ.pop("AWS_PROFILE", None)
            os.environ.update(standin.ensure())
            cloud = AwsCloud()
            trust = {"Effect": "Allow", "Principal": {"Service": "sagemaker.amazonaws.com"}, "Action": "sts:AssumeRole"}
            document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
            role = cloud.call("iam", "create_role", RoleName=_ROLE, AssumeRolePolicyDocument=document)["Role"]["Arn"]
            cloud.call("s3", "create_bucket", Bucket=BUCKET)
            yield Account(cloud, role, Path(folder))
        finally:
            standin.stop()
            os.environ.clear()
            os.environ.update(before)
