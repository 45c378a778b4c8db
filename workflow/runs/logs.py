"""The log that a state of a run left: of its job, or of the function that it called while it called it.

Finds where a state's log is from what the state asked for, and reads it; prints nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from workflow.clients import Cloud
from workflow.contract.rule import among
from workflow.errors import ServiceError, UsageError
from workflow.runs.events import Histories
from workflow.runs.history import History, Step
from workflow.runs.next_steps import broke_at
from workflow.runs.training_log import LOG_GROUP

PROCESSING_GROUP = "/aws/sagemaker/ProcessingJobs"
JOB_GROUPS = {"createProcessingJob": PROCESSING_GROUP, "createTransformJob": "/aws/sagemaker/TransformJobs"}
"""Where the jobs log that are no training, by the call that starts them."""
ENDPOINT_GROUP = "/aws/sagemaker/Endpoints"
FUNCTION_GROUP = "/aws/lambda"
LATER_MILLISECONDS = 2000
"""So long after a state's end what it called may still write its last lines."""


@dataclass(frozen=True)
class Source:
    """Where a log is: a group, the beginning of its streams' names, and between which moments; no end while it goes on.

    A function's group has no streams of a run's own, so other runs' lines of the same moments are among a state's.
    """

    group: str
    prefix: str
    since: datetime
    until: datetime | None


@dataclass(frozen=True)
class LogLine:
    """One line of a log; ``stream`` tells the machines of a job, or the trials of a search, from each other."""

    at: datetime
    stream: str
    text: str

    def document(self) -> dict[str, str]:
        """The line as JSON."""
        return {"at": self.at.isoformat(timespec="milliseconds"), "stream": self.stream, "message": self.text}


@dataclass(frozen=True)
class Logged:
    """A state that leaves a log, and where; ``over`` is whether it writes no more, ``job`` whether it is a job's."""

    state: str
    source: Source
    over: bool
    job: bool


def source_of(step: Step) -> Source | None:
    """Where a step's log is; None for one that leaves none."""
    endpoint, function = step.parameters.get("EndpointName"), step.parameters.get("FunctionName")
    if step.job:
        group = next((group for call, group in JOB_GROUPS.items() if call in step.resource), LOG_GROUP)
        return Source(group, step.job, step.entered, step.exited)
    if endpoint:
        return Source(f"{ENDPOINT_GROUP}/{endpoint}", "", step.entered, step.exited)
    if function:
        return Source(f"{FUNCTION_GROUP}/{_function_name(str(function))}", "", step.entered, step.exited)
    return None


def _function_name(function: str) -> str:
    """A function's own name, of its ARN or of its name, whatever version is meant.

    >>> _function_name("arn:p:lambda:eu-central-1:1:function:greenlight-plan-run:7"), _function_name("f:live")
    ('greenlight-plan-run', 'f')
    """
    return function.partition(":function:")[2].partition(":")[0] or function.partition(":")[0]


def find_logged(histories: Histories, execution: str, wanted: str) -> Logged:
    """The log that is meant by a state's name, in a run or in what it started; as ``choose`` chooses."""
    history = histories.of(execution)
    within = tuple(every_nested(histories, history))
    # What broke deepest inside says most; what put production back after it broke nowhere.
    broken = next(
        (state for part in (*within[::-1], history) if part.outcome and (state := broke_at(part.outcome))), ""
    )
    steps = (*history.steps, *(step for part in within for step in part.steps))
    return choose(logged_states(steps, ended=history.outcome is not None), wanted, broken)


def every_nested(histories: Histories, history: History) -> Iterator[History]:
    """The executions that one has started, and all that those started, in their order."""
    for nested in histories.nested_in(history):
        yield nested.history
        yield from every_nested(histories, nested.history)


def logged_states(steps: Sequence[Step], *, ended: bool) -> list[Logged]:
    """The states with a log in the order in which they came, each with that of its last try."""
    found: dict[str, Logged] = {}
    for step in steps:
        source = source_of(step)
        if source is not None:
            found[step.name] = Logged(step.name, source, ended or step.exited is not None, bool(step.job))
    return list(found.values())


def choose(states: Sequence[Logged], wanted: str, broken: str) -> Logged:
    """The state that is called ``wanted``; where none is named the ``broken`` one, the job that runs, or the training.

    Raises UsageError naming the states that have a log.
    """
    if not states:
        raise UsageError("no state of this run has left a log yet.")
    if not wanted:
        return max(reversed(states), key=lambda one: _rank(one, broken))
    for one in states:
        if one.state.lower() == wanted.lower():
            return one
    names = [one.state for one in states]
    raise UsageError(f"{wanted!r} has no log in this run{among(wanted, names, 'these have one:')}")


def _rank(one: Logged, broken: str) -> tuple[bool, ...]:
    """By what a log is the one that is meant, the most telling first; of two alike it is the later."""
    return (one.state == broken, one.job and not one.over, one.source.group == LOG_GROUP, one.job)


class Log:
    """One log, read from where the last reading ended."""

    def __init__(self, cloud: Cloud, source: Source) -> None:
        """Read ``source`` through ``cloud``."""
        self._cloud = cloud
        self._source = source
        self._from = _milliseconds(source.since)
        self._seen: set[str] = set()

    def read(self) -> Iterator[LogLine]:
        """The lines that are new, oldest first; none where there is no such log yet."""
        source = self._source
        asked: dict[str, Any] = {"logGroupName": source.group}
        if source.prefix:
            asked["logStreamNamePrefix"] = source.prefix
        if source.until is not None and not source.prefix:
            asked["endTime"] = _milliseconds(source.until) + LATER_MILLISECONDS
        while True:
            new = 0
            try:
                for event in self._cloud.pages("logs", "filter_log_events", "events", startTime=self._from, **asked):
                    mark = str(event.get("eventId") or (event["timestamp"], event["logStreamName"], event["message"]))
                    if mark in self._seen:
                        continue
                    self._seen.add(mark)
                    new += 1
                    self._from = max(self._from, int(event["timestamp"]))
                    at = datetime.fromtimestamp(event["timestamp"] / 1000, UTC)
                    yield LogLine(at, str(event["logStreamName"]), str(event["message"]).rstrip("\n"))
            except ServiceError as error:
                if error.code != "ResourceNotFoundException":
                    raise
            if not new:
                return


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
