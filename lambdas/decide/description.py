"""What a program reads of a request: the same as a person, and the nonce of the form that comes next."""

from __future__ import annotations

from workflow.contract.approval import CLOSED, PublicApproval, StoredApproval


def describe(
    approval: StoredApproval, now_epoch: int, nonce: str = "", notice: str = "", tally: str = ""
) -> PublicApproval:
    """The request as it stands. Where nobody waited any more, what was decided is not told as if it counted."""
    counts = approval.status != CLOSED
    return PublicApproval(
        status="expired" if approval.expired(now_epoch) else approval.status,
        subject=approval.subject,
        summary=approval.request.verdict,
        nonce=nonce if nonce and approval.waits(now_epoch) else None,
        expires=approval.expires_epoch,
        decision=(approval.decision or None) if counts else None,
        by=(approval.decided_by or None) if counts else None,
        comment=(approval.comment or None) if counts else None,
        door=(approval.door or None) if counts else None,
        at=(approval.decided_epoch or None) if counts else None,
        delivered=approval.delivered,
        request=approval.request,
        error=notice,
        tally=tally if approval.waits(now_epoch) else "",
    )
