"""Runs are found again, and what became of them is read."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.workflow.cloud import ScriptedCloud
from workflow.contract.failures import Failure
from workflow.contract.scores import ClassScore, ModelScore
from workflow.errors import ServiceError, UsageError
from workflow.runs.lookup import compare_figures, describe_run, find_execution, read_metrics, recent_runs

MACHINE = "arn:aws:states:us-east-1:000000000000:stateMachine:greenlight-build"
STARTED = datetime(2026, 11, 21, 10, 14, 3, tzinfo=UTC)


def described(**more: Any) -> dict[str, Any]:
    """A DescribeExecution answer."""
    return {"name": "run-1", "status": "SUCCEEDED", "startDate": STARTED, **more}


def test_a_run_that_ended_has_its_model_and_figures() -> None:
    """Read from the execution's own output."""
    output = {
        "package": {"arn": "arn:p/greenlight/4"},
        "gate": {"metrics": {"task": "detect", "map50": 0.964, "map50_95": 0.7}},
    }
    answer = described(stopDate=STARTED + timedelta(seconds=74), output=json.dumps(output))
    run = describe_run(ScriptedCloud({"describe_execution": answer}), "arn:x")
    assert (run.version, run.quality, run.seconds) == ("4", 0.7, 74)
    assert (run.document()["map50"], run.document()["task"]) == (0.964, "detect")
    assert run.document()["started"] == "2026-11-21T10:14:03+00:00"


def test_a_run_that_failed_says_why_on_one_line() -> None:
    """The cause is unpacked."""
    answer = described(
        status="FAILED", error=Failure.TRAINING_FAILED, cause=json.dumps({"FailureReason": "no\nmemory"})
    )
    run = describe_run(ScriptedCloud({"describe_execution": answer}), "arn:x")
    assert (run.error, run.cause, run.quality) == (Failure.TRAINING_FAILED, "no memory", None)


def test_a_run_is_found_by_its_name_in_either_machine() -> None:
    """Builds first, then releases; an ARN is taken as it is."""

    def describe(asked: dict[str, Any]) -> dict[str, Any]:
        if asked["executionArn"].endswith("execution:greenlight-release:back"):
            return described()
        raise ServiceError("ExecutionDoesNotExist", "none")

    cloud = ScriptedCloud({"describe_execution": describe})
    machines = (MACHINE, MACHINE.replace("build", "release"))
    assert find_execution(cloud, machines, "back").endswith(":execution:greenlight-release:back")
    assert find_execution(cloud, machines, "arn:x") == "arn:x"
    with pytest.raises(UsageError, match="there is no run named 'nope'"):
        find_execution(cloud, machines, "nope")


def test_without_a_name_the_newest_run_is_meant() -> None:
    """And where none was ever started, that is said."""
    cloud = ScriptedCloud(
        {"list_executions": {"executions": [{"executionArn": "arn:new"}, {"executionArn": "arn:old"}]}}
    )
    assert find_execution(cloud, (MACHINE,), "") == "arn:new"
    with pytest.raises(UsageError, match="no run was started yet"):
        find_execution(ScriptedCloud({"list_executions": {}}), (MACHINE,), "")


def test_figures_of_a_run_that_has_none_are_asked_for_in_vain() -> None:
    """The place that was looked at is named."""
    with pytest.raises(UsageError, match=r"there is no s3://b/runs/run-1/evaluation/metrics\.json"):
        read_metrics(ScriptedCloud({"get_object": ServiceError("NoSuchKey", "none")}), "b", "run-1")


def test_a_metrics_document_of_another_version_is_refused() -> None:
    """What cannot be read is not compared."""
    with pytest.raises(ValueError, match="version 2 is not 1"):
        read_metrics(ScriptedCloud({"get_object": {"Body": io.BytesIO(b'{"version": 2}')}}), "b", "run-1")


def score(**figures: Any) -> ModelScore:
    """What a model scored, and one class of it."""
    classes = (ClassScore("bolt", 4, None, None, 0.5, 0.5, 0.5, figures.pop("bolt")),)
    fields: dict[str, Any] = {"map50": None, "map50_95": None, "precision": 0.5, "recall": 0.5, **figures}
    return ModelScore(
        "d" * 64, "a" * 64, per_class=classes, latency_p50_ms=1, latency_p99_ms=2, model_bytes=9, **fields
    )


def test_two_runs_are_compared_by_the_figures_that_both_have() -> None:
    """Whatever the task; a figure that one of them lacks is left out."""
    pairs = {
        name: (a, b) for name, a, b in compare_figures(score(top1=0.8, bolt=0.5), score(top1=0.9, map50=0.3, bolt=0.75))
    }
    assert pairs["top1"] == (0.8, 0.9)
    assert pairs["quality of bolt"] == (0.5, 0.75)
    assert "map50" not in pairs


def test_builds_releases_and_roll_backs_are_listed_together_newest_first() -> None:
    """By their machines and names; of each what it was about."""
    found = {
        "build:b-1": described(input='{"dataset": "s3://b/datasets/fasteners/"}', name="b-1"),
        "build:b-2": described(
            name="b-2",
            output=json.dumps({"plan": {"anything_to_do": False, "reason": "nothing changed since version 3"}}),
        ),
        "release:r-1": described(
            name="r-1", input='{"model_package_arn": "arn:p/g/3"}', output='{"plan": {"dataset_name": "bolts"}}'
        ),
        "release:rollback-2-now": described(name="rollback-2-now", input='{"model_package_arn": "arn:p/g/2"}'),
    }
    begun = {name: STARTED + timedelta(minutes=at) for at, name in enumerate(found)}

    def listed(asked: dict[str, Any]) -> dict[str, Any]:
        kind = asked["stateMachineArn"].rpartition("-")[2]
        mine = [name for name in reversed(found) if name.startswith(kind)]
        return {
            "executions": [{"executionArn": f"arn:execution:greenlight-{one}", "startDate": begun[one]} for one in mine]
        }

    def describe(asked: dict[str, Any]) -> dict[str, Any]:
        return found[asked["executionArn"].removeprefix("arn:execution:greenlight-")]

    cloud = ScriptedCloud({"list_executions": listed, "describe_execution": describe})
    machines = (MACHINE, MACHINE.replace("build", "release"))
    runs = list(recent_runs(cloud, machines, 4, "s3://b/datasets/usual/"))
    assert [(run.name, run.kind, run.version, run.dataset) for run in runs] == [
        ("rollback-2-now", "roll-back", "2", ""),
        ("r-1", "release", "3", "bolts"),
        ("b-2", "build", "", "usual"),
        ("b-1", "build", "", "fasteners"),
    ]
    assert runs[2].why == runs[2].document()["nothing_done"] == "nothing changed since version 3"
    assert [run.name for run in recent_runs(cloud, machines, 2)] == ["rollback-2-now", "r-1"]
