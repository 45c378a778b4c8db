"""What a program reads of a request: the same as a person, and the nonce that the page's form would send."""

from __future__ import annotations

from workflow.contract.approval import PublicApproval, StoredApproval


def describe(approval: StoredApproval, now_epoch: int, notice: str = "") -> PublicApproval:
    """The request as it stands. The nonce only while it is of use."""
    usable = approval.waits(now_epoch) or approval.undelivered()
    return PublicApproval(
        status="expired" if approval.expired(now_epoch) else approval.status,
        subject=approval.subject,
        summary=approval.request.verdict,
        nonce=approval.nonce if usable else None,
        expires=approval.expires_epoch,
        decision=approval.decision or None,
        by=approval.decided_by or None,
        comment=approval.comment or None,
        at=approval.decided_epoch or None,
        delivered=approval.delivered,
        request=approval.request,
        error=notice,
    )
