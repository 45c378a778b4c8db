"""What a demonstration leaves behind."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.workflow.cloud import ScriptedCloud
from workflow.contract.model import TASKS
from workflow.contract.scores import FIGURE_NAMES, figures_of
from workflow.demo.record import (
    Finished,
    Timings,
    describe_picture,
    fetch_pictures,
    job_seconds,
    read_finished,
    summary,
)
from workflow.predictions.prediction import Prediction
from workflow.runs.watch import Job
from workflow.stack.outputs import Stack

METRICS = {
    "task": "detect",
    **{"map50": 0.96, "map50_95": 0.7, "precision": 0.9, "recall": 0.8, "f1": 0.85},
    "images": 16,
}
STACK = Stack(
    project="greenlight",
    region="us-east-1",
    bucket="b",
    table="x",
    topic_arn="x",
    build_machine_arn="x",
    release_machine_arn="x",
    package_group="x",
    approval_url="x",
    decide_url="x",
    staging_endpoint="greenlight-staging",
    production_endpoint="greenlight-production",
    training_repository="x",
    serving_repository="x",
)
NOW = datetime(2026, 11, 21, tzinfo=UTC)


def test_overhead_is_what_neither_jobs_nor_people_nor_set_up_took() -> None:
    """Never negative, whatever the clocks say."""
    timings = Timings(total=100, environments=20, approval=15, jobs={"Train": 50, "Evaluate": 5})
    assert timings.document()["overhead_seconds"] == 10
    assert Timings(total=1, environments=2, approval=0, jobs={}).overhead == 0


def test_a_finished_run_is_read_from_its_output() -> None:
    """The documents of the execution, under the names the machine gives them."""
    output = {
        "plan": {"uris": {"test": "s3://b/runs/r/prepared/test/"}},
        "package": {"arn": "arn:p/greenlight/3"},
        "gate": {"metrics": METRICS, "report_uri": "s3://b/runs/r/report/index.html"},
        "release": {"execution": "arn:release"},
    }
    finished = read_finished(ScriptedCloud({"describe_execution": {"output": json.dumps(output)}}), "arn:build")
    assert (finished.version, finished.release_execution) == ("3", "arn:release")


def test_a_job_lasts_from_its_own_start_to_its_own_end() -> None:
    """By what the service says of the job, not by how long the state took."""

    def times(noun: str, seconds: int) -> dict[str, Any]:
        return {f"{noun}StartTime": NOW, f"{noun}EndTime": NOW + timedelta(seconds=seconds)}

    cloud = ScriptedCloud(
        {"describe_processing_job": times("Processing", 2), "describe_training_job": times("Training", 31)}
    )
    jobs = (Job("Evaluate", "processing", "run-evaluate"), Job("Train", "training", "run-train"))
    assert job_seconds(cloud, jobs) == {"Evaluate": 2, "Train": 31}
    assert [asked for _, asked in cloud.asked] == [
        {"ProcessingJobName": "run-evaluate"},
        {"TrainingJobName": "run-train"},
    ]


def test_a_search_for_hyperparameters_lasts_as_long_as_its_job() -> None:
    """Its times have names of their own."""
    told = {"CreationTime": NOW, "HyperParameterTuningEndTime": NOW + timedelta(seconds=90)}
    cloud = ScriptedCloud({"describe_hyper_parameter_tuning_job": told})
    assert job_seconds(cloud, (Job("Tune", "hyper_parameter_tuning", "t"),)) == {"Tune": 90}


def test_no_key_leads_a_picture_out_of_the_folder(tmp_path: Path) -> None:
    """Folders become part of the name, so that none covers another; what is no picture stays in the bucket."""
    keys = ("t/images/a.jpg", "t/images/../../b.jpg", "t/images/x/a.jpg", "t/images/notes.txt")
    cloud = ScriptedCloud(
        {"list_objects_v2": {"Contents": [{"Key": key} for key in keys]}, "get_object": {"Body": io.BytesIO(b"x")}}
    )
    found = fetch_pictures(cloud, "s3://bucket/t/", tmp_path / "in")
    assert [path.name for path in found] == ["a.jpg", "..-..-b.jpg", "x-a.jpg"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in"]


def test_the_summary_names_everything_a_program_needs() -> None:
    """Run, release, package, figures, endpoints, predictions, timings and report."""
    told = {**METRICS, "top1": None, "intervals": {}}
    finished = Finished("arn:build", "arn:release", "arn:p/greenlight/3", told, "s3://t/", "s3://r")
    looked_at = Prediction(
        Path("in/a.jpg"), "d", 9, 9, ({"class_id": 0, "class": "nut", "score": 0.9, "box": [1, 2, 3, 4]},)
    )
    timings = Timings(74, 0, 0, {"Train": 61})
    document = summary(finished, STACK, "http://127.0.0.1:4566", [looked_at], timings, Path("report/index.html"))
    assert json.loads(json.dumps(document)) == {
        "version": 1,
        "status": "SUCCEEDED",
        "build_execution": "arn:build",
        "release_execution": "arn:release",
        "model_package": "arn:p/greenlight/3",
        "metrics": METRICS,
        "endpoints": {"staging": "greenlight-staging", "production": "greenlight-production"},
        "endpoint_url": "http://127.0.0.1:4566",
        "predictions": [{"file": "a.jpg", "detections": [{"class": "nut", "score": 0.9, "box": [1, 2, 3, 4]}]}],
        "timings": timings.document(),
        "report": "report/index.html",
    }


def test_a_sorted_picture_is_told_by_its_classes() -> None:
    """It has no boxes to leave out."""
    best = ({"class_id": 1, "class": "cat", "score": 0.93}, {"class_id": 0, "class": "dog", "score": 0.05})
    assert describe_picture(Prediction(Path("in/a.jpg"), "d", 9, 9, classification=best)) == {
        "file": "a.jpg",
        "classification": [{"class": "cat", "score": 0.93}, {"class": "dog", "score": 0.05}],
    }


@pytest.mark.parametrize("task", TASKS)
def test_the_summary_has_the_figures_of_the_runs_task(task: str) -> None:
    """And none that is null."""
    figures = {name: 0.5 if name in figures_of(task) else None for name in FIGURE_NAMES}
    finished = Finished("a", "b", "c", {"task": task, **figures, "images": 16}, "s3://t/", "s3://r")
    metrics = summary(finished, STACK, "", [], Timings(1, 0, 0, {}), Path("r"))["metrics"]
    assert metrics == {"task": task, **dict.fromkeys(figures_of(task), 0.5), "images": 16}


@pytest.mark.parametrize("metrics", [{"map50": 1.0}, {"task": "detect", "map50": 1.0}])
def test_a_run_without_a_figure_makes_no_summary(metrics: dict[str, Any]) -> None:
    """A missing figure is an error and not a zero."""
    finished = Finished("a", "b", "c", metrics, "s3://t/", "s3://r")
    with pytest.raises(KeyError):
        summary(finished, STACK, "", [], Timings(1, 0, 0, {}), Path("r"))
