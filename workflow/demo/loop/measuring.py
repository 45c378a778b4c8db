"""Both versions on pictures in the other light: the job that judged the new version, once more, on other pictures.

Nothing of the job is said anew but its name, what it looks at and where it writes: the same program in the same image
measures the same two archives, so that its figures are made as those that the approver saw.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from workflow.clients import Cloud
from workflow.contract.names import split_s3_uri
from workflow.contract.scores import Metrics
from workflow.demo.steps import Built, Site, Stops
from workflow.errors import GreenlightError
from workflow.runs.watch import Job

_JUDGES = "Evaluate"
_TAKEN_OVER = ("AppSpecification", "ProcessingResources", "RoleArn", "NetworkConfig", "StoppingCondition")
_DIGEST = "evening"
"""What the pictures are called as data: no run has prepared them."""
_LOOK_SECONDS = 0.3


def read_judgement(site: Site, built: Built) -> Metrics:
    """What a build's own evaluation measured on the dataset's held-out pictures."""
    return _read(site.cloud, _output_of(_describe(site.cloud, _judging(built))))


def measure_on(
    site: Site, built: Built, classes: tuple[str, ...], truth: Mapping[Path, str], stops: Stops
) -> tuple[Metrics, Job]:
    """Have the new version and the one before measured on pictures, and by which job.

    ``truth`` has the rows of each picture's label. Raises GreenlightError where the job fails.
    """
    cloud, judged = site.cloud, _describe(site.cloud, _judging(built))
    folder = f"s3://{site.stack.bucket}/runs/{built.view.run}/{_DIGEST}/"
    _send(cloud, f"{folder}test/", classes, truth)
    inputs = [
        {**one, "S3Input": {**one["S3Input"], "S3Uri": f"{folder}test/"}} if one["InputName"] == "test" else one
        for one in judged["ProcessingInputs"]
    ]
    (output,) = judged["ProcessingOutputConfig"]["Outputs"]
    written = {**output, "S3Output": {**output["S3Output"], "S3Uri": f"{folder}found/"}}
    name = f"{judged['ProcessingJobName'][:55]}-{_DIGEST}"
    cloud.call(
        "sagemaker",
        "create_processing_job",
        ProcessingJobName=name,
        ProcessingInputs=inputs,
        ProcessingOutputConfig={**judged["ProcessingOutputConfig"], "Outputs": [written]},
        Environment={**judged["Environment"], "DATASET_DIGEST": _DIGEST},
        **{key: judged[key] for key in _TAKEN_OVER if key in judged},
    )
    stops.append(lambda: _stop(cloud, name))
    while (ended := _describe(cloud, name))["ProcessingJobStatus"] in ("InProgress", "Stopping"):
        time.sleep(_LOOK_SECONDS)
    if ended["ProcessingJobStatus"] != "Completed":
        raise GreenlightError(f"the job {name} ended {ended['ProcessingJobStatus']}: {ended.get('ExitMessage', '')}")
    return _read(cloud, f"{folder}found/"), Job("Evaluate in the other light", "processing", name)


def _judging(built: Built) -> str:
    return next(job.name for job in built.view.jobs if job.state == _JUDGES)


def _describe(cloud: Cloud, name: str) -> Mapping[str, Any]:
    return cloud.call("sagemaker", "describe_processing_job", ProcessingJobName=name)


def _output_of(job: Mapping[str, Any]) -> str:
    (output,) = job["ProcessingOutputConfig"]["Outputs"]
    return str(output["S3Output"]["S3Uri"])


def _read(cloud: Cloud, uri: str) -> Metrics:
    bucket, prefix = split_s3_uri(uri)
    body = cloud.call("s3", "get_object", Bucket=bucket, Key=f"{prefix.rstrip('/')}/metrics.json")["Body"].read()
    return Metrics.parse(json.loads(body))


def _send(cloud: Cloud, uri: str, classes: tuple[str, ...], truth: Mapping[Path, str]) -> None:
    """Lay pictures out as the preparation lays out the held-out ones."""
    bucket, prefix = split_s3_uri(uri)
    data = {"version": 1, "classes": list(classes), "digest": _DIGEST, "task": "detect"}
    files = {"data.json": json.dumps(data).encode()}
    for file, rows in truth.items():
        files |= {f"images/{file.name}": file.read_bytes(), f"labels/{file.stem}.txt": rows.encode()}
    for name, body in files.items():
        cloud.call("s3", "put_object", Bucket=bucket, Key=prefix + name, Body=body)


def _stop(cloud: Cloud, name: str) -> None:
    """Stop the job, unless it has ended or the stand-in with it."""
    try:
        cloud.call("sagemaker", "stop_processing_job", ProcessingJobName=name)
    except GreenlightError:
        return
