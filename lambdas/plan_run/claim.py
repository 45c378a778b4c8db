"""Which execution builds what: one item of the table for a fingerprint, so that two starts of the same are one build.

A schedule may fire twice, and people start what it has just started. An execution that ended gives its claim to the
next, unless what became of it is the answer to that one, too.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from lambdas.plan_run.holding import put_unless_held
from lambdas.plan_run.memory import End, recall
from workflow.contract.build_record import BuildRecord, read_build
from workflow.contract.table_items import found_item
from workflow.contract.table_keys import build_key


@dataclass(frozen=True)
class Claims:
    """The claims, over a DynamoDB table and a Step Functions client; ``is_registered`` knows versions by their ARN."""

    table: Any
    stepfunctions: Any
    is_registered: Callable[[str], bool]

    def take(self, fingerprint: str, mine: BuildRecord, now_epoch: int, known: str = "") -> str:
        """Claim a fingerprint for an execution, again if it has it already; empty where it has it then.

        Otherwise why there is nothing to do: which execution builds the same at this moment, or built it and how that
        ended. ``known`` is the version that has the fingerprint, for a record that names none. Raises ContractError on
        a record that is not whole.
        """
        expected = mine.execution
        for _ in range(3):
            if put_unless_held(self.table, mine.item(fingerprint, now_epoch), expected):
                return ""
            found = self.find(fingerprint)
            if found is None:
                continue
            if found.execution == mine.execution:
                # The put before arrived twice, because its answer was lost.
                return ""
            reason = self._recall(found, mine.judged_by, known)
            if reason:
                return reason
            expected = found.execution
        return "another run has just begun to build the same"

    def answer(self, fingerprint: str, mine: BuildRecord, known: str = "") -> str:
        """What ``take`` would say at this moment; nothing is claimed."""
        found = self.find(fingerprint)
        if found is None or found.execution == mine.execution:
            return ""
        return self._recall(found, mine.judged_by, known)

    def take_over(self, fingerprint: str, mine: BuildRecord, now_epoch: int) -> None:
        """Claim a fingerprint whoever has it: somebody wants it built once more."""
        self.table.put_item(Item=mine.item(fingerprint, now_epoch))

    def give_back(self, fingerprint: str, execution: str) -> None:
        """Let go of a fingerprint that an execution claimed and will not build; nothing where it has it no more."""
        try:
            self.table.delete_item(
                Key={"id": build_key(fingerprint)},
                ConditionExpression="execution = :holder",
                ExpressionAttributeValues={":holder": execution},
            )
        except self.table.meta.client.exceptions.ConditionalCheckFailedException:
            return

    def find(self, fingerprint: str) -> BuildRecord | None:
        """What is kept of a fingerprint. Raises ContractError on a record that is not whole."""
        return read_build(found_item(self.table.get_item(Key={"id": build_key(fingerprint)}, ConsistentRead=True)))

    def _recall(self, found: BuildRecord, judged_by: str, known: str) -> str:
        record = replace(found, package_arn=found.package_arn or known)
        registered = bool(record.package_arn) and self.is_registered(record.package_arn)
        return recall(record, describe_end(self.stepfunctions, record.execution), judged_by, registered)


def describe_end(stepfunctions: Any, execution: str) -> End:
    """How an execution stands; raises the client's error where nobody can tell."""
    try:
        found = stepfunctions.describe_execution(executionArn=execution)
    except (stepfunctions.exceptions.ExecutionDoesNotExist, stepfunctions.exceptions.InvalidArn):
        return End()
    return End(found["status"], found.get("error", ""))
