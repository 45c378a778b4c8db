"""What production's real figures are, by what people said of its answers: for each model, and for each of its weeks.

Feedback is added answer by answer and no answer is kept, so that any number of them takes the memory of the models and
weeks alone. An answer counts once: it is right where more people said so than said that it was wrong. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from workflow.contract.document import Digest, Document, Text
from workflow.contract.feedback import RIGHT, Agreement, Count, Feedback
from workflow.contract.share_interval import wilson

FEEDBACK_FILE = "feedback.json"
"""What the figures are called beside a run's record, where the evaluation's report finds them."""


@dataclass(frozen=True)
class Share:
    """So many of so many, and the 95 % interval of that share; ``share`` is None where there are none."""

    hits: Count
    of: Count
    share: float | None
    low: float
    high: float

    @staticmethod
    def count(hits: int, of: int, effective: float | None = None) -> Share:
        """A share with Wilson's interval, as that of ``effective`` independent ones where they are not independent."""
        share = hits / of if of else None
        size = float(of) if effective is None else effective
        low, high = wilson((share or 0.0) * size, size)
        return Share(hits, of, share, low, high)


@dataclass(frozen=True)
class PeriodFigures:
    """What one model's answers of one week were worth, or of all weeks, where ``week`` is empty.

    ``week`` is ISO 8601's, as ``2026-W49``; ``right`` is the share of answers that were judged right. ``precision`` and
    ``recall`` are of boxes at IoU 0.5, over the ``boxed`` answers whose right boxes were given; None without any.
    """

    model_digest: Digest
    week: str
    first: Text
    last: Text
    right: Share
    boxed: Count = 0
    precision: Share | None = None
    recall: Share | None = None


@dataclass(frozen=True)
class FeedbackFigures(Document):
    """Production's real figures: of each model in all, the last to answer first, and of each week, the newest first."""

    models: tuple[PeriodFigures, ...]
    weeks: tuple[PeriodFigures, ...]

    def of(self, model_digest: str) -> PeriodFigures | None:
        """Those of one model in all; None where nobody said anything of it."""
        return next((one for one in self.models if one.model_digest == model_digest), None)


@dataclass
class _Ratio:
    """Sums over answers of x of y boxes, by which the share's variance is known without keeping them."""

    answers: int = 0
    x: int = 0
    y: int = 0
    xx: int = 0
    xy: int = 0
    yy: int = 0

    def add(self, x: int, y: int) -> None:
        self.answers += 1
        self.x, self.y = self.x + x, self.y + y
        self.xx, self.xy, self.yy = self.xx + x * x, self.xy + x * y, self.yy + y * y

    def merge(self, other: _Ratio) -> None:
        self.answers, self.x, self.y = self.answers + other.answers, self.x + other.x, self.y + other.y
        self.xx, self.xy, self.yy = self.xx + other.xx, self.xy + other.xy, self.yy + other.yy

    def share(self) -> Share:
        """The boxes of one picture are right or wrong together, so they count as fewer than they are.

        As so many independent ones as have the ratio's variance over pictures (the effective sample size of Korn and
        Graubard, 1998, put into Wilson's interval).
        """
        return Share.count(self.x, self.y, self._effective())

    def _effective(self) -> float:
        if self.answers < 2 or not self.y:
            return float(min(self.answers, self.y))
        ratio = self.x / self.y
        spread = self.xx - 2 * ratio * self.xy + ratio * ratio * self.yy
        variance = spread / self.y**2 * self.answers / (self.answers - 1)
        independent = ratio * (1 - ratio)
        if variance <= 0 or independent <= 0:
            return float(self.y)
        return min(float(self.y), independent / variance)


@dataclass
class _Sums:
    first: str = ""
    last: str = ""
    right: int = 0
    answers: int = 0
    precision: _Ratio = field(default_factory=_Ratio)
    recall: _Ratio = field(default_factory=_Ratio)

    def add(self, answered: str, right: bool, agreement: Agreement | None) -> None:
        self.first, self.last = min(self.first or answered, answered), max(self.last, answered)
        self.answers, self.right = self.answers + 1, self.right + right
        if agreement is not None:
            self.precision.add(agreement.both, agreement.answered)
            self.recall.add(agreement.both, agreement.given)

    def merge(self, other: _Sums) -> None:
        self.first = min(self.first or other.first, other.first)
        self.last = max(self.last, other.last)
        self.answers, self.right = self.answers + other.answers, self.right + other.right
        self.precision.merge(other.precision)
        self.recall.merge(other.recall)

    def figures(self, model_digest: str, week: str) -> PeriodFigures:
        boxed = self.precision.answers
        return PeriodFigures(
            model_digest=model_digest,
            week=week,
            first=self.first,
            last=self.last,
            right=Share.count(self.right, self.answers),
            boxed=boxed,
            precision=self.precision.share() if boxed else None,
            recall=self.recall.share() if boxed else None,
        )


class FeedbackSums:
    """Sums up feedback, one answer after the other."""

    def __init__(self) -> None:
        """Nothing yet."""
        self._models: dict[str, _Sums] = {}
        self._weeks: dict[tuple[str, str], _Sums] = {}

    def add(self, said: Sequence[Feedback]) -> None:
        """Count one answer, by all that was said of it. Of several people's boxes the last given count."""
        if not said:
            return
        answered, model = said[0].answered, said[0].model_digest
        right = 2 * sum(one.verdict == RIGHT for one in said) > len(said)
        boxed = [one for one in said if one.agreement is not None]
        agreement = max(boxed, key=lambda one: one.at).agreement if boxed else None
        for sums in (
            self._models.setdefault(model, _Sums()),
            self._weeks.setdefault((week_of(answered), model), _Sums()),
        ):
            sums.add(answered, right, agreement)

    def merge(self, other: FeedbackSums) -> None:
        """Add what another has summed up, of other answers."""
        for model, sums in other._models.items():
            self._models.setdefault(model, _Sums()).merge(sums)
        for period, sums in other._weeks.items():
            self._weeks.setdefault(period, _Sums()).merge(sums)

    def figures(self) -> FeedbackFigures:
        """What came of it so far."""
        models = [sums.figures(model, "") for model, sums in self._models.items()]
        weeks = sorted(self._weeks.items(), key=lambda item: (item[0][0], item[1].last), reverse=True)
        return FeedbackFigures(
            models=tuple(sorted(models, key=lambda one: one.last, reverse=True)),
            weeks=tuple(sums.figures(model, week) for (week, model), sums in weeks),
        )


def week_of(answered: str) -> str:
    """The week of a time, as ISO 8601 counts them.

    >>> week_of("2026-12-01T09:00:00+00:00")
    '2026-W49'
    """
    year, week, _ = datetime.fromisoformat(answered).isocalendar()
    return f"{year}-W{week:02}"
