"""The lock that lets one release run at a time: one item of the table, held by an execution."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from workflow.contract.document import Text, read, render
from workflow.contract.table_keys import RELEASE_LOCK


@dataclass(frozen=True)
class LockRecord:
    """Which execution holds the lock, and since when."""

    execution: Text
    taken_epoch: int

    def item(self) -> dict[str, Any]:
        """The record as the table's item."""
        return {"id": RELEASE_LOCK, **render(self)}


def read_lock(item: Mapping[str, Any] | None) -> LockRecord | None:
    """Read the table's item, in plain values; None where nobody holds the lock. Raises ContractError on half a one."""
    return None if item is None else read(LockRecord, item, RELEASE_LOCK)


def held_by(execution: str) -> dict[str, Any]:
    """DynamoDB's condition on the lock's item: that this execution holds it."""
    return {"ConditionExpression": "execution = :holder", "ExpressionAttributeValues": {":holder": execution}}
