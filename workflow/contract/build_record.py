"""What is kept of everything that was built, by its fingerprint: which execution built it, and what became of it.

Whoever decides writes it: the plan that an execution builds it, the checks that it was refused, and the note of a
version what it was registered as. So nothing is remembered of a run that was stopped, or that a service failed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from workflow.contract.build_plan import BuildPlan
from workflow.contract.document import Text, read, render
from workflow.contract.failures import Failure
from workflow.contract.plain_text import show_plain
from workflow.contract.table_keys import build_key

KEPT_SECONDS = 400 * 24 * 3600
"""How long it is remembered after the plan: longer than any execution runs."""

LONGEST_REASON = 400
"""Characters of why something was refused."""


@dataclass(frozen=True)
class BuildRecord:
    """One build. ``judged_by`` is the digest of what else a verdict depends on: the gate's thresholds, the champion.

    ``refused`` is the error that the run ended with and ``because`` its reason, both empty where nothing was refused;
    ``package_arn`` is the version that it was registered as, empty where it was not.
    """

    execution: Text
    judged_by: str = ""
    refused: str = ""
    because: str = ""
    package_arn: str = ""

    def item(self, fingerprint: str, now_epoch: int) -> dict[str, Any]:
        """The record as the table's item."""
        kept = {"kind": "build", "expires_epoch": now_epoch + KEPT_SECONDS}
        return {"id": build_key(fingerprint), **kept, **render(self)}


def read_build(item: Mapping[str, Any] | None) -> BuildRecord | None:
    """Read the table's item, in plain values; None where there is none. Raises ContractError on half a one."""
    return None if item is None else read(BuildRecord, item, "build")


def note_refusal(table: Any, plan: BuildPlan, error: Failure, reason: str) -> None:
    """Keep that a run's data or model was refused; ``table`` is boto3's. Raises the client's error where it cannot."""
    _note(table, plan, {"refused": str(error), "because": show_plain(reason)[:LONGEST_REASON]})


def note_package(table: Any, plan: BuildPlan, package_arn: str) -> None:
    """Keep which version a run was registered as; raises as ``note_refusal`` does."""
    _note(table, plan, {"package_arn": package_arn})


def _note(table: Any, plan: BuildPlan, said: Mapping[str, str]) -> None:
    """Add to the record of a run, unless another run was told meanwhile to build the same."""
    try:
        table.update_item(
            Key={"id": build_key(plan.fingerprint)},
            UpdateExpression="SET " + ", ".join(f"{name} = :{name}" for name in said),
            ConditionExpression="execution = :execution",
            ExpressionAttributeValues={
                ":execution": plan.execution_arn,
                **{f":{name}": value for name, value in said.items()},
            },
        )
    except table.meta.client.exceptions.ConditionalCheckFailedException:
        return
