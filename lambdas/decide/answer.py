"""What somebody answered, and what becomes of it: the document that is signed, and which pages show what.

Pure: knows neither the table nor the key.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from workflow.contract.approval import APPROVED, CLOSED, REJECTED, StoredApproval
from workflow.contract.decision import LINK, Decision
from workflow.contract.document import read, render
from workflow.contract.reading import ContractError
from workflow.contract.vote import Vote

VERBS = {"approve": APPROVED, "reject": REJECTED}
"""What is asked for, and what it is called once it is decided."""


class UnusableError(Exception):
    """What stands in the table, or is asked, cannot be decided on or believed: says why. Nothing is decided by it."""


class OwnRunError(UnusableError):
    """Whoever started a run may not approve it."""


@dataclass(frozen=True)
class Answer:
    """What somebody decided: ``approved`` or ``rejected``, under which name, with which comment, by which door.

    ``also`` is what else they are called, where that is known.
    """

    decision: str
    by: str
    comment: str
    door: str = LINK
    also: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Everything that whoever decided is called."""
        return (self.by, *self.also)


def draw_up(approval: StoredApproval, answer: Answer, now_epoch: int, votes: Sequence[Vote] = ()) -> Decision:
    """The decision that answers a request; ``votes`` is everybody who said yes, where it takes more than one.

    Raises UnusableError where the request does not name the bytes.
    """
    request = approval.request
    try:
        return read(
            Decision,
            {
                "model_package_arn": approval.package_arn,
                "package_version": request.package_version,
                "scope": approval.scope,
                "archive_digest": request.archive_digest,
                "evaluation_digest": request.evaluation_digest,
                "image": request.image,
                "decision": answer.decision,
                "by": answer.by,
                "door": answer.door,
                "comment": answer.comment,
                "at_epoch": now_epoch,
                "dataset": request.name,
                "smoke_digest": request.smoke_digest,
                "report_digest": request.report_digest,
                "votes": [render(vote) for vote in votes],
            },
            "decision",
        )
    except ContractError as error:
        raise UnusableError(f"this request cannot be decided on ({error}). Stop the run and redrive it.") from error


def is_about(decision: Decision, approval: StoredApproval) -> bool:
    """Whether a decision is about what a request asks: the version, the release where that counts, the bytes."""
    request = approval.request
    return (
        decision.model_package_arn == approval.package_arn
        and decision.package_version == request.package_version
        and decision.scope == approval.scope
        and decision.archive_digest == request.archive_digest
        and decision.evaluation_digest == request.evaluation_digest
        and decision.image == request.image
        and decision.smoke_digest == request.smoke_digest
    )


def choose_status(approval: StoredApproval, decision: str, now_epoch: int) -> int:
    """The HTTP status that tells a program whether its answer, ``approved`` or ``rejected``, is the one that counts."""
    if approval.status == CLOSED or approval.expired(now_epoch):
        return 410
    if approval.waits(now_epoch):
        # It was counted, and others have to say yes as well.
        return 202
    if approval.decision != decision:
        return 409
    return 202 if approval.undelivered() else 200
