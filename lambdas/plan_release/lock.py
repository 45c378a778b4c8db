"""The lock that lets one release run at a time: one item of the table, held by an execution.

A holder that ended without giving the lock back loses it to the next release. Knows nothing of what is released.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

KEY = {"id": "release-lock"}
BUSY = ("RUNNING", "PENDING_REDRIVE")


class LockedError(Exception):
    """Another release runs: names its execution."""


@dataclass(frozen=True)
class ReleaseLock:
    """The lock, over a DynamoDB table and a Step Functions client."""

    table: Any
    stepfunctions: Any

    def take(self, execution: str, now_epoch: int) -> None:
        """Take the lock for an execution, again if it holds it already. Raises LockedError."""
        try:
            self._put(execution, now_epoch, "attribute_not_exists(id) OR execution = :expected", execution)
        except self._lost:
            holder = self._holder()
            if self._running(holder):
                raise LockedError(f"another release is running: {holder}") from None
            self._take_over(execution, now_epoch, holder)

    def _take_over(self, execution: str, now_epoch: int, holder: str) -> None:
        try:
            self._put(execution, now_epoch, "attribute_not_exists(id) OR execution = :expected", holder)
        except self._lost:
            raise LockedError(f"another release has just started: {self._holder()}") from None

    def _put(self, execution: str, now_epoch: int, condition: str, expected: str) -> None:
        self.table.put_item(
            Item={**KEY, "execution": execution, "taken_epoch": now_epoch},
            ConditionExpression=condition,
            ExpressionAttributeValues={":expected": expected},
        )

    def _holder(self) -> str:
        item = self.table.get_item(Key=KEY, ConsistentRead=True).get("Item", {})
        return str(item.get("execution", ""))

    def _running(self, execution: str) -> bool:
        try:
            return self.stepfunctions.describe_execution(executionArn=execution)["status"] in BUSY
        except ClientError as error:
            if error.response["Error"]["Code"] in ("ExecutionDoesNotExist", "InvalidArn"):
                return False
            raise

    @property
    def _lost(self) -> type[Exception]:
        lost: type[Exception] = self.table.meta.client.exceptions.ConditionalCheckFailedException
        return lost
