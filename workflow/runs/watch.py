"""Follows an execution while it runs: its states, what is nested in them, the epochs, the pending approval.

Calls AWS and builds a ``View`` of what is known at this moment. Knows no terminal: ``screen`` draws views.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from workflow.clients import Cloud
from workflow.runs.approvals import Approval, Approvals
from workflow.runs.events import Histories, step_calling
from workflow.runs.history import History, Outcome, readable_cause
from workflow.runs.progress import Epoch
from workflow.runs.rows import Row, rows_of, states_ahead
from workflow.runs.training_log import TrainingLog
from workflow.runs.trials import Trial, Trials

JOBS: Mapping[str, str] = {
    "createTrainingJob": "training",
    "createProcessingJob": "processing",
    "createTransformJob": "transform",
    "createHyperParameterTuningJob": "hyper_parameter_tuning",
}
"""The operations that start a job, and the kind of job they start, as the names of boto3's operations spell it."""


@dataclass(frozen=True)
class Job:
    """A job that a state started. ``state`` is the state's name, ``kind`` one of the values of ``JOBS``."""

    state: str
    kind: str
    name: str


@dataclass(frozen=True)
class View:
    """What is known of an execution at one moment."""

    machine: str
    run: str
    execution: str
    rows: tuple[Row, ...]
    ahead: tuple[str, ...]
    epochs: tuple[Epoch, ...]
    approval: Approval | None
    jobs: tuple[Job, ...]
    outcome: Outcome | None
    trials: tuple[Trial, ...] = ()

    def document(self) -> dict[str, Any]:
        """The view as JSON."""
        return {
            "execution": self.execution,
            "machine": self.machine,
            "run": self.run,
            "status": self.outcome.status if self.outcome else "RUNNING",
            "error": self.outcome.error if self.outcome else "",
            "cause": readable_cause(self.outcome.cause) if self.outcome else "",
            "failed_state": self.outcome.state if self.outcome else "",
            "states": [
                {
                    "name": row.name,
                    "status": row.status,
                    "seconds": round(row.seconds, 3),
                    "note": row.note,
                    "reason": row.reason,
                }
                for row in self.rows
            ],
            "epochs": [epoch.document() for epoch in self.epochs],
            "trials": [trial.document() for trial in self.trials],
            "approval": self.approval.document() if self.approval else None,
        }


class Watcher:
    """Looks at one execution again and again; every look asks AWS for what is new only."""

    def __init__(
        self,
        cloud: Cloud,
        execution: str,
        *,
        approvals: Approvals,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Watch ``execution`` and any execution that it starts and waits for."""
        self._cloud = cloud
        self._execution = execution
        self._approvals = approvals
        self._now = now
        self._histories = Histories(cloud)
        self._log = TrainingLog(cloud)
        self._trials = Trials(cloud)

    def look(self) -> View:
        """What is known now."""
        now = self._now()
        history = self._histories.of(self._execution)
        rows = self._rows(history, now)
        _, machine, run = self._execution.rsplit(":", 2)
        training = step_calling(history, "createTrainingJob")
        epochs = self._log.epochs(training.job) if training else []
        search = step_calling(history, "createHyperParameterTuningJob")
        trials = self._trials.of(search.job) if search and search.submitted else []
        ahead = states_ahead(machine, [step.name for step in history.steps], history.outcome)
        return View(
            machine=machine,
            run=run,
            execution=self._execution,
            rows=tuple(rows),
            ahead=tuple(ahead),
            epochs=tuple(epochs),
            approval=self._pending(self._execution, history),
            jobs=tuple(jobs_of(history)),
            outcome=history.outcome,
            trials=tuple(trials),
        )

    def _rows(self, history: History, now: datetime, within: tuple[str, ...] = ()) -> list[Row]:
        """The rows of an execution, with those of each that it started below the row that started it."""
        started: dict[str, list[History]] = {}
        for nested in self._histories.nested_in(history):
            started.setdefault(nested.step.name, []).append(nested.history)
        rows: list[Row] = []
        for row in rows_of(history, now, local=self._cloud.local):
            row = replace(row, within=within)
            rows.append(row)
            for part in started.get(row.name, [])[row.attempt - 1 : row.attempt]:
                rows += self._rows(part, now, row.key)
        return rows

    def _pending(self, execution: str, history: History) -> Approval | None:
        """The request that waits for a person: of the execution, or of one that it waits for."""
        step = history.steps[-1] if history.steps else None
        if history.outcome or step is None or step.exited is not None:
            return None
        if step.waits_for_person:
            return self._approvals.of_execution(execution)
        waited = [nested for nested in self._histories.nested_in(history) if nested.step is step]
        return self._pending(waited[-1].execution, waited[-1].history) if waited else None


def follow(watcher: Watcher, *, interval_seconds: float, sleep: Callable[[float], None] = time.sleep) -> Iterator[View]:
    """Yield a view at every look until the execution ended; the last one has its outcome."""
    while True:
        view = watcher.look()
        yield view
        if view.outcome is not None:
            return
        sleep(interval_seconds)


def interval_seconds(cloud: Cloud) -> float:
    """Pause between two looks: short on this machine, within Step Functions' request rates on AWS."""
    return 0.3 if cloud.local else 3.0


def jobs_of(history: History) -> list[Job]:
    """The jobs that an execution started, in order."""
    jobs = []
    for step in history.steps:
        kind = next((kind for operation, kind in JOBS.items() if operation in step.resource), "")
        if kind and step.job:
            jobs.append(Job(step.name, kind, step.job))
    return jobs
