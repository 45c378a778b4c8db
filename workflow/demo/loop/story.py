"""What one turn of the loop came to: what the terminal, the page and the summary tell of it. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workflow.contract.figures import format_figure
from workflow.contract.scores import Lead, Metrics, ModelScore
from workflow.demo.loop.labels import Task
from workflow.demo.loop.pairs import MISSED, RIGHT, Pair
from workflow.drift.outcome import Outcome
from workflow.errors import GreenlightError

FIGURE, CALLED = "map50_95", "mAP50-95"
"""What decides between two models that find objects."""
SHOWN = 4
"""Pictures of the page that both versions were asked about."""


@dataclass(frozen=True)
class Score:
    """A version's figure, and the bounds within which chance alone could have moved it."""

    value: float
    low: float
    high: float

    def text(self) -> str:
        """The figure with its interval."""
        return f"{format_figure(self.value)} [{format_figure(self.low)}, {format_figure(self.high)}]"

    def document(self) -> dict[str, float]:
        """The figure as JSON."""
        return {FIGURE: self.value, "low": self.low, "high": self.high}


@dataclass(frozen=True)
class Compared:
    """Both versions on the same pictures, and how far the new one is ahead, with the interval of that."""

    pictures: int
    before: Score
    after: Score
    lead: Score

    @staticmethod
    def of(metrics: Metrics) -> Compared:
        """What an evaluation measured. Raises GreenlightError where it compared nothing, or looked at too few."""
        if metrics.champion is None or metrics.comparison is None:
            raise GreenlightError("the evaluation did not compare the new version with the one before")
        before, after = _score(metrics.champion), _score(metrics.candidate)
        return Compared(metrics.images, before, after, _lead(metrics.comparison.overall))

    @property
    def way(self) -> str:
        """``better`` or ``worse`` where the whole interval of the lead says so, else ``no worse``."""
        return "better" if self.lead.low > 0 else "worse" if self.lead.high < 0 else "no worse"

    def text(self) -> str:
        """Both figures, and what that means."""
        ahead = f"{self.lead.value:+.3f} [{self.lead.low:+.3f}, {self.lead.high:+.3f}]"
        return f"{CALLED} {format_figure(self.before.value)} → {format_figure(self.after.value)}, {ahead}: {self.way}"

    def document(self) -> dict[str, Any]:
        """Both figures as JSON."""
        scores = {"before": self.before, "after": self.after, "lead": self.lead}
        return {"pictures": self.pictures, "way": self.way, **{name: one.document() for name, one in scores.items()}}


@dataclass(frozen=True)
class Story:
    """A turn, as it went.

    ``versions`` are the old and the new, ``sent`` how many pictures of each light production was asked about,
    ``pictures`` one of each. ``lights`` are those of the chosen pictures, by name. ``answered`` is how many of the
    client's requests each version answered, ``lost`` how many nobody did. ``old`` compares both versions on the
    held-out pictures of the data, ``new`` on those in the other light.
    """

    versions: tuple[str, str]
    sent: Mapping[str, int]
    pictures: tuple[Path, Path]
    drift: Outcome
    task: Task
    lights: Mapping[str, str]
    objects: int
    run: str
    answered: tuple[int, int]
    lost: int
    old: Compared
    new: Compared
    pairs: Sequence[Pair]
    seconds: float

    def drifted(self) -> list[Mapping[str, Any]]:
        """The figures that drifted, as the watch's report has them."""
        return [one for one in self.drift.report.get("figures", []) if one["drifted"]]

    def count(self, light: str) -> int:
        """How many of the chosen pictures were taken in a light."""
        return sum(one == light for one in self.lights.values())

    def shown(self) -> list[Pair]:
        """A few pairs: those that gained most, one of the middle, and the one that gained least."""
        ranked = sorted(self.pairs, key=lambda one: -one.gain)
        return [*ranked[: SHOWN - 2], ranked[len(ranked) // 2], ranked[-1]]

    def found(self) -> tuple[int, int, int]:
        """Of the objects in the other light, how many each version finds, and how many there are."""
        before, after = ([one.before for one in self.pairs], [one.after for one in self.pairs])
        objects = sum(one.count(RIGHT) + one.count(MISSED) for one in before)
        return sum(one.count(RIGHT) for one in before), sum(one.count(RIGHT) for one in after), objects

    def document(self) -> dict[str, Any]:
        """The turn as JSON."""
        return {
            "versions": list(self.versions),
            "sent": dict(self.sent),
            "drift": {"line": self.drift.line, "figures": [str(one["name"]) for one in self.drifted()]},
            "chosen": [
                {"name": one.name, "why": one.why, "light": self.lights[one.name]} for one in self.task.handed.pictures
            ],
            "objects": self.objects,
            "run": self.run,
            "requests": {"answered": dict(zip(self.versions, self.answered, strict=True)), "lost": self.lost},
            "held_out": self.old.document(),
            "other_light": self.new.document(),
            "seconds": round(self.seconds, 2),
        }


def _score(found: ModelScore) -> Score:
    if found.map50_95 is None or FIGURE not in found.intervals:
        raise GreenlightError("too few pictures were held out to tell how far chance moves a figure")
    return Score(found.map50_95, found.intervals[FIGURE].low, found.intervals[FIGURE].high)


def _lead(found: Lead) -> Score:
    if found.low is None or found.high is None:
        raise GreenlightError("too few pictures were held out to tell both versions apart")
    return Score(found.value, found.low, found.high)
