"""What stands: the signed decision about a version, or about one release of it, believed only with the stack's mark."""

from __future__ import annotations

import hmac

from lambdas.decide.answer import UnusableError
from lambdas.decide.services import table
from lambdas.decide.voting import mark
from workflow.contract.approval import StoredApproval
from workflow.contract.decision import Decision, SignedDecision
from workflow.contract.reading import ContractError
from workflow.contract.table_items import found_item
from workflow.contract.table_keys import decision_key


def find_standing(approval: StoredApproval) -> SignedDecision | None:
    """What was decided about what a request asks, or None. Raises UnusableError where it cannot be read."""
    return find_decision(approval.package_arn, approval.scope)


def find_decision(package_arn: str, scope: str = "") -> SignedDecision | None:
    """What was decided about a version, or None. Raises UnusableError where it cannot be read."""
    item = found_item(table.get_item(Key={"id": decision_key(package_arn, scope)}, ConsistentRead=True))
    try:
        return None if item is None else SignedDecision.parse(item)
    except ContractError as error:
        raise UnusableError(f"what stands for this version cannot be read ({error}).") from error


def believe(standing: SignedDecision) -> Decision:
    """What stands, as it was marked. Raises UnusableError where it carries no mark of ours."""
    if not hmac.compare_digest(sign(standing.decision), standing.mac):
        raise UnusableError("the decision that stands for this version carries no valid mark.")
    return standing.decision


def find_decided(approval: StoredApproval) -> Decision:
    """The signed decision by which a request is decided: what the item itself says of it, anybody may have written.

    Raises UnusableError where nothing that can be believed stands for it, or something else.
    """
    standing = find_standing(approval)
    decision = None if standing is None else believe(standing)
    if decision is None or decision.decision != approval.status:
        raise UnusableError("this request says of itself that it was decided, and no signed decision says so.")
    return decision


def sign(decision: Decision) -> bytes:
    """The mark of a decision. The same decision always has the same one, so that it can be compared."""
    return mark(decision.message())
