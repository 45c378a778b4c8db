"""Who approved what a release brings, as its plan, the champion's record and the history keep it.

Copied from the signed decision that the release believed. It only tells people; nothing is decided by it.
"""

from __future__ import annotations

from dataclasses import dataclass

from workflow.contract.decision import Decision, Door
from workflow.contract.document import Text


@dataclass(frozen=True)
class ReleaseApproval:
    """Who said yes, by which door, when (epoch seconds) and why; the comment may be empty."""

    by: Text
    door: Door
    at_epoch: int
    comment: str

    @staticmethod
    def of(decision: Decision) -> ReleaseApproval:
        """What travels on of a decision."""
        return ReleaseApproval(decision.by, decision.door, decision.at_epoch, decision.comment)
