"""A stored request and how far it has come. The one place that says whether it still takes a decision."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from workflow.contract.reading import VERSION, ContractError

STATUSES = ("pending", "approved", "rejected", "closed")


@dataclass(frozen=True)
class Record:
    """One request of the table. ``decision`` is empty until somebody decided; times are epoch seconds.

    The task token is no part of it: only the delivery reads that.
    """

    status: str
    subject: str
    summary: str
    nonce: str
    expires_epoch: int
    decision: str
    by: str
    comment: str
    decided_epoch: int
    delivered: bool
    document: Mapping[str, Any]

    @staticmethod
    def parse(item: Mapping[str, Any]) -> Record:
        """Read the table's item. Raises ContractError on one that is not whole."""
        try:
            document = json.loads(item["document"])
            if not isinstance(document, dict) or document.get("version") != VERSION:
                raise ContractError(f"the request is no document of version {VERSION}")
            record = Record(
                status=item["status"],
                subject=item["subject"],
                summary=item["summary"],
                nonce=item["nonce"],
                expires_epoch=int(item["expires_epoch"]),
                decision=item.get("decision", ""),
                by=item.get("decided_by", ""),
                comment=item.get("comment", ""),
                decided_epoch=int(item.get("decided_epoch", 0)),
                delivered=bool(item["delivered"]),
                document=document,
            )
        except (KeyError, ValueError, TypeError) as error:
            raise ContractError(f"the stored request cannot be read: {error!r}") from error
        if record.status not in STATUSES or not record.nonce:
            raise ContractError(f"the stored request has the status {record.status!r}")
        return record

    def waits(self, now_epoch: int) -> bool:
        """Whether a decision can still be made."""
        return self.status == "pending" and now_epoch < self.expires_epoch

    def expired(self, now_epoch: int) -> bool:
        """Whether nobody decided in time."""
        return self.status == "pending" and now_epoch >= self.expires_epoch

    def undelivered(self) -> bool:
        """Whether a decision was made that the execution has not been told of."""
        return self.status in ("approved", "rejected") and not self.delivered

    def public(self, now_epoch: int) -> dict[str, Any]:
        """What a program reads of a request. The nonce only while it is of use."""
        open_for_one = self.waits(now_epoch) or self.undelivered()
        return {
            "status": "expired" if self.expired(now_epoch) else self.status,
            "subject": self.subject,
            "summary": self.summary,
            "nonce": self.nonce if open_for_one else None,
            "expires": self.expires_epoch,
            "decision": self.decision or None,
            "by": self.by or None,
            "comment": self.comment or None,
            "at": self.decided_epoch or None,
            "delivered": self.delivered,
            "request": dict(self.document),
        }
