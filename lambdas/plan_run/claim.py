"""Which execution builds what: one item of the table for a fingerprint, so that two starts of the same are one build.

A schedule may fire twice, and people start what it has just started. An execution that ended gives its claim to the
next. Knows nothing of what is built.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from workflow.contract.execution import is_running
from workflow.contract.table_items import found_item
from workflow.contract.table_keys import build_key

KEPT_SECONDS = 400 * 24 * 3600
"""How long a claim is remembered: longer than any execution runs."""


@dataclass(frozen=True)
class Claims:
    """The claims, over a DynamoDB table and a Step Functions client."""

    table: Any
    stepfunctions: Any

    def take(self, fingerprint: str, execution: str, now_epoch: int) -> str:
        """Claim a fingerprint for an execution, again if it has it already; empty where it has it then.

        Otherwise the ARN of the execution that builds the same at this moment.
        """
        expected = execution
        for _ in range(2):
            if self._put(fingerprint, execution, expected, now_epoch):
                return ""
            holder = self._find_holder(fingerprint)
            if holder and is_running(self.stepfunctions, holder):
                return holder
            expected = holder
        return self._find_holder(fingerprint)

    def take_over(self, fingerprint: str, execution: str, now_epoch: int) -> None:
        """Claim a fingerprint whoever has it: somebody wants it built once more."""
        self.table.put_item(Item=_item(fingerprint, execution, now_epoch))

    def _put(self, fingerprint: str, execution: str, expected: str, now_epoch: int) -> bool:
        try:
            self.table.put_item(
                Item=_item(fingerprint, execution, now_epoch),
                ConditionExpression="attribute_not_exists(id) OR execution = :expected",
                ExpressionAttributeValues={":expected": expected},
            )
        except self.table.meta.client.exceptions.ConditionalCheckFailedException:
            return False
        return True

    def _find_holder(self, fingerprint: str) -> str:
        item = found_item(self.table.get_item(Key={"id": build_key(fingerprint)}, ConsistentRead=True))
        return "" if item is None else str(item.get("execution", ""))


def _item(fingerprint: str, execution: str, now_epoch: int) -> dict[str, Any]:
    return {
        "id": build_key(fingerprint),
        "kind": "build",
        "execution": execution,
        "expires_epoch": now_epoch + KEPT_SECONDS,
    }
