"""The trials of a search for hyperparameters, read from SageMaker and from their logs while it runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from workflow.clients import Cloud
from workflow.contract.figures import format_figure
from workflow.runs.progress import Epoch, draw_curve
from workflow.runs.training_log import TrainingLog

_ENDED = {"Completed", "Failed", "Stopped"}
_MARKS = {"Completed": "✓", "Failed": "✗", "Stopped": "■"}
_LONGEST_VALUE = 8


@dataclass(frozen=True)
class Trial:
    """One training of a search. ``quality`` is its objective's last value, None before the first epoch."""

    number: int
    job: str
    status: str
    tuned: Mapping[str, str]
    epochs: tuple[Epoch, ...] = ()
    final: float | None = None

    @property
    def quality(self) -> float | None:
        """What SageMaker says of a trial that ended, else what its latest epoch showed."""
        if self.final is not None or not self.epochs:
            return self.final
        return self.epochs[-1].figures.get("quality")

    @property
    def ended(self) -> bool:
        """Whether it trains no more."""
        return self.status in _ENDED

    def document(self) -> dict[str, Any]:
        """The trial as JSON."""
        return {
            "job": self.job,
            "status": self.status,
            "hyperparameters": dict(self.tuned),
            "quality": self.quality,
            "epochs": len(self.epochs),
        }

    def line(self, mark: str = "…") -> str:
        """The trial on one line; ``mark`` stands before one that runs."""
        quality = "" if self.quality is None else format_figure(self.quality)
        curve_ = draw_curve([epoch.figures["quality"] for epoch in self.epochs if "quality" in epoch.figures], 20)
        tuned = "  ".join(f"{name} {_short(value)}" for name, value in sorted(self.tuned.items()))
        return f"{_MARKS.get(self.status, mark)} trial {self.number:<2} {quality:>5}  {curve_:<20}  {tuned}".rstrip()


def best_trial(trials: Sequence[Trial]) -> Trial | None:
    """The completed trial with the highest quality so far."""
    done = [trial for trial in trials if trial.status == "Completed" and trial.quality is not None]
    return max(done, key=lambda trial: trial.quality or 0.0, default=None)


def summary_line(trials: Sequence[Trial]) -> str:
    """A search on one line, empty before its first trial."""
    if not trials:
        return ""
    ended = sum(trial.ended for trial in trials)
    leading = best_trial(trials)
    lead = f"  best quality {format_figure(leading.quality or 0.0)} in trial {leading.number}" if leading else ""
    return f"{ended} of {len(trials)} trials ended{lead}"


class Trials:
    """The trials of one search after another; an ended one is read once."""

    def __init__(self, cloud: Cloud) -> None:
        """Read through ``cloud``."""
        self._cloud = cloud
        self._ended: dict[str, Trial] = {}
        self._logs: dict[str, TrainingLog] = {}

    def of(self, search: str) -> list[Trial]:
        """The trials so far of a tuning job, oldest first."""
        found = self._cloud.pages(
            "sagemaker",
            "list_training_jobs_for_hyper_parameter_tuning_job",
            "TrainingJobSummaries",
            HyperParameterTuningJobName=search,
            SortBy="CreationTime",
            SortOrder="Ascending",
        )
        return [self._trial(number, item) for number, item in enumerate(found, 1)]

    def _trial(self, number: int, item: Mapping[str, Any]) -> Trial:
        job = str(item["TrainingJobName"])
        if job in self._ended:
            return self._ended[job]
        trial = Trial(
            number=number,
            job=job,
            status=str(item["TrainingJobStatus"]),
            tuned=item.get("TunedHyperParameters", {}),
            epochs=tuple(self._logs.setdefault(job, TrainingLog(self._cloud)).epochs(job)),
            final=item.get("FinalHyperParameterTuningJobObjectiveMetric", {}).get("Value"),
        )
        if trial.ended:
            self._ended[job] = trial
            self._logs.pop(job)
        return trial


def _short(value: str) -> str:
    """A hyperparameter's text, shortened where it is a long number."""
    if len(value) <= _LONGEST_VALUE:
        return value
    try:
        return f"{float(value):.3g}"
    except ValueError:
        return value
