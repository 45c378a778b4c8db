"""The jobs that SageMaker bills for a run, however often it was tried again or redriven: found by their names.

A training is billed by its BillableTimeInSeconds, which has the discount of spot capacity in it, a processing job from
its start to its end. What waits for an instance costs nothing; one that still runs is billed so far.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from os.path import commonprefix
from typing import Any

from workflow.contract.cost import Job
from workflow.contract.job_names import name_jobs, name_training

Call = Callable[..., Mapping[str, Any]]
"""Calls an operation of SageMaker: ``call("describe_training_job", TrainingJobName=…)``, as boto3 names them."""

MOST_TRIES = 12
"""Instances that one training is looked for on, one after another: more than anybody names."""
TRY = r"-\d+-\d+"
"""What every try of a state adds to a job's name: how often it was redriven and retried."""


def find_billed_jobs(call: Call, project: str, run: str, now: datetime | None = None) -> tuple[Job, ...]:
    """The jobs of a run that cost something, in the order of their steps; none where none has started.

    Raises the client's error where SageMaker does not say.
    """
    now = now or datetime.now(UTC)
    names = name_jobs(project, run)
    steps = {"Inspection": names.inspect, "Preparation": names.prepare, "Evaluation": names.evaluate}
    processed = [*_list(call, "processing", list(steps.values()))]
    trainings = [name_training(project, run, number) for number in range(1, MOST_TRIES + 1)]
    trained = _matching(_list(call, "training", trainings), trainings)
    # SageMaker names a search's trainings after the search.
    searched = _matching(_list(call, "training", [names.tune]), [names.tune], "-.+")
    of_step = {step: _matching(processed, [name]) for step, name in steps.items()}
    found = [
        *(_processed(call, step, name, now) for step in ("Inspection", "Preparation") for name in of_step[step]),
        *(_trained(call, "Training", name, now) for name in trained),
        *(_trained(call, "Trial of the search", name, now) for name in searched),
        *(_processed(call, "Evaluation", name, now) for name in of_step["Evaluation"]),
    ]
    return tuple(job for job in found if job.seconds > 0)


def _list(call: Call, kind: str, names: list[str]) -> Iterator[str]:
    """The names of all jobs of a kind whose name holds what these have in common."""
    title = kind.capitalize()
    common = commonprefix(names)  # noqa: RUF071 - names, and no paths
    more: dict[str, str] = {}
    while True:
        page = call(f"list_{kind}_jobs", NameContains=common, MaxResults=100, **more)
        yield from (str(item[f"{title}JobName"]) for item in page[f"{title}JobSummaries"])
        if not page.get("NextToken"):
            return
        more = {"NextToken": page["NextToken"]}


def _matching(found: Any, names: list[str], after: str = "") -> list[str]:
    """Those of the found that are a try of one of these names, in order."""
    pattern = re.compile(f"(?:{'|'.join(re.escape(name) for name in names)}){TRY}{after}")
    return sorted(name for name in found if pattern.fullmatch(name))


def _processed(call: Call, step: str, name: str, now: datetime) -> Job:
    job = call("describe_processing_job", ProcessingJobName=name)
    cluster = job["ProcessingResources"]["ClusterConfig"]
    start = job.get("ProcessingStartTime")
    seconds = 0.0 if start is None else ((job.get("ProcessingEndTime") or now) - start).total_seconds()
    return Job(step, seconds, str(cluster["InstanceType"]), int(cluster["InstanceCount"]))


def _trained(call: Call, step: str, name: str, now: datetime) -> Job:
    job = call("describe_training_job", TrainingJobName=name)
    cluster, start = job["ResourceConfig"], job.get("TrainingStartTime")
    seconds = job.get("BillableTimeInSeconds")
    if seconds is None:
        seconds = 0.0 if start is None or job.get("TrainingEndTime") else (now - start).total_seconds()
    return Job(step, float(seconds), str(cluster.get("InstanceType", "")), int(cluster.get("InstanceCount", 1)))
