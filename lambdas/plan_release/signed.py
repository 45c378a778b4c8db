"""Finds what was decided about a version in the table, and believes it only with the mark of the stack's key."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lambdas.plan_release.decision import NotApprovedError, check_people
from lambdas.plan_release.package import RefusalError
from workflow.contract.decision import Decision, SignedDecision
from workflow.contract.mark import is_marked
from workflow.contract.reading import ContractError
from workflow.contract.release_plan import ReleasePlan
from workflow.contract.table_items import found_item
from workflow.contract.table_keys import decision_key


@dataclass(frozen=True)
class Decisions:
    """The decisions of a project, over a DynamoDB table and a KMS client; ``key`` names what they are marked with.

    ``required`` is how many people have to have approved.
    """

    table: Any
    kms: Any
    key: str
    project: str
    required: int = 1

    def find(self, package_arn: str, scope: str = "") -> Decision | None:
        """What was decided about a version, or about one release of it; None where nobody decided.

        Raises RefusalError where it cannot be believed, or is that of fewer people than have to approve.
        """
        decision = self.look_up(package_arn, scope)
        if decision is not None:
            check_people(decision, self.required)
        return decision

    def look_up(self, package_arn: str, scope: str = "") -> Decision | None:
        """The same, however many people decided.

        Raises RefusalError where it cannot be read, or was not marked with the stack's key.
        """
        key = {"id": decision_key(package_arn, scope)}
        item = found_item(self.table.get_item(Key=key, ConsistentRead=True))
        if item is None:
            return None
        about = f"the decision about version {package_arn.rpartition('/')[2]}"
        try:
            signed = SignedDecision.parse(item)
        except ContractError as error:
            raise RefusalError(f"{about} cannot be believed: {error}") from error
        if not is_marked(self.kms, self.key, signed.decision.message(), signed.mac.hex()):
            raise RefusalError(f"{about} cannot be believed: its mark was not made with the key of {self.project}")
        return signed.decision

    def find_for_production(self, plan: ReleasePlan) -> Decision | None:
        """What was decided about production in this release; None where nobody did, or nobody was asked.

        Raises NotApprovedError where it cannot be believed.
        """
        if not plan.ask_before_production:
            return None
        try:
            return self.find(plan.model_package_arn, plan.execution_arn)
        except RefusalError as error:
            raise NotApprovedError(str(error)) from error
