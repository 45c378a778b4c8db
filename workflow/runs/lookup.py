"""Finds runs that were started, and reads what became of them: how they ended, what their models scored.

Reads Step Functions and the runs' documents; starts and draws nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from workflow.clients import Cloud
from workflow.contract.scores import FIGURE_NAMES, QUALITY, Metrics, ModelScore
from workflow.errors import ServiceError, UsageError
from workflow.runs.history import readable_cause


@dataclass(frozen=True)
class Run:
    """One execution. ``seconds`` is its length, so far while it runs; ``error`` and ``cause`` are of its end."""

    name: str
    execution: str
    status: str
    started: datetime
    seconds: float
    error: str = ""
    cause: str = ""
    version: str = ""
    task: str = ""
    figures: Mapping[str, Any] = field(default_factory=dict)

    @property
    def quality(self) -> float | None:
        """The figure by which models of its task are compared, None where the run has none."""
        value: float | None = self.figures.get(QUALITY.get(self.task, ""))
        return value

    def document(self) -> dict[str, Any]:
        """The run as JSON."""
        return {
            "run": self.name,
            "status": self.status,
            "started": self.started.astimezone(UTC).isoformat(timespec="seconds"),
            "seconds": round(self.seconds, 1),
            "version": self.version,
            "task": self.task,
            "quality": self.quality,
            "map50": self.figures.get("map50"),
            "error": self.error,
            "cause": self.cause,
            "execution": self.execution,
        }


def recent_runs(cloud: Cloud, machine: str, limit: int) -> Iterator[Run]:
    """The newest runs of a machine, newest first."""
    pages = cloud.pages("stepfunctions", "list_executions", "executions", stateMachineArn=machine)
    for item in islice(pages, limit):
        yield describe_run(cloud, str(item["executionArn"]))


def describe_run(cloud: Cloud, execution: str) -> Run:
    """One run with its end, and the figures of its model where it made one."""
    found = cloud.call("stepfunctions", "describe_execution", executionArn=execution)
    output = _document(found.get("output"))
    ended = found.get("stopDate") or datetime.now(UTC)
    metrics = output.get("gate", {}).get("metrics", {})
    return Run(
        name=str(found["name"]),
        execution=execution,
        status=str(found["status"]),
        started=found["startDate"],
        seconds=(ended - found["startDate"]).total_seconds(),
        error=str(found.get("error") or ""),
        cause=readable_cause(str(found.get("cause") or "")),
        version=str(output.get("package", {}).get("arn", "")).rpartition("/")[2],
        task=str(metrics.get("task", "")),
        figures=metrics,
    )


def find_execution(cloud: Cloud, machines: tuple[str, ...], wanted: str) -> str:
    """The ARN of the run that ``wanted`` names; of the newest Build where it is empty. Raises UsageError."""
    if wanted.startswith("arn:"):
        return wanted
    if not wanted:
        newest = next(
            iter(cloud.pages("stepfunctions", "list_executions", "executions", stateMachineArn=machines[0])), None
        )
        if newest is None:
            raise UsageError("no run was started yet: 'greenlight start' starts one.")
        return str(newest["executionArn"])
    for machine in machines:
        execution = f"{machine.replace(':stateMachine:', ':execution:')}:{wanted}"
        try:
            cloud.call("stepfunctions", "describe_execution", executionArn=execution)
        except ServiceError as error:
            if error.code not in {"ExecutionDoesNotExist", "InvalidArn"}:
                raise
        else:
            return execution
    raise UsageError(f"there is no run named {wanted!r}: 'greenlight runs' lists them.")


def read_metrics(cloud: Cloud, bucket: str, run: str) -> Metrics:
    """What the model of a run scored. Raises UsageError where the run did not get as far."""
    key = f"runs/{run}/evaluation/metrics.json"
    try:
        body = cloud.call("s3", "get_object", Bucket=bucket, Key=key)["Body"].read()
    except ServiceError as error:
        if error.code in {"NoSuchKey", "404"}:
            raise UsageError(f"run {run!r} has no figures: there is no s3://{bucket}/{key}.") from error
        raise
    return Metrics.parse(json.loads(body))


def compare_figures(first: ModelScore, second: ModelScore) -> list[tuple[str, float, float]]:
    """Every figure that both models have: of the whole, in milliseconds, and of each class both know."""
    names = (*FIGURE_NAMES, "latency_p50_ms", "latency_p99_ms")
    pairs = [(name, getattr(first, name), getattr(second, name)) for name in names]
    classes = {score.name: score.quality for score in second.per_class}
    pairs += [
        (f"quality of {score.name}", score.quality, classes[score.name])
        for score in first.per_class
        if score.name in classes
    ]
    return [(name, a, b) for name, a, b in pairs if a is not None and b is not None]


def _document(text: object) -> dict[str, Any]:
    try:
        value = json.loads(str(text))
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
