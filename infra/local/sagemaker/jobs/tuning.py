"""Hyperparameter tuning jobs: several training jobs that really run, and the best of them.

`search.py` says what to try next and which trial is hopeless; here trials are started, watched, stopped and told of.
"""

from __future__ import annotations

import random
import threading
import time
import uuid

from infra.local.sagemaker.errors import ServiceError, invalid
from infra.local.sagemaker.jobs.jobs import JobFailed, Jobs, JobStopped
from infra.local.sagemaker.jobs.ranges import Axis, Point, axes, values
from infra.local.sagemaker.jobs.search import anywhere, hopeless, promising
from infra.local.sagemaker.jobs.training import OBJECTIVE_KEY, TrainingJobs
from infra.local.sagemaker.listing import listed
from infra.local.sagemaker.store import Record
from infra.local.sagemaker.workshop import Workshop

_ENDED = {"Completed", "Failed", "Stopped"}
_BETWEEN_LOOKS_SECONDS = 0.3


class TuningJobs(Jobs):
    """CreateHyperParameterTuningJob and its siblings."""

    noun = "HyperParameterTuningJob"
    kind = "hyper-parameter-tuning-job"
    not_found = "Amazon SageMaker can't find a tuning job with name: {name}"

    def __init__(self, workshop: Workshop, training: TrainingJobs) -> None:
        super().__init__(workshop)
        self._training = training

    def check(self, parameters: Record) -> None:
        """Refuse what would quietly be something else here."""
        config = parameters["HyperParameterTuningJobConfig"]
        if "TrainingJobDefinition" not in parameters:
            raise invalid("TrainingJobDefinition must be specified.")
        if "HyperParameterTuningJobObjective" not in config:
            raise invalid("HyperParameterTuningJobObjective must be specified.")
        if config["ResourceLimits"].get("MaxNumberOfTrainingJobs") is None:
            raise invalid("MaxNumberOfTrainingJobs must be specified.")
        metric = config["HyperParameterTuningJobObjective"]["MetricName"]
        definitions = parameters["TrainingJobDefinition"]["AlgorithmSpecification"].get("MetricDefinitions", [])
        if metric not in {definition["Name"] for definition in definitions}:
            raise invalid(f"The objective metric {metric} is not among the MetricDefinitions.")
        if config.get("TrainingJobEarlyStoppingType", "Off") not in ("Off", "Auto"):
            raise invalid("TrainingJobEarlyStoppingType must be Off or Auto.")
        for low in (0.0, 1.0):
            along = axes(config.get("ParameterRanges", {}))
            values(along, {axis.name: low for axis in along})
        self._training.check(self._trial(parameters, "check", {}))

    def first_record(self, parameters: Record) -> Record:
        """No trial has started; a list of searches shows two members of the configuration by themselves."""
        config = parameters["HyperParameterTuningJobConfig"]
        return {
            "Strategy": config["Strategy"],
            "ResourceLimits": config["ResourceLimits"],
            "TrainingJobStatusCounters": _counters([]),
            "ObjectiveStatusCounters": {"Succeeded": 0, "Pending": 0, "Failed": 0},
            "_Trials": [],
        }

    def list_training_jobs(self, parameters: Record) -> Record:
        """The trials of one tuning job."""
        record = self.find(parameters["HyperParameterTuningJobName"])
        trials = [self._summary(record, name) for name in record["_Trials"]]
        if parameters.get("SortBy") == "FinalObjectiveMetricValue":
            trials = [trial for trial in trials if "FinalHyperParameterTuningJobObjectiveMetric" in trial]
            for trial in trials:
                metric = trial["FinalHyperParameterTuningJobObjectiveMetric"]
                trial["FinalObjectiveMetricValue"] = metric["Value"]
        name = "ListTrainingJobsForHyperParameterTuningJob"
        return listed(name, parameters, trials, "TrainingJob")

    def work(self, record: Record, stop: threading.Event) -> None:
        """Keep up to the allowed number of trials running until all have run."""
        name, config = record["HyperParameterTuningJobName"], record["HyperParameterTuningJobConfig"]
        limits = config["ResourceLimits"]
        deadline = time.monotonic() + limits.get("MaxRuntimeInSeconds", float("inf"))
        trials: list[str] = list(record["_Trials"])
        while True:
            running = [trial for trial in trials if self._status(trial) not in _ENDED]
            over = stop.is_set() or time.monotonic() > deadline or len(trials) == limits["MaxNumberOfTrainingJobs"]
            if not over and len(running) < limits["MaxParallelTrainingJobs"]:
                trials.append(self._start_trial(record, trials))
                self.change(name, _Trials=trials)
                continue
            if stop.is_set() or time.monotonic() > deadline:
                self._stop_all(running)
            elif config.get("TrainingJobEarlyStoppingType") == "Auto":
                self._stop_all(self._hopeless(record, trials, running))
            self._show_progress(record, trials)
            if over and not running:
                break
            time.sleep(_BETWEEN_LOOKS_SECONDS)
        if stop.is_set():
            raise JobStopped
        if "BestTrainingJob" not in self.find(name):
            reasons = [self._training.find(trial).get("FailureReason", "no objective metric") for trial in trials]
            raise JobFailed(f"No training job succeeded; the first one: {[*reasons, 'none was started'][0]}")

    def last_members(self, name: str, status: str, reason: str | None) -> Record:
        """The end of the clock."""
        now = time.time()
        used = round(now - self.find(name)["CreationTime"])
        return {"HyperParameterTuningEndTime": now, "ConsumedResources": {"RuntimeInSeconds": used}}

    def _start_trial(self, record: Record, trials: list[str]) -> str:
        number = len(trials) + 1
        along = axes(record["HyperParameterTuningJobConfig"].get("ParameterRanges", {}))
        point = self._next_point(record, along, trials)
        drawn = values(along, point)
        name = f"{record['HyperParameterTuningJobName']}-{number:03d}-{uuid.uuid4().hex[:8]}"
        self._training.create(self._trial(record, name, drawn))
        self._training.change(name, TuningJobArn=record["HyperParameterTuningJobArn"], _Drawn=drawn, _Point=point)
        return name

    def _next_point(self, record: Record, along: list[Axis], trials: list[str]) -> Point:
        """Where to look next; the same seed and the same results give the same place."""
        config = record["HyperParameterTuningJobConfig"]
        seed = config.get("RandomSeed", record["HyperParameterTuningJobName"])
        generator = random.Random(f"{seed} {len(trials)}")  # noqa: S311 - no secret is drawn
        if config["Strategy"] == "Random":
            return anywhere(along, generator)
        ended = [self._training.find(trial) for trial in trials if self._status(trial) in _ENDED]
        sign = _sign(record)
        tried = [(job["_Point"], sign * job["_Curve"][-1]) for job in ended if job.get("_Curve")]
        return promising(along, tried, generator)

    def _hopeless(self, record: Record, trials: list[str], running: list[str]) -> list[str]:
        """The running trials that are stopped early."""
        sign = _sign(record)
        curves = {trial: [sign * value for value in self._training.find(trial).get("_Curve", [])] for trial in trials}
        ended = [curves[trial] for trial in trials if self._status(trial) == "Completed"]
        return [trial for trial in running if hopeless(curves[trial], ended)]

    def _trial(self, record: Record, name: str, drawn: dict[str, str]) -> Record:
        """The training job of one set of values."""
        definition = record["TrainingJobDefinition"]
        metric = record["HyperParameterTuningJobConfig"]["HyperParameterTuningJobObjective"]["MetricName"]
        static = definition.get("StaticHyperParameters", {})
        return {
            **{member: value for member, value in definition.items() if member != "StaticHyperParameters"},
            "TrainingJobName": name,
            "HyperParameters": {**static, **drawn, OBJECTIVE_KEY: metric},
        }

    def _status(self, trial: str) -> str:
        return str(self._training.find(trial)["TrainingJobStatus"])

    def _stop_all(self, trials: list[str]) -> None:
        for trial in trials:
            if self._status(trial) == "InProgress":
                try:
                    self._training.stop({"TrainingJobName": trial})
                except ServiceError:
                    continue  # it has ended meanwhile

    def _show_progress(self, record: Record, trials: list[str]) -> None:
        """The counters and the best trial so far."""
        summaries = [self._summary(record, trial) for trial in trials]
        measured = [item for item in summaries if "FinalHyperParameterTuningJobObjectiveMetric" in item]
        sign = _sign(record)
        completed = [item for item in measured if item["TrainingJobStatus"] == "Completed"]
        best = max(
            completed,
            key=lambda item: sign * item["FinalHyperParameterTuningJobObjectiveMetric"]["Value"],
            default=None,
        )
        pending = sum(item["TrainingJobStatus"] not in _ENDED for item in summaries)
        self.change(
            record["HyperParameterTuningJobName"],
            TrainingJobStatusCounters=_counters([item["TrainingJobStatus"] for item in summaries]),
            ObjectiveStatusCounters={
                "Succeeded": len(completed),
                "Pending": pending,
                "Failed": len(summaries) - len(completed) - pending,
            },
            BestTrainingJob=best,
        )

    def _summary(self, record: Record, trial: str) -> Record:
        """A trial as DescribeHyperParameterTuningJob and ListTrainingJobsForHyperParameterTuningJob show it."""
        job = self._training.find(trial)
        objective = record["HyperParameterTuningJobConfig"]["HyperParameterTuningJobObjective"]
        members = (
            "TrainingJobName",
            "TrainingJobArn",
            "CreationTime",
            "TrainingStartTime",
            "TrainingEndTime",
            "TrainingJobStatus",
            "FailureReason",
        )
        summary: Record = {member: job[member] for member in members if member in job}
        summary["TunedHyperParameters"] = job.get("_Drawn", {})
        for metric in job.get("FinalMetricDataList", []):
            if metric["MetricName"] == objective["MetricName"]:
                summary["ObjectiveStatus"] = "Succeeded" if job["TrainingJobStatus"] == "Completed" else "Failed"
                summary["FinalHyperParameterTuningJobObjectiveMetric"] = {
                    "Type": objective["Type"],
                    "MetricName": metric["MetricName"],
                    "Value": metric["Value"],
                }
        return summary


def _sign(record: Record) -> int:
    """What makes the higher of two objectives the better one."""
    return (
        1 if record["HyperParameterTuningJobConfig"]["HyperParameterTuningJobObjective"]["Type"] == "Maximize" else -1
    )


def _counters(statuses: list[str]) -> dict[str, int]:
    return {
        "Completed": statuses.count("Completed"),
        "InProgress": sum(status in ("InProgress", "Stopping") for status in statuses),
        "RetryableError": 0,
        "NonRetryableError": statuses.count("Failed"),
        "Stopped": statuses.count("Stopped"),
    }
