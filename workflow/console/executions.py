"""Executions of the machines as the list shows them: when, of what, and with what result.

Step Functions lists names and times; input and output are read for those that are shown, and read once where an
execution has ended.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from workflow.clients import CONNECTIONS, Cloud
from workflow.console.visits import Status, status_of
from workflow.contract.plain_text import show_plain
from workflow.contract.reading import object_or_empty, read_object
from workflow.errors import ServiceError
from workflow.runs.history import readable_cause

LISTED = 1000
"""Newest executions of a machine that are looked through; as many as one request can give."""

_KEPT = 2000


@dataclass(frozen=True)
class Execution:
    """One execution of ``machine``, a kind of the stack's machines, described as Step Functions does."""

    machine: str
    name: str
    arn: str
    status: Status
    started: datetime
    ended: datetime | None = None
    redrivable: bool = False
    given: Mapping[str, Any] = field(default_factory=dict)
    output: Mapping[str, Any] = field(default_factory=dict)
    error: str = ""
    cause: str = ""

    @property
    def running(self) -> bool:
        """Whether it goes on."""
        return self.status is Status.RUNNING

    @property
    def dataset(self) -> str:
        """The address of the labelled images it was given; empty where it took the stack's."""
        return show_plain(str(self.given.get("dataset") or ""))

    @property
    def dataset_name(self) -> str:
        """The last part of that address, by which people know the dataset."""
        return self.dataset.rstrip("/").rpartition("/")[2]

    @property
    def version(self) -> str:
        """The number of the version that it registered, releases or asks; empty where there is none yet."""
        plan = object_or_empty(self.output.get("plan"))
        registered = object_or_empty(self.output.get("package")).get("arn")
        package = registered or self.given.get("model_package_arn") or plan.get("model_package_arn") or ""
        return str(package).rpartition("/")[2]

    @property
    def started_by(self) -> str:
        """Who or what started it, as its input says."""
        return show_plain(str(self.given.get("started_by") or ""))

    @property
    def result(self) -> str:
        """What came of it, on one line: the gate's words, or why it ended otherwise."""
        if self.error or self.cause:
            return ": ".join(part for part in (self.error, readable_cause(self.cause)) if part)
        gate, plan, join, found = (object_or_empty(self.output.get(key)) for key in ("gate", "plan", "join", "found"))
        said = gate.get("summary") or plan.get("reason") or read_message(join) or found.get("line")
        return show_plain(str(said or ""))

    def seconds(self, now: datetime) -> float:
        """How long it took, so far while it runs."""
        return max(0.0, ((self.ended or now) - self.started).total_seconds())


def read_message(join: Mapping[str, Any]) -> object:
    """What a batch came to, on one line, as its last job says; nothing of any other execution."""
    return object_or_empty(join.get("job")).get("ExitMessage")


class Executions:
    """The executions of a stack's machines. Safe to use from several threads."""

    def __init__(self, cloud: Cloud, machines: Mapping[str, str], within: Mapping[str, str] | None = None) -> None:
        """``machines`` are the ARNs of the stack's state machines by kind: ``build``, ``release`` and so on.

        Those ``within`` are what a release alone starts: each of their executions is known, and none is listed.
        """
        self._cloud = cloud
        self._listed = machines
        self._machines = {**machines, **(within or {})}
        self._ended: dict[tuple[str, datetime], Execution] = {}
        self._lock = threading.Lock()

    def knows(self, machine: str) -> bool:
        """Whether the stack has this machine."""
        return machine in self._machines

    def is_listed(self, machine: str) -> bool:
        """Whether executions of this machine are runs of their own, and no part of a release."""
        return machine in self._listed

    def arn(self, machine: str, name: str) -> str:
        """The ARN of an execution."""
        return f"{self._machines[machine].replace(':stateMachine:', ':execution:')}:{name}"

    def machine(self, name: str) -> str:
        """The ARN of a state machine, by its kind."""
        return self._machines[name]

    def place(self, arn: str) -> tuple[str, str]:
        """The machine and the name of an execution; two empty texts where it is of another machine."""
        machine, _, name = arn.replace(":execution:", ":stateMachine:").rpartition(":")
        return next(((kind, name) for kind, known in self._machines.items() if known == machine), ("", ""))

    def newest(self, machine: str = "", status: str = "") -> list[Mapping[str, Any]]:
        """What Step Functions lists of one machine or of all, newest first; ``status`` is its own word for one."""
        found: list[Mapping[str, Any]] = []
        for kind, arn in self._listed.items():
            if machine in ("", kind):
                wanted = {"statusFilter": status} if status else {}
                answer = self._cloud.call(
                    "stepfunctions", "list_executions", stateMachineArn=arn, maxResults=LISTED, **wanted
                )
                found += answer["executions"]
        return sorted(found, key=lambda item: item["startDate"], reverse=True)

    def describe_all(self, listed: Sequence[Mapping[str, Any]]) -> list[Execution]:
        """The executions listed, with what went in and came out; those are asked for at one time."""
        with ThreadPoolExecutor(CONNECTIONS // 2) as at_once:
            return list(at_once.map(self._described, listed))

    def describe(self, machine: str, name: str) -> Execution | None:
        """One execution, None where there is none of this name."""
        try:
            found = self._cloud.call("stepfunctions", "describe_execution", executionArn=self.arn(machine, name))
        except ServiceError as error:
            if error.code in {"ExecutionDoesNotExist", "InvalidArn", "ValidationException"}:
                return None
            raise
        return read(machine, found)

    def _described(self, item: Mapping[str, Any]) -> Execution:
        # A redriven execution ends again, at another moment.
        key = (str(item["executionArn"]), item.get("stopDate") or datetime.max.replace(tzinfo=UTC))
        if key in self._ended:
            return self._ended[key]
        machine, name = self.place(key[0])
        found = self.describe(machine, name) or read(machine, item)
        if "stopDate" in item:
            with self._lock:
                if len(self._ended) >= _KEPT:
                    self._ended.clear()
                self._ended[key] = found
        return found


def read(machine: str, found: Mapping[str, Any]) -> Execution:
    """An execution from DescribeExecution's answer, or from a line of ListExecutions'."""
    return Execution(
        machine=machine,
        name=str(found["name"]),
        arn=str(found["executionArn"]),
        status=status_of(str(found["status"])),
        started=found["startDate"],
        ended=found.get("stopDate"),
        redrivable=found.get("redriveStatus") == "REDRIVABLE",
        given=read_object(found.get("input")),
        output=read_object(found.get("output")),
        error=show_plain(str(found.get("error") or "")),
        cause=str(found.get("cause") or ""),
    )
