"""Follows an execution while it runs: its states, the release nested in it, the epochs, the pending approval.

Calls AWS and builds a ``View`` of what is known at this moment. Knows no terminal: ``screen`` draws views.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from workflow.clients import Cloud
from workflow.runs.approvals import Approval, Approvals
from workflow.runs.event_log import EventLog
from workflow.runs.history import History, Outcome, Step, fold, readable_cause
from workflow.runs.notes import note_of
from workflow.runs.progress import Epoch
from workflow.runs.training_log import TrainingLog
from workflow.runs.trials import Trial, Trials

MAIN_STATES: Mapping[str, tuple[str, ...]] = {
    "build": (
        "Plan the run",
        "Prepare the dataset",
        "Check the dataset",
        "Train",
        "Evaluate",
        "Gate on metrics",
        "Register the model",
        "Ask for approval",
        "Release",
    ),
    "release": (
        "Plan the release",
        "Create the model",
        "Wait for staging",
        "Smoke-test staging",
        "Wait for production",
        "Smoke-test production",
        "Record the champion",
        "Clean up",
        "Tell everyone",
    ),
}
"""The states of the way to success, shown while they are still to come. A machine not named here shows none."""


JOBS: Mapping[str, str] = {
    "createTrainingJob": "training",
    "createProcessingJob": "processing",
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
class Row:
    """One line of a view. ``status`` is done, failed, running or asking; ``depth`` 1 is inside the nested release."""

    name: str
    status: str
    seconds: float
    note: str = ""
    depth: int = 0


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
                {"name": row.name, "status": row.status, "seconds": round(row.seconds, 3), "note": row.note}
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
        self._events = EventLog(cloud)
        self._log = TrainingLog(cloud)
        self._trials = Trials(cloud)

    def look(self) -> View:
        """What is known now."""
        now = self._now()
        history = self._history(self._execution)
        rows = rows_of(history, now)
        nested = self._nested_history(history)
        if nested is not None:
            rows += [_deeper(row) for row in rows_of(nested, now)]
        _, machine, run = self._execution.rsplit(":", 2)
        training = _step_calling(history, "createTrainingJob")
        epochs = self._log.epochs(training.job) if training else []
        search = _step_calling(history, "createHyperParameterTuningJob")
        trials = self._trials.of(search.job) if search and search.submitted else []
        ahead = states_ahead(machine, [step.name for step in history.steps], history.outcome)
        return View(
            machine=machine,
            run=run,
            execution=self._execution,
            rows=tuple(rows),
            ahead=tuple(ahead),
            epochs=tuple(epochs),
            approval=self._pending(history, nested),
            jobs=tuple(jobs_of(history)),
            outcome=history.outcome,
            trials=tuple(trials),
        )

    def _history(self, execution: str) -> History:
        return fold(self._events.of(execution))

    def _nested_history(self, history: History) -> History | None:
        execution = _nested_execution(history)
        return self._history(execution) if execution else None

    def _pending(self, history: History, nested: History | None) -> Approval | None:
        for execution, part in ((self._execution, history), (_nested_execution(history), nested)):
            if part and not part.outcome and part.steps and part.steps[-1].exited is None:
                step = part.steps[-1]
                if step.waits_for_person:
                    return self._approvals.of_execution(execution)
        return None


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


def rows_of(history: History, now: datetime) -> list[Row]:
    """The lines a person sees of one execution: its tasks; a loop of waiting and looking is one line."""
    rows: dict[str, list[Step]] = {}
    waiting = ""
    for step in history.steps:
        if step.kind == "Wait":
            waiting = step.name
            rows.setdefault(waiting, []).append(step)
        elif step.kind in {"Task", "Parallel", "Map"}:
            # A task right after a wait looks whether the wait is over: it belongs to the wait's line.
            rows.setdefault(waiting or step.name, []).append(step)
            waiting = ""
    return [_row(name, steps, history.outcome, now) for name, steps in rows.items()]


def _row(name: str, steps: list[Step], outcome: Outcome | None, now: datetime) -> Row:
    last = steps[-1]
    status = "done"
    if last.failed:
        status = "failed"
    elif last.exited is None and outcome is None:
        status = "asking" if last.waits_for_person else "running"
    end = last.exited or now
    seconds = (end - steps[0].entered).total_seconds()
    return Row(name, status, max(0.0, seconds), note_of(last) or _where(steps))


def _where(steps: list[Step]) -> str:
    """On which instance a training is tried again; empty for the first try and for anything else."""
    instance = steps[-1].parameters.get("ResourceConfig", {}).get("InstanceType", "")
    return f"on {instance}, try {len(steps)}" if instance and len(steps) > 1 else ""


def _deeper(row: Row) -> Row:
    return Row(row.name, row.status, row.seconds, row.note, depth=1)


def states_ahead(machine: str, seen: list[str], outcome: Outcome | None) -> list[str]:
    """The main states still to come, none once the execution ended."""
    kind = next((kind for kind in MAIN_STATES if machine.endswith(f"-{kind}")), "")
    if outcome is not None or not kind:
        return []
    # A search takes the place of the one training.
    names = ["Tune" if name == "Train" and "Tune" in seen else name for name in MAIN_STATES[kind]]
    last = max((at for at, name in enumerate(names) if name in seen), default=-1)
    return names[last + 1 :]


def jobs_of(history: History) -> list[Job]:
    """The jobs that an execution started, in order."""
    jobs = []
    for step in history.steps:
        kind = next((kind for operation, kind in JOBS.items() if operation in step.resource), "")
        if kind and step.job:
            jobs.append(Job(step.name, kind, step.job))
    return jobs


def _step_calling(history: History, operation: str) -> Step | None:
    """The last step that calls this operation of a service."""
    return next((step for step in reversed(history.steps) if operation in step.resource), None)


def _nested_execution(history: History) -> str:
    """The ARN of the execution that the last step of this kind started, empty where there is none."""
    step = _step_calling(history, "startExecution")
    return str(step.submitted.get("ExecutionArn", "")) if step else ""
