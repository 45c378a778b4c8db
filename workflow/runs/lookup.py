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
from workflow.contract.reading import read_object
from workflow.contract.scores import FIGURE_NAMES, QUALITY, Metrics, ModelScore
from workflow.errors import ServiceError, UsageError
from workflow.runs.history import readable_cause

BUILD, RELEASE, ROLL_BACK, BATCH, DRIFT = "build", "release", "roll-back", "batch", "drift"


@dataclass(frozen=True)
class Run:
    """One execution. ``seconds`` is its length, so far while it runs; ``error`` and ``cause`` are of its end.

    ``kind`` is BUILD, RELEASE, ROLL_BACK, BATCH or DRIFT. ``idle`` says why nothing was done, empty where something
    was.
    """

    name: str
    kind: str
    execution: str
    status: str
    started: datetime
    seconds: float
    error: str = ""
    cause: str = ""
    version: str = ""
    dataset: str = ""
    idle: str = ""
    task: str = ""
    figures: Mapping[str, Any] = field(default_factory=dict)

    @property
    def quality(self) -> float | None:
        """The figure by which models of its task are compared, None where the run has none."""
        value: float | None = self.figures.get(QUALITY.get(self.task, ""))
        return value

    @property
    def why(self) -> str:
        """Why it ended as it did, where that is worth saying."""
        return self.idle or ": ".join(part for part in (self.error, self.cause) if part)

    def document(self) -> dict[str, Any]:
        """The run as JSON."""
        return {
            "run": self.name,
            "kind": self.kind,
            "status": self.status,
            "started": self.started.astimezone(UTC).isoformat(timespec="seconds"),
            "seconds": round(self.seconds, 1),
            "version": self.version,
            "dataset": self.dataset,
            "nothing_done": self.idle,
            "task": self.task,
            "quality": self.quality,
            "map50": self.figures.get("map50"),
            "error": self.error,
            "cause": self.cause,
            "execution": self.execution,
        }


def recent_runs(cloud: Cloud, machines: tuple[str, ...], limit: int, dataset: str = "") -> Iterator[Run]:
    """The newest runs of these machines, newest first; ``dataset`` is the address of one that names none."""
    newest: list[Mapping[str, Any]] = []
    for machine in machines:
        newest += islice(cloud.pages("stepfunctions", "list_executions", "executions", stateMachineArn=machine), limit)
    for item in sorted(newest, key=lambda item: item["startDate"], reverse=True)[:limit]:
        yield describe_run(cloud, str(item["executionArn"]), dataset)


def describe_run(cloud: Cloud, execution: str, dataset: str = "") -> Run:
    """One run with its end, and the figures of its model where it made one; ``dataset`` is its stack's."""
    found = cloud.call("stepfunctions", "describe_execution", executionArn=execution)
    given, output = read_object(found.get("input")), read_object(found.get("output"))
    ended = found.get("stopDate") or datetime.now(UTC)
    plan = output.get("plan", {})
    metrics = output.get("gate", {}).get("metrics") or plan.get("metrics") or {}
    kind = _kind(execution)
    registered = output.get("package", {}).get("arn")
    package = registered or given.get("model_package_arn") or plan.get("model_package_arn") or ""
    wanted = str(given.get("dataset") or dataset) if kind == BUILD else str(plan.get("dataset_name", ""))
    return Run(
        name=str(found["name"]),
        kind=kind,
        execution=execution,
        status=str(found["status"]),
        started=found["startDate"],
        seconds=(ended - found["startDate"]).total_seconds(),
        error=str(found.get("error") or ""),
        cause=readable_cause(str(found.get("cause") or "")),
        version=str(package).rpartition("/")[2],
        dataset=wanted.rstrip("/").rpartition("/")[2],
        idle=str(plan.get("reason", "")) if plan.get("anything_to_do") is False else "",
        task=str(metrics.get("task", "")),
        figures=metrics,
    )


def _kind(execution: str) -> str:
    """What a run is, by its machine, and by the name that the command gives to a way back."""
    machine, _, name = execution.rpartition(":")
    for kind in (BATCH, DRIFT):
        if machine.endswith(f"-{kind}"):
            return kind
    if not machine.endswith("-release"):
        return BUILD
    return ROLL_BACK if name.startswith("rollback-") else RELEASE


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
