"""Tuning jobs really train every trial and name the best."""

from __future__ import annotations

from typing import Any

import pytest

from infra.local.sagemaker.errors import ServiceError
from infra.local.sagemaker.service import SageMaker
from tests.infra.local.sagemaker.requests import ROLE, ended, eventually, fresh, training


def tuning(name: str, jobs: int = 3, **static: str) -> dict[str, Any]:
    """A tuning job over the fake container's `rate`, best at 0.5."""
    members = ("AlgorithmSpecification", "InputDataConfig", "OutputDataConfig", "ResourceConfig", "StoppingCondition")
    request = training(name)
    return {
        "HyperParameterTuningJobName": name,
        "HyperParameterTuningJobConfig": {
            "Strategy": "Bayesian",
            "RandomSeed": 7,
            "HyperParameterTuningJobObjective": {"Type": "Maximize", "MetricName": "map50"},
            "ResourceLimits": {"MaxNumberOfTrainingJobs": jobs, "MaxParallelTrainingJobs": 2},
            "ParameterRanges": {"ContinuousParameterRanges": [{"Name": "rate", "MinValue": "0", "MaxValue": "1"}]},
        },
        "TrainingJobDefinition": {
            "RoleArn": ROLE,
            "StaticHyperParameters": static,
            **{member: request[member] for member in members},
        },
    }


def test_the_best_trial_is_the_one_with_the_best_metric(service: SageMaker) -> None:
    """All trials are training jobs of their own, with their drawn values."""
    name = fresh("tune")
    service.call("CreateHyperParameterTuningJob", tuning(name))
    job = ended(service, "HyperParameterTuningJob", name)
    assert job["HyperParameterTuningJobStatus"] == "Completed"
    assert job["TrainingJobStatusCounters"]["Completed"] == 3
    listing = {"HyperParameterTuningJobName": name, "SortBy": "FinalObjectiveMetricValue", "SortOrder": "Descending"}
    trials = service.call("ListTrainingJobsForHyperParameterTuningJob", listing)["TrainingJobSummaries"]
    values = [trial["FinalHyperParameterTuningJobObjectiveMetric"]["Value"] for trial in trials]
    assert len(values) == 3
    assert values == sorted(values, reverse=True)
    best = job["BestTrainingJob"]
    assert best["TrainingJobName"] == trials[0]["TrainingJobName"]
    assert values[0] == pytest.approx(1 - abs(float(best["TunedHyperParameters"]["rate"]) - 0.5), abs=1e-4)
    (shown,) = service.call("ListHyperParameterTuningJobs", {"NameContains": name})["HyperParameterTuningJobSummaries"]
    assert (shown["Strategy"], shown["ResourceLimits"]["MaxNumberOfTrainingJobs"]) == ("Bayesian", 3)
    trained = service.call("DescribeTrainingJob", {"TrainingJobName": best["TrainingJobName"]})
    assert trained["TuningJobArn"] == job["HyperParameterTuningJobArn"]
    assert trained["HyperParameters"]["_tuning_objective_metric"] == "map50"


def test_a_trial_that_falls_behind_the_others_is_stopped_early(service: SageMaker) -> None:
    """Its training ends Stopped, keeps its figure, and is never the best; the search goes on."""
    name = fresh("tune")
    request = tuning(name, jobs=6, epoch_seconds="0.5")
    config = request["HyperParameterTuningJobConfig"]
    config["TrainingJobEarlyStoppingType"] = "Auto"
    # Draws four good rates, then two bad ones.
    config.update(Strategy="Random", RandomSeed=2)
    service.call("CreateHyperParameterTuningJob", request)
    job = ended(service, "HyperParameterTuningJob", name, seconds=60)
    assert job["HyperParameterTuningJobStatus"] == "Completed"
    counters = job["TrainingJobStatusCounters"]
    assert (counters["Completed"], counters["Stopped"]) == (4, 2)
    listing = {"HyperParameterTuningJobName": name}
    trials = service.call("ListTrainingJobsForHyperParameterTuningJob", listing)["TrainingJobSummaries"]
    assert all("rate" in trial["TunedHyperParameters"] for trial in trials)
    stopped = [trial for trial in trials if trial["TrainingJobStatus"] == "Stopped"]
    best = job["BestTrainingJob"]["FinalHyperParameterTuningJobObjectiveMetric"]["Value"]
    assert all(trial["FinalHyperParameterTuningJobObjectiveMetric"]["Value"] < best for trial in stopped)


def test_no_more_trials_run_at_a_time_than_allowed(service: SageMaker) -> None:
    """Two of four, and the others after them."""
    name = fresh("tune")
    service.call("CreateHyperParameterTuningJob", tuning(name, jobs=4, epoch_seconds="0.2"))
    job = ended(service, "HyperParameterTuningJob", name, seconds=60)
    assert job["TrainingJobStatusCounters"]["Completed"] == 4
    listing = {"HyperParameterTuningJobName": name}
    trials = service.call("ListTrainingJobsForHyperParameterTuningJob", listing)["TrainingJobSummaries"]
    moments = [(trial["TrainingStartTime"], 1) for trial in trials] + [(t["TrainingEndTime"], -1) for t in trials]
    running, most = 0, 0
    for _, change in sorted(moments):
        running += change
        most = max(most, running)
    assert most == 2


def test_a_job_without_a_good_trial_fails_with_the_first_reason(service: SageMaker) -> None:
    """Trials that all fail are no success."""
    name = fresh("tune")
    service.call("CreateHyperParameterTuningJob", tuning(name, jobs=2, behaviour="fail"))
    job = ended(service, "HyperParameterTuningJob", name)
    assert job["HyperParameterTuningJobStatus"] == "Failed"
    assert "the learning rate is a potato" in job["FailureReason"]
    assert job["TrainingJobStatusCounters"]["NonRetryableError"] == 2


def test_stopping_stops_every_trial(service: SageMaker) -> None:
    """No training job runs on."""
    name = fresh("tune")
    service.call("CreateHyperParameterTuningJob", tuning(name, behaviour="wait"))
    described = {"HyperParameterTuningJobName": name}
    eventually(
        lambda: service.call("DescribeHyperParameterTuningJob", described)["TrainingJobStatusCounters"]["InProgress"],
        lambda count: count == 2,
    )
    service.call("StopHyperParameterTuningJob", described)
    job = ended(service, "HyperParameterTuningJob", name)
    assert job["HyperParameterTuningJobStatus"] == "Stopped"
    assert job["TrainingJobStatusCounters"]["Stopped"] == 2


def test_an_objective_that_no_log_line_gives_is_refused(service: SageMaker) -> None:
    """Otherwise every trial would run for nothing."""
    request = tuning(fresh("tune"))
    request["HyperParameterTuningJobConfig"]["HyperParameterTuningJobObjective"]["MetricName"] = "map95"
    with pytest.raises(ServiceError, match="map95 is not among the MetricDefinitions"):
        service.call("CreateHyperParameterTuningJob", request)
