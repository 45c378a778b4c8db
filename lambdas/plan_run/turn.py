"""Which build goes to the endpoint: one at a time has its turn, and keeps it until its execution ends.

A candidate is judged against what production serves; of two builds side by side, the one released second was judged
against a model that is gone. Who waits is told by the plan, and waits in the machine. Knows nothing of what is built.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from lambdas.plan_run.holding import put_unless_held
from workflow.contract.execution import is_running
from workflow.contract.rule import InputError
from workflow.contract.run_input import REFUSE
from workflow.contract.table_items import found_item
from workflow.contract.table_keys import BUILDING


@dataclass(frozen=True)
class Turn:
    """The turn, over a DynamoDB table and a Step Functions client."""

    table: Any
    stepfunctions: Any

    def take(self, execution: str) -> str:
        """Take the turn for an execution, again if it has it already; give the one that has it where another does.

        One that ended loses it to the next. Raises the client's error where nobody can tell.
        """
        expected = execution
        for _ in range(3):
            if put_unless_held(self.table, {"id": BUILDING, "kind": "turn", "execution": execution}, expected):
                return ""
            holder = self.find_holder()
            if holder == execution:
                # The put before arrived twice, because its answer was lost.
                return ""
            if holder and is_running(self.stepfunctions, holder):
                return holder
            expected = holder
        return self.find_holder()

    def find_other(self, execution: str) -> str:
        """The execution that has the turn and still runs; empty where there is none but this one."""
        holder = self.find_holder()
        return holder if holder not in ("", execution) and is_running(self.stepfunctions, holder) else ""

    def find_holder(self) -> str:
        """The execution that took the turn last, empty where none did."""
        item = found_item(self.table.get_item(Key={"id": BUILDING}, ConsistentRead=True))
        return "" if item is None else str(item["execution"])


def check_patience(when_busy: str, hours: float, started: str, now: datetime, other: str) -> str:
    """What a run that has to wait says of it, in words. Raises InputError where it may not wait, or no longer.

    ``started`` is the start of its execution, ``other`` the execution that it waits for.
    """
    run = other.rpartition(":")[2]
    if when_busy == REFUSE:
        raise InputError(
            f"run {run} is under way to the same endpoint, and when_busy is {REFUSE}: start again once it has ended"
        )
    until = datetime.fromisoformat(started) + timedelta(hours=hours)
    if now >= until:
        raise InputError(
            f"run {run} is under way to the same endpoint, and this one waited {hours:g} hours for its end: decide on "
            "that one or stop it, and start again; queue_hours is how long a run waits"
        )
    return f"waits until {until:%Y-%m-%d %H:%M} UTC at the longest for the end of run {run}"
