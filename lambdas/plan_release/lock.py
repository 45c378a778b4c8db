"""The lock that lets one release run at a time: one item of the table, held by an execution.

A holder that ended without giving the lock back loses it to the next release. Knows nothing of what is released.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from workflow.contract.execution import is_running
from workflow.contract.release_lock import LockRecord, read_lock
from workflow.contract.table_items import found_item
from workflow.contract.table_keys import RELEASE_LOCK


class LockedError(Exception):
    """Another release runs: names its execution."""


@dataclass(frozen=True)
class ReleaseLock:
    """The lock, over a DynamoDB table and a Step Functions client."""

    table: Any
    stepfunctions: Any

    def take(self, execution: str, now_epoch: int, of: str = "") -> None:
        """Take the lock for an execution, again if it holds it already, or ``of`` one that waits for it meanwhile.

        Raises LockedError where another release has it, and ContractError where nobody can tell who has.
        """
        record = LockRecord(execution, now_epoch)
        try:
            self._put(record, expected=execution)
        except self._lost:
            holder = self._find_holder()
            if holder and holder != of and is_running(self.stepfunctions, holder):
                raise LockedError(f"another release is running: {holder}") from None
            self._take_over(record, holder)

    def _take_over(self, record: LockRecord, holder: str) -> None:
        try:
            self._put(record, expected=holder)
        except self._lost:
            now = self._find_holder()
            # It has it already where the put arrived twice, because its answer was lost.
            if now != record.execution:
                raise LockedError(f"another release has just started: {now}") from None

    def _put(self, record: LockRecord, expected: str) -> None:
        self.table.put_item(
            Item=record.item(),
            ConditionExpression="attribute_not_exists(id) OR execution = :expected",
            ExpressionAttributeValues={":expected": expected},
        )

    def _find_holder(self) -> str:
        record = read_lock(found_item(self.table.get_item(Key={"id": RELEASE_LOCK}, ConsistentRead=True)))
        return "" if record is None else record.execution

    @property
    def _lost(self) -> type[Exception]:
        lost: type[Exception] = self.table.meta.client.exceptions.ConditionalCheckFailedException
        return lost
