"""What a demonstration leaves behind: the held-out pictures, the report, and the summary as one JSON document.

Reads a finished run from AWS; knows neither how it was started nor how it is shown.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workflow.clients import Cloud
from workflow.contract.names import split_s3_uri
from workflow.contract.scores import figures_of
from workflow.predictions.pictures import SUFFIXES
from workflow.predictions.prediction import Prediction
from workflow.runs.watch import Job
from workflow.stack.outputs import Stack


@dataclass(frozen=True)
class Timings:
    """Where the time of a demonstration went, in seconds. A person's thinking and set-up are not the flow's."""

    total: float
    environments: float
    approval: float
    jobs: Mapping[str, float]

    @property
    def overhead(self) -> float:
        """What the flow itself took."""
        return max(0.0, self.total - self.environments - self.approval - sum(self.jobs.values()))

    def document(self) -> dict[str, Any]:
        """The timings as JSON."""
        return {
            "total_seconds": round(self.total, 2),
            "jobs_seconds": {name: round(seconds, 2) for name, seconds in self.jobs.items()},
            "overhead_seconds": round(self.overhead, 2),
            "environment_seconds": round(self.environments, 2),
            "approval_seconds": round(self.approval, 2),
        }


@dataclass(frozen=True)
class Finished:
    """A run that ended well, as its own documents tell it."""

    build_execution: str
    release_execution: str
    model_package: str
    metrics: Mapping[str, Any]
    test_uri: str
    report_uri: str

    @property
    def version(self) -> str:
        """The model package's version."""
        return self.model_package.rpartition("/")[2]


def read_finished(cloud: Cloud, execution: str) -> Finished:
    """Read the output of an execution that succeeded."""
    found = cloud.call("stepfunctions", "describe_execution", executionArn=execution)
    output = json.loads(found["output"])
    return Finished(
        build_execution=execution,
        release_execution=str(output["release"]["execution"]),
        model_package=str(output["package"]["arn"]),
        metrics=output["gate"]["metrics"],
        test_uri=str(output["plan"]["uris"]["test"]),
        report_uri=str(output["gate"]["report_uri"]),
    )


def job_seconds(cloud: Cloud, jobs: tuple[Job, ...]) -> dict[str, float]:
    """How long each job's program ran, by the name of the state that started it."""
    found = {}
    for job in jobs:
        noun = "".join(part.capitalize() for part in job.kind.split("_"))
        described = cloud.call("sagemaker", f"describe_{job.kind}_job", **{f"{noun}JobName": job.name})
        start = described.get(f"{noun}StartTime") or described.get("CreationTime")
        end = described.get(f"{noun}EndTime") or described.get("HyperParameterTuningEndTime")
        if start is not None and end is not None:
            found[job.state] = (end - start).total_seconds()
    return found


def fetch_pictures(cloud: Cloud, test_uri: str, folder: Path) -> list[Path]:
    """Bring the held-out pictures of a run, which no training saw, into a folder."""
    bucket, prefix = split_s3_uri(test_uri)
    folder.mkdir(parents=True, exist_ok=True)
    found = []
    for item in cloud.pages("s3", "list_objects_v2", "Contents", Bucket=bucket, Prefix=f"{prefix}images/"):
        key = str(item["Key"])
        # Flat, so that no key can lead out of the folder and no picture of one subfolder covers another's.
        target = folder / key.removeprefix(f"{prefix}images/").replace("/", "-")
        if target.suffix.lower() in SUFFIXES:
            target.write_bytes(cloud.call("s3", "get_object", Bucket=bucket, Key=key)["Body"].read())
            found.append(target)
    return found


def fetch_file(cloud: Cloud, uri: str, target: Path) -> None:
    """Bring a file of the bucket to this machine, such as the evaluation's report."""
    bucket, key = split_s3_uri(uri)
    found = cloud.call("s3", "get_object", Bucket=bucket, Key=key)["Body"].read()
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(found)


def summary(
    finished: Finished, stack: Stack, url: str, predictions: list[Prediction], timings: Timings, report: Path
) -> dict[str, Any]:
    """The document ``summary.json``."""
    return {
        "version": 1,
        "status": "SUCCEEDED",
        "build_execution": finished.build_execution,
        "release_execution": finished.release_execution,
        "model_package": finished.model_package,
        "metrics": {key: finished.metrics[key] for key in ("task", *figures_of(finished.metrics["task"]), "images")},
        "endpoints": {"staging": stack.staging_endpoint, "production": stack.production_endpoint},
        "endpoint_url": url,
        "predictions": [describe_picture(prediction) for prediction in predictions],
        "timings": timings.document(),
        "report": str(report),
    }


def describe_picture(prediction: Prediction) -> dict[str, Any]:
    """One picture's part of the summary: its objects with their boxes or, of a sorted picture, its classes."""
    if prediction.classification is not None:
        classes = [{"class": item["class"], "score": item["score"]} for item in prediction.classification]
        return {"file": prediction.file.name, "classification": classes}
    found = [
        {"class": item["class"], "score": item["score"], "box": list(item["box"])} for item in prediction.detections
    ]
    return {"file": prediction.file.name, "detections": found}
