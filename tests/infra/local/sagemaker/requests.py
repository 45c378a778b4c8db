"""Requests that are valid, for tests to change in one place, and waiting for what they start."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from infra.local.sagemaker.service import SageMaker

CONTAINER = Path(__file__).resolve().parents[3] / "fakes" / "container"
BUCKET = "sagemaker-tests"
ROLE = "arn:aws:iam::000000000000:role/jobs"
_numbers = itertools.count(1)


def fresh(word: str) -> str:
    """A name that nothing else has."""
    return f"{word}-{next(_numbers)}-{time.time_ns() % 10**9}"


def training(name: str, seconds: int = 60, **hyperparameters: str) -> dict[str, Any]:
    """A training job of the fake container."""
    source = {"S3DataType": "S3Prefix", "S3Uri": f"s3://{BUCKET}/data/"}
    return {
        "TrainingJobName": name,
        "RoleArn": ROLE,
        "AlgorithmSpecification": {
            "TrainingImage": "000000000000.dkr.ecr.us-east-1.amazonaws.com/fake:1",
            "TrainingInputMode": "File",
            "MetricDefinitions": [{"Name": "map50", "Regex": "map50=([0-9.]+)"}],
        },
        "HyperParameters": hyperparameters,
        "InputDataConfig": [{"ChannelName": "training", "DataSource": {"S3DataSource": source}}],
        "OutputDataConfig": {"S3OutputPath": f"s3://{BUCKET}/models/"},
        "CheckpointConfig": {"S3Uri": f"s3://{BUCKET}/checkpoints/{name}/"},
        "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 10},
        "StoppingCondition": {"MaxRuntimeInSeconds": seconds},
    }


def processing(name: str, *arguments: str) -> dict[str, Any]:
    """A processing job of the fake container: what comes in goes out."""
    return {
        "ProcessingJobName": name,
        "RoleArn": ROLE,
        "AppSpecification": {"ImageUri": "fake", "ContainerArguments": list(arguments) or ["copy"]},
        "Environment": {"WISH": "rain"},
        "ProcessingResources": {
            "ClusterConfig": {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 10}
        },
        "ProcessingInputs": [
            {
                "InputName": "data",
                "S3Input": {
                    "S3Uri": f"s3://{BUCKET}/data/",
                    "LocalPath": "/opt/ml/processing/input/data",
                    "S3DataType": "S3Prefix",
                    "S3InputMode": "File",
                },
            }
        ],
        "ProcessingOutputConfig": {
            "Outputs": [
                {
                    "OutputName": "copy",
                    "S3Output": {
                        "S3Uri": f"s3://{BUCKET}/processed/{name}/",
                        "LocalPath": "/opt/ml/processing/output/copy",
                        "S3UploadMode": "EndOfJob",
                    },
                }
            ]
        },
    }


def ended(service: SageMaker, noun: str, name: str, seconds: float = 30) -> dict[str, Any]:
    """A job's description once it has ended."""
    job: dict[str, Any] = eventually(
        lambda: service.call(f"Describe{noun}", {f"{noun}Name": name}),
        lambda job: job[f"{noun}Status"] in ("Completed", "Failed", "Stopped"),
        seconds,
    )
    return job


def run_training(service: SageMaker, name: str | None = None, **more: Any) -> dict[str, Any]:
    """Train to the end; the job's description."""
    request = training(name or fresh("train"), **more)
    service.call("CreateTrainingJob", request)
    return ended(service, "TrainingJob", request["TrainingJobName"])


def model(service: SageMaker, flavour: str = "plain", **hyperparameters: str) -> str:
    """A model that a training job of these hyperparameters made; its name."""
    job = run_training(service, **hyperparameters)
    return model_of(service, job["ModelArtifacts"]["S3ModelArtifacts"], flavour)


def model_of(service: SageMaker, url: str, flavour: str = "plain") -> str:
    """A model of an archive; its name."""
    name = fresh("model")
    container = {"Image": "fake", "ModelDataUrl": url, "Environment": {"FLAVOUR": flavour}}
    service.call("CreateModel", {"ModelName": name, "ExecutionRoleArn": ROLE, "PrimaryContainer": container})
    return name


def configuration(service: SageMaker, *models: str, weights: tuple[float, ...] = ()) -> str:
    """An endpoint configuration with a variant for each model; its name."""
    name = fresh("config")
    variants = [
        {
            "VariantName": "main" if number == 0 else f"other{number}",
            "ModelName": model_name,
            "InstanceType": "ml.m5.large",
            "InitialInstanceCount": 1,
            "InitialVariantWeight": weights[number] if weights else 1.0,
        }
        for number, model_name in enumerate(models)
    ]
    service.call("CreateEndpointConfig", {"EndpointConfigName": name, "ProductionVariants": variants})
    return name


def endpoint(service: SageMaker, config: str) -> str:
    """An endpoint in service on a configuration; its name."""
    name = fresh("endpoint")
    service.call("CreateEndpoint", {"EndpointName": name, "EndpointConfigName": config})
    described = settled(service, name)
    assert described["EndpointStatus"] == "InService", described
    return name


def settled(service: SageMaker, name: str) -> dict[str, Any]:
    """An endpoint's description once nothing about it is in progress."""
    described: dict[str, Any] = eventually(
        lambda: service.call("DescribeEndpoint", {"EndpointName": name}),
        lambda described: described["EndpointStatus"] in ("InService", "Failed"),
    )
    return described


def eventually(look: Callable[[], Any], enough: Callable[[Any], Any] = bool, seconds: float = 30) -> Any:
    """What `look` sees as soon as it is enough."""
    deadline = time.monotonic() + seconds
    while not enough(seen := look()):
        assert time.monotonic() < deadline, f"still {seen}"
        time.sleep(0.05)
    return seen
