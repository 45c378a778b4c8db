"""Who approved what a release brings, as its plan, the champion's record and the history keep it.

Copied from the signed decision that the release believed. It only tells people; nothing is decided by it.
"""

from __future__ import annotations

from dataclasses import dataclass

from workflow.contract.decision import Decision, Door
from workflow.contract.document import Text
from workflow.contract.vote import Vote


@dataclass(frozen=True)
class ReleaseApproval:
    """Who said yes, by which door, when (epoch seconds) and why; the comment may be empty.

    ``votes`` is everybody who did, the one who decided at the end; empty where one decided alone.
    """

    by: Text
    door: Door
    at_epoch: int
    comment: str
    votes: tuple[Vote, ...] = ()

    def names(self) -> str:
        """Everybody who said yes, and by which door."""
        return ", ".join(f"{one.by} ({one.door})" for one in self.votes or (self,))

    @staticmethod
    def of(decision: Decision) -> ReleaseApproval:
        """What travels on of a decision."""
        return ReleaseApproval(decision.by, decision.door, decision.at_epoch, decision.comment, decision.votes)
