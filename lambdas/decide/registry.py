"""What somebody did to a version in the model registry, and what is made of it. Pure.

A status that a person sets there is a decision where a request about the very same bytes waits for one. Anywhere else
it is only a status that says more than anybody decided, and is put right.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lambdas.decide.answer import Answer
from lambdas.decide.approvers import Approvers
from workflow.contract.approval import APPROVED, REJECTED, StoredApproval
from workflow.contract.decision import REGISTRY, Decision
from workflow.contract.package_properties import Origin
from workflow.contract.plain_text import show_plain

UNDECIDED = "PendingManualApproval"
STATUSES = {"Approved": APPROVED, "Rejected": REJECTED}
"""The registry's words, and ours."""

COMMENT_LENGTH = 500

PUT_BACK = "Put back: "
"""What a description begins with that was written when a status was put right: nobody's comment, should it stay."""


def may_set_a_status(detail: Mapping[str, Any]) -> bool:
    """Whether an event about a version may be about its status: not one that tells of other changes alone.

    A card, a stage or a property is changed by whoever describes a version, and says nothing of who set the status.
    """
    changed = detail.get("UpdatedModelPackageFields")
    return not changed or "ModelApprovalStatus" in changed


@dataclass(frozen=True)
class Change:
    """A version as the registry has it after a change, and who changed it: a profile's name, an ARN, or empty.

    ``identity`` and ``profile`` are the ARNs of who did, empty where the registry does not tell.
    """

    arn: str
    status: str
    description: str
    by: str
    identity: str
    profile: str
    archive_digest: str
    evaluation_digest: str
    image: str

    @staticmethod
    def read(described: Mapping[str, Any]) -> Change:
        """Read DescribeModelPackage's answer."""
        changer = described.get("LastModifiedBy", {})
        identity = str(changer.get("IamIdentity", {}).get("Arn", ""))
        containers = described.get("InferenceSpecification", {}).get("Containers", [])
        origin = Origin.of(described)
        return Change(
            arn=str(described["ModelPackageArn"]),
            status=str(described.get("ModelApprovalStatus", "")),
            description=str(described.get("ApprovalDescription", "")),
            by=str(changer.get("UserProfileName", "")) or identity,
            identity=identity,
            profile=str(changer.get("UserProfileArn", "")),
            archive_digest=origin.archive_digest,
            evaluation_digest=origin.evaluation_digest,
            image=str(containers[0].get("Image", "")) if len(containers) == 1 else "",
        )

    @property
    def version(self) -> str:
        """The number of the version."""
        return self.arn.rpartition("/")[2]

    def is_by(self, role: str) -> bool:
        """Whether a role's own session made the change. ``role`` is its name."""
        return f":assumed-role/{role}/" in self.identity

    def is_from_before(self) -> bool:
        """Whether the version was registered before decisions were signed: it is adopted, and says nothing here."""
        return not self.evaluation_digest

    def answer(self, approvers: Approvers) -> Answer | None:
        """The decision that the change would be; None where it is none, or nobody who may decide is known to have it.

        Profiles that share a role count as one person, together with whoever else has it.
        """
        decision = STATUSES.get(self.status)
        if decision is None or not self.by or not (approvers.lets(self.identity) or approvers.lets(self.profile)):
            return None
        comment = "" if self.description.startswith(PUT_BACK) else show_plain(self.description)[:COMMENT_LENGTH]
        also = tuple(name for name in approvers.names(self.identity) if name and name != self.by)
        return Answer(decision, self.by, comment, REGISTRY, also)

    def answers(self, approval: StoredApproval, now_epoch: int) -> bool:
        """Whether a request waits for a decision about this version, with these very bytes."""
        request = approval.request
        return (
            approval.waits(now_epoch)
            and approval.scope == ""
            and approval.package_arn == self.arn
            and request.archive_digest == self.archive_digest
            and request.evaluation_digest == self.evaluation_digest
            and request.image == self.image
        )


def choose_status(standing: Decision | None) -> str:
    """The status that a version ought to have."""
    if standing is None:
        return UNDECIDED
    return "Approved" if standing.approved else "Rejected"


def explain(change: Change, standing: Decision | None, tally: str = "", *, by_its_run: bool = False) -> str:
    """Why a status was put right, for whoever looks at the version.

    ``tally`` is how far a request has come by it; ``by_its_run`` says that the version's own run had set it.
    """
    who = "Its run" if by_its_run else change.by or "Somebody"
    if standing is None and by_its_run:
        why = "its waiting task was completed by a stranger, and nobody decided at any door"
    elif standing is None and tally:
        why = f"{tally}. Others have to set it as well"
    elif standing is None:
        why = "no approval request about it waits, or waits for them, so that this decides nothing"
    else:
        why = f"it was {standing.decision} by {standing.names} before, and that stands"
    return f"{who} set it to {change.status}: {why}."[:1000]
