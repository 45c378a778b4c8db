"""The lines that a person sees of an execution, made of the steps it took so far, and the states still to come. Pure.

A state that was tried again after it had failed is a line of its own, so that a line that is over never moves again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from workflow.runs.history import History, Outcome, Step, readable_cause
from workflow.runs.notes import note_of
from workflow.runs.reasons import reason_of

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
        "Bring up staging",
        "Bring up production",
        "Record the champion",
        "Clean up",
        "Tell everyone",
    ),
    "batch": (
        "Plan the batch",
        "Create the model",
        "Answer every picture",
        "Join pictures and answers",
        "Tell everyone",
    ),
    "drift": ("Plan the watch", "Look for drift", "Read what was found"),
}
"""The states of the way to success, shown while they are still to come. A machine not named here shows none."""

BY_BATCHES = (
    "Plan the release",
    "Answer the evaluation's pictures",
    "Compare with the evaluation",
    "Record the champion",
    "Clean up",
    "Tell everyone",
)
"""Those of a release to a production without an endpoint, once it is seen to be one."""


WITHIN_A_WAIT: Mapping[str, str] = {"Probe production": "Wait for production"}
"""What is asked while a wait goes on, beside the looks whether it is over: a part of the wait's line."""


@dataclass(frozen=True)
class Row:
    """One line of a view. ``status`` is done, failed, running or asking.

    ``within`` is the key of the line that stands for the execution around it, empty for the outermost. ``attempt``
    counts the lines of this name, from 1. ``reason`` is why one that runs takes so long, where known.
    """

    name: str
    status: str
    seconds: float
    note: str = ""
    attempt: int = 1
    reason: str = ""
    within: tuple[str, ...] = ()

    @property
    def depth(self) -> int:
        """How many executions are around it."""
        return len(self.within)

    @property
    def key(self) -> tuple[str, ...]:
        """What tells it from every other line of its view."""
        return (*self.within, self.name if self.attempt == 1 else f"{self.name} ({self.attempt})")


@dataclass
class _Line:
    name: str
    attempt: int
    steps: list[Step]

    @property
    def waits(self) -> bool:
        return self.steps[0].kind == "Wait"

    @property
    def failed(self) -> bool:
        """Whether its last try is over and was in vain."""
        return self.steps[-1].failed and self.steps[-1].exited is not None


def rows_of(history: History, now: datetime, *, local: bool = True) -> list[Row]:
    """The lines of one execution: its tasks; a loop of waiting and looking is one line."""
    lines: list[_Line] = []
    latest: dict[str, _Line] = {}
    waiting = ""
    for step in history.steps:
        if step.kind not in {"Wait", "Task", "Parallel", "Map"}:
            continue
        name = WITHIN_A_WAIT.get(step.name, step.name)
        if step.kind == "Wait":
            waiting = name
        elif waiting and name not in latest:
            # A task right after a wait looks whether the wait is over; one that has a line of its own is tried again.
            name, waiting = waiting, ""
        else:
            waiting = ""
        line = latest.get(name)
        if line is None or line.failed:
            line = _Line(name, 1 if line is None else line.attempt + 1, [])
            latest[name] = line
            lines.append(line)
        line.steps.append(step)
        current = line
    return [_row(line, line is current, history, now, local) for line in lines]


def _row(line: _Line, is_last: bool, history: History, now: datetime, local: bool) -> Row:
    step = line.steps[-1]
    status = "done"
    if history.outcome is None and (step.exited is None or (line.waits and is_last)):
        # Between two looks a wait is no less a wait.
        status = "asking" if step.waits_for_person else "running"
    elif step.failed:
        status = "failed"
    end = now if status in {"running", "asking"} else step.exited or now
    seconds = max(0.0, (end - line.steps[0].entered).total_seconds())
    return Row(
        line.name,
        status,
        seconds,
        note=_note(step, status) or _where(line),
        attempt=line.attempt,
        reason=reason_of(line.steps[0], history.steps, local=local) if status == "running" else "",
    )


def _note(step: Step, status: str) -> str:
    """What a step found out; of one that runs, that it failed and is about to be tried again."""
    if status != "running":
        return note_of(step)
    return f"trying again: {readable_cause(step.cause)}" if step.failed else ""


def _where(line: _Line) -> str:
    """On which instance a training is tried again; empty for the first try and for anything else."""
    instance = line.steps[-1].parameters.get("ResourceConfig", {}).get("InstanceType", "")
    return f"on {instance}, try {line.attempt}" if instance and line.attempt > 1 else ""


def states_ahead(machine: str, seen: list[str], outcome: Outcome | None) -> list[str]:
    """The main states still to come, none once the execution ended."""
    kind = next((kind for kind in MAIN_STATES if machine.endswith(f"-{kind}")), "")
    if outcome is not None or not kind:
        return []
    # A search takes the place of the one training.
    names = ["Tune" if name == "Train" and "Tune" in seen else name for name in MAIN_STATES[kind]]
    if kind == "release" and BY_BATCHES[1] in seen:
        names = list(BY_BATCHES)
    last = max((at for at, name in enumerate(names) if name in seen), default=-1)
    return names[last + 1 :]
