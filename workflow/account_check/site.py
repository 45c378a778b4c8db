"""Where a check takes place: the services, its stack, its runs, and how it waits.

Everything that one claim leaves for the next is here.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from workflow.account_check.inbox import Inbox
from workflow.account_check.options import REMOVAL_MINUTES, Options
from workflow.clients import Cloud
from workflow.contract.console import Console
from workflow.errors import GreenlightError
from workflow.runs.approvals import Approvals
from workflow.runs.history import Outcome
from workflow.runs.watch import View, Watcher
from workflow.stack.outputs import Place, Stack

LOCAL_PAUSE, PAUSE = 0.3, 5.0
"""Seconds between two looks, on the stand-in and on AWS."""


@dataclass
class Site:
    """What a check works on. ``say`` gets lines for a person; ``folder`` is for pictures, and its caller removes it.

    ``runs`` are the executions that it started, by what they are for; ``packages`` the versions that came of them.
    """

    cloud: Cloud
    place: Place
    options: Options
    folder: Path
    say: Callable[[str], None]
    inbox: Inbox
    runs: dict[str, str] = field(default_factory=dict)
    packages: dict[str, str] = field(default_factory=dict)
    digests: dict[str, str] = field(default_factory=dict)
    until: float = float("inf")
    _stack: Stack | None = None

    @property
    def stack(self) -> Stack:
        """The stack, once it stands. Raises GreenlightError before."""
        if self._stack is None:
            raise GreenlightError("the stack does not stand")
        return self._stack

    @stack.setter
    def stack(self, stack: Stack) -> None:
        self._stack = stack

    @property
    def pictures(self) -> list[Path]:
        """The sample's held-out pictures."""
        return sorted((self.folder / "images" / "test").glob("*.jpg"))

    def begin_to_count(self) -> None:
        """From now on the minutes run: what costs by the hour may be made."""
        self.until = time.monotonic() + 60 * (self.options.minutes - REMOVAL_MINUTES)

    def wait(self, condition: Callable[[], bool], otherwise: str, seconds: float = float("inf")) -> None:
        """Wait for a condition. Raises GreenlightError with ``otherwise`` after so many seconds, or when time is up."""
        given_up = time.monotonic() + seconds
        while not condition():
            now = time.monotonic()
            if now > self.until:
                spent = f"{self.options.minutes} minutes"
                raise GreenlightError(f"the limit of {spent}, less what the removal takes, is reached: {otherwise}")
            if now > given_up:
                raise GreenlightError(otherwise)
            time.sleep(LOCAL_PAUSE if self.cloud.local else PAUSE)

    def follow(
        self, execution: str, enough: Callable[[View], bool], meanwhile: Callable[[], object] = lambda: None
    ) -> View:
        """Look at an execution until it ended or is far enough, and say its states; do something at each look."""
        watcher = Watcher(self.cloud, execution, approvals=Approvals(self.cloud, self.stack.table))
        run = execution.rpartition(":")[2]
        found: list[View] = []
        told: set[tuple[str, int]] = set()

        def looked() -> bool:
            view = watcher.look()
            found.append(view)
            meanwhile()
            for row in view.rows:
                if row.status in {"running", "asking"} and (row.name, row.depth) not in told:
                    told.add((row.name, row.depth))
                    self.say(f"    {run}: {row.name}")
            return view.outcome is not None or enough(view)

        self.wait(looked, f"{run} did not get far enough")
        return found[-1]

    def ended(self, execution: str, meanwhile: Callable[[], object] = lambda: None) -> Outcome:
        """How an execution ended, once it has."""
        outcome = self.follow(execution, lambda _: False, meanwhile).outcome
        if outcome is None:
            raise GreenlightError(f"{execution} did not end")
        return outcome

    def link(self, shown: Callable[[Console], str]) -> dict[str, str]:
        """An address in the console, as evidence; none on the stand-in, which has no console."""
        console = Console.of(self.stack.build_machine_arn, os.environ)
        return {} if console is None else {"console": shown(console)}

    def show(self, execution: str) -> dict[str, str]:
        """An execution as evidence."""
        return {"execution": execution, **self.link(lambda console: console.execution(execution))}

    def output(self, execution: str) -> dict[str, Any]:
        """DescribeExecution's answer."""
        return self.cloud.call("stepfunctions", "describe_execution", executionArn=execution)


def require(holds: bool, otherwise: str) -> None:
    """Raise GreenlightError with ``otherwise`` unless something holds."""
    if not holds:
        raise GreenlightError(otherwise)
