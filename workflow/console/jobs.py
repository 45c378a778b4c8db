"""The job that a state started: what SageMaker says of it, what it logged, and the epochs in that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from workflow.clients import Cloud
from workflow.console.visits import Attempt
from workflow.contract.names import NOT_THERE
from workflow.contract.plain_text import show_lines, show_plain
from workflow.errors import ServiceError
from workflow.runs.progress import Epoch, parse_epochs
from workflow.runs.trials import Trial, Trials
from workflow.runs.watch import JOBS

SHOWN_LINES = 200
"""Last lines of a log that are shown; curves are drawn from all that were read."""

DENIED = "AccessDenied"
"""What is in the code of a refusal for want of a right; the rest of a page is shown without what was refused."""

_READ_LINES = 10_000
_NAMES = {
    "training": "TrainingJob",
    "processing": "ProcessingJob",
    "transform": "TransformJob",
    "hyper_parameter_tuning": "HyperParameterTuningJob",
}
_LOGS = {kind: f"/aws/sagemaker/{_NAMES[kind]}s" for kind in ("training", "processing", "transform")}


@dataclass(frozen=True)
class JobView:
    """A job as a person sees it. ``kind`` is training, processing, transform or hyper_parameter_tuning."""

    name: str
    kind: str
    status: str
    instance: str = ""
    reason: str = ""
    settings: Mapping[str, str] | None = None
    log: Sequence[str] = ()
    epochs: Sequence[Epoch] = ()
    trials: Sequence[Trial] = ()


def kind_of(attempt: Attempt) -> str:
    """The kind of job that an attempt asked for, empty where it asked for none."""
    return next((kind for operation, kind in JOBS.items() if operation in attempt.resource), "")


def read_job(cloud: Cloud, attempt: Attempt) -> JobView | None:
    """The job of an attempt; None where there is none, or not yet."""
    kind, name = kind_of(attempt), attempt.job
    if not kind or not name:
        return None
    try:
        found = cloud.call("sagemaker", f"describe_{kind}_job", **{f"{_NAMES[kind]}Name": name})
    except ServiceError as error:
        if error.code in NOT_THERE:
            return None
        if DENIED in error.code:
            return JobView(name, kind, "may not be seen with these credentials")
        raise
    lines = read_log(cloud, _LOGS[kind], name) if kind in _LOGS else []
    return JobView(
        name=name,
        kind=kind,
        status=str(found.get("SecondaryStatus") or found.get(f"{_NAMES[kind]}Status") or ""),
        instance=_instance(found),
        reason=show_plain(str(found.get("FailureReason") or found.get("ExitMessage") or "")),
        settings={key: show_plain(str(value)) for key, value in found.get("HyperParameters", {}).items()},
        log=[show_lines(line) for line in lines[-SHOWN_LINES:]],
        epochs=parse_epochs(lines),
        trials=Trials(cloud).of(name) if kind == "hyper_parameter_tuning" else (),
    )


def read_log(cloud: Cloud, group: str, job: str) -> list[str]:
    """The last lines that a job logged at its latest start, oldest first; none before its log is there."""
    try:
        found = cloud.call("logs", "describe_log_streams", logGroupName=group, logStreamNamePrefix=job)
        streams = sorted(str(item["logStreamName"]) for item in found.get("logStreams", []))
        if not streams:
            return []
        page = cloud.call(
            "logs",
            "get_log_events",
            logGroupName=group,
            logStreamName=streams[-1],
            startFromHead=False,
            limit=_READ_LINES,
        )
    except ServiceError as error:
        if error.code == "ResourceNotFoundException" or DENIED in error.code:
            return []
        raise
    return [str(event["message"]) for event in page.get("events", [])]


def _instance(found: Mapping[str, Any]) -> str:
    cluster = found.get("ProcessingResources", {}).get("ClusterConfig")
    resources = found.get("ResourceConfig") or found.get("TransformResources") or cluster or {}
    count, kind = resources.get("InstanceCount", 1), resources.get("InstanceType", "")
    return f"{count} × {kind}" if kind else ""
