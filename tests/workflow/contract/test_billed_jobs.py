"""What a run is billed, from what SageMaker says of its jobs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from workflow.contract.billed_jobs import find_billed_jobs
from workflow.contract.cost import HOURLY, PRICED, Job, tell_cost, total
from workflow.contract.job_names import name_jobs, name_training

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
RUN = "night-1"


class SageMaker:
    """Lists and describes these jobs, two to a page."""

    def __init__(self, processing: Mapping[str, Any], training: Mapping[str, Any]) -> None:
        self.jobs = {"processing": processing, "training": training}

    def __call__(self, operation: str, **given: Any) -> Mapping[str, Any]:
        kind = operation.split("_")[1]
        title = kind.capitalize()
        if operation.startswith("describe_"):
            return self.jobs[kind][given[f"{title}JobName"]]
        found = [name for name in self.jobs[kind] if given["NameContains"] in name]
        at = int(given.get("NextToken", 0))
        page: dict[str, Any] = {f"{title}JobSummaries": [{f"{title}JobName": name} for name in found[at : at + 2]]}
        return page | ({"NextToken": str(at + 2)} if at + 2 < len(found) else {})


def processed(seconds: float | None, count: int = 1, running: bool = False) -> dict[str, Any]:
    """A processing job that took so long; None for one that waits for its instance."""
    cluster = {"InstanceType": "ml.m7i.xlarge", "InstanceCount": count}
    times = {} if seconds is None else {"ProcessingStartTime": NOW - timedelta(seconds=seconds)}
    if seconds is not None and not running:
        times["ProcessingEndTime"] = NOW
    return {"ProcessingResources": {"ClusterConfig": cluster}, **times}


def trained(**times: Any) -> dict[str, Any]:
    """A training job with these times."""
    return {"ResourceConfig": {"InstanceType": "ml.g5.xlarge", "InstanceCount": 1}, **times}


def test_every_try_of_every_job_of_the_run_is_billed() -> None:
    """Retries, redrives and other instances; of no other run, whose name may begin or end alike."""
    call = SageMaker(
        {
            "greenlight-night-1-prepare-0-0": processed(60),
            "greenlight-night-1-prepare-1-0": processed(120, count=2),
            "greenlight-night-1-evaluate-1-0": processed(30),
            "greenlight-night-10-prepare-0-0": processed(9999),
            "the-greenlight-night-1-prepare-0-0": processed(9999),
            "greenlight-night-1-prepare": processed(9999),
        },
        {
            "greenlight-night-1-train-0-0": trained(BillableTimeInSeconds=0, TrainingEndTime=NOW),
            "greenlight-night-1-train-2-0-0": trained(BillableTimeInSeconds=1080, TrainingTimeInSeconds=3600),
            "greenlight-night-1-trainer-0-0": trained(BillableTimeInSeconds=9999),
        },
    )
    assert find_billed_jobs(call, "greenlight", RUN, NOW) == (
        Job("Preparation", 60, "ml.m7i.xlarge"),
        Job("Preparation", 120, "ml.m7i.xlarge", 2),
        Job("Training", 1080, "ml.g5.xlarge"),
        Job("Evaluation", 30, "ml.m7i.xlarge"),
    )


def test_a_search_is_billed_by_its_trainings() -> None:
    """SageMaker names them after the search."""
    tune = name_jobs("greenlight", RUN).tune
    call = SageMaker({}, {f"{tune}-0-0-00{n}-abcdef": trained(BillableTimeInSeconds=100) for n in (1, 2, 3)})
    assert sum(job.seconds for job in find_billed_jobs(call, "greenlight", RUN, NOW)) == 300


def test_a_long_name_finds_the_jobs_that_it_gave() -> None:
    """SageMaker's names are cut, each step's at another place."""
    run = "a-very-long-name-of-a-run-that-somebody-typed-by-hand-" + "x" * 20
    project = "a-project-with-a-long-name"
    names = name_jobs(project, run)
    call = SageMaker(
        {f"{name}-0-0": processed(10) for name in (names.inspect, names.prepare, names.evaluate)},
        {f"{name_training(project, run, n)}-0-0": trained(BillableTimeInSeconds=10) for n in (1, 2, 11)}
        | {f"{names.tune}-3-0-001-aa": trained(BillableTimeInSeconds=10)},
    )
    assert [job.name for job in find_billed_jobs(call, project, run, NOW)] == [
        *("Inspection", "Preparation", "Training", "Training", "Training", "Trial of the search", "Evaluation")
    ]


def test_what_waits_costs_nothing_and_what_runs_costs_so_far() -> None:
    """A stopped training may say no time at all."""
    call = SageMaker(
        {
            "greenlight-night-1-prepare-0-0": processed(None),
            "greenlight-night-1-evaluate-0-0": processed(40, running=True),
        },
        {
            "greenlight-night-1-train-0-0": trained(TrainingStartTime=NOW - timedelta(seconds=90)),
            "greenlight-night-1-train-0-1": trained(TrainingStartTime=NOW, TrainingEndTime=NOW),
            "greenlight-night-1-train-0-2": trained(),
        },
    )
    found = find_billed_jobs(call, "greenlight", RUN, NOW)
    assert [(job.name, job.seconds) for job in found] == [("Training", 90), ("Evaluation", 40)]


def test_billable_time_is_paid_at_the_list_price() -> None:
    """The discount of spot capacity is in the seconds, not in the price."""
    jobs = (Job("Training", 1080, "ml.g5.xlarge"),)
    assert total(jobs) == pytest.approx(HOURLY["ml.g5.xlarge"] * 0.3)
    assert tell_cost(jobs) == f"about $0.42 (list prices of {PRICED}, us-east-1)"
    assert tell_cost(()) == ""
    assert tell_cost((*jobs, Job("Evaluation", 1, "ml.z9.mega"))) == "unknown: no list price of ml.z9.mega"


def test_less_than_a_cent_is_no_approximation() -> None:
    """It stands in a sentence, "cost below $0.01", in which "about" has nothing to say."""
    assert tell_cost((Job("Preparation", 1, "ml.m7i.xlarge"),)) == f"below $0.01 (list prices of {PRICED}, us-east-1)"
