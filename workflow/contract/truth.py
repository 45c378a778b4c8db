"""What came back about production's answers: how many of a model's were right, as people said who know. Pure.

Feedback is an object for each answer and person, ``feedback/<yyyy>/<mm>/<dd>/…json`` in the project's bucket, under the
day of the answer. Only what is read here has to be in it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Annotated

from workflow.contract.document import Digest, Matching, Text, read
from workflow.contract.reading import ContractError
from workflow.contract.share_interval import wilson

FOLDER = "feedback/"
RIGHT = "right"


@dataclass(frozen=True)
class Judged:
    """What somebody said of one answer, which the model of this digest gave.

    ``at`` is when it was said, ``answered`` when the answer was given, empty where that is not told; both ISO 8601.
    """

    inference_id: Text
    model_digest: Digest
    verdict: Annotated[str, Matching("right|wrong", "right or wrong")]
    at: Text
    answered: str = ""

    @staticmethod
    def parse(value: object) -> Judged:
        """Read one. Raises ContractError where a part is missing or is none."""
        judged = read(Judged, value, "feedback")
        for time in (judged.at, judged.answered or judged.at):
            try:
                told = datetime.fromisoformat(time)
            except ValueError as error:
                raise ContractError(f"feedback: {time!r} is no time") from error
            if told.tzinfo is None:
                raise ContractError(f"feedback: {time!r} is a time of no zone")
        return judged

    @property
    def epoch(self) -> float:
        """When the answer was given, or else when it was judged, in seconds of the epoch."""
        return datetime.fromisoformat(self.answered or self.at).timestamp()


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
    return [f"{FOLDER}{day:%Y/%m/%d}/" for day in days]


def count_truth(judged: Iterable[Judged], model_digest: str) -> Truth:
    """What is true of one model's answers. Each counts once: right where more people said so than said wrong."""
    votes: dict[str, int] = {}
    for one in judged:
        if one.model_digest == model_digest:
            votes[one.inference_id] = votes.get(one.inference_id, 0) + (1 if one.verdict == RIGHT else -1)
    right = sum(vote > 0 for vote in votes.values())
    return Truth(right, len(votes) - right)
