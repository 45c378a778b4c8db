"""What came back about production's answers: how many of a model's were right, as people said who know. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from workflow.contract.feedback import FEEDBACK, RIGHT, Feedback
from workflow.contract.share_interval import wilson


@dataclass(frozen=True)
class Truth:
    """How many of a model's answers were right and how many wrong, of those that anybody judged."""

    right: int = 0
    wrong: int = 0

    @property
    def judged(self) -> int:
        """How many answers were judged."""
        return self.right + self.wrong

    @property
    def interval(self) -> tuple[float, float]:
        """The share of right answers by Wilson's 95 % interval; all that is possible where none was judged."""
        return wilson(self.right, self.judged)


NO_TRUTH = Truth()


def name_folders(since_epoch: float, until_epoch: float) -> list[str]:
    """The prefixes below which all feedback about answers of this time lies, a day each, in UTC."""
    first, last = (datetime.fromtimestamp(epoch, UTC).date() for epoch in (since_epoch, until_epoch))
    days: list[date] = [first + timedelta(days=after) for after in range((last - first).days + 1)]
    return [f"{FEEDBACK}{day:%Y/%m/%d}/" for day in days]


def count_truth(judged: Iterable[Feedback], model_digest: str) -> Truth:
    """What is true of one model's answers. Each counts once: right where more people said so than said wrong."""
    votes: dict[str, int] = {}
    for one in judged:
        if one.model_digest == model_digest:
            votes[one.inference_id] = votes.get(one.inference_id, 0) + (1 if one.verdict == RIGHT else -1)
    right = sum(vote > 0 for vote in votes.values())
    return Truth(right, len(votes) - right)
