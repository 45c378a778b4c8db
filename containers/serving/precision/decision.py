"""Which of the measured precisions serves: the fastest that loses nothing that counts, and the words for it. Pure.

A precision may serve where the pictures show that it loses at most ``BOUND`` of the task's figure against f32: the
whole interval of its lead, over the same draws for both, lies above that loss, which is how a trial shows that a
treatment is not inferior. Were the lead itself judged, every other set of a few pictures would let a loss through that
it is too small to see; a set that shows nothing leaves the more exact precision in its place. The mean over the classes
must not hide one either (see ``hidden_classes``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from workflow.contract.instance_type import family, has_bfloat16
from workflow.contract.scores import Lead

BOUND = 0.005
"""Of the task's figure, which is a fraction of 1: the most that speed may cost."""
SOUND, FALL = 0.1, 0.05
"""From this figure on f32 finds a class, or anything at all; and what such a class may lose by itself."""
GAIN = 0.1
"""Of a more exact precision's time: what a less exact one has to save, so that noise in the times decides nothing."""


@dataclass(frozen=True)
class ClassLead:
    """A class: its figure in f32, and how far the precision is ahead of that."""

    name: str
    exact: float
    lead: Lead


@dataclass(frozen=True)
class Measured:
    """A precision: milliseconds of a picture, the task's figure, its lead over f32 (None of f32), and of each class."""

    precision: str
    milliseconds: float
    quality: float
    lead: Lead | None = None
    classes: tuple[ClassLead, ...] = ()


@dataclass(frozen=True)
class Place:
    """Where it was measured, and the instance types of there and of where it is to serve; empty where unknown."""

    processor: str
    bfloat16: bool
    instance: str = ""
    endpoint: str = ""

    @property
    def elsewhere(self) -> bool:
        """Whether an endpoint will have another processor than this."""
        return bool(self.instance and self.endpoint) and family(self.instance) != family(self.endpoint)


def refuse(measured: Measured, exact: Measured) -> str:
    """Why a precision may not serve in the place of f32, ``exact``, in words; empty where it may."""
    lead = measured.lead
    if lead is None:
        return ""
    if lead.low is None:
        return "too few pictures to tell what it loses"
    if exact.quality < SOUND:
        return "f32 finds too little to tell what it loses"
    if lead.low < -BOUND:
        return f"may lose {-lead.low:.4f}, more than {BOUND:g}"
    hidden = hidden_classes(measured.classes)
    return f"loses too much of {', '.join(hidden)}" if hidden else ""


def hidden_classes(classes: Sequence[ClassLead]) -> list[str]:
    """Classes that f32 finds and that a precision would hide behind the mean of all, those that lose most first.

    Such a class keeps less than half of its figure; or it loses more than ``FALL``, and that is not due to chance: no
    draw of the middle 95 % has it gain. Of a class on fewer pictures than an interval needs, only the former is told.
    """

    def is_hidden(one: ClassLead) -> bool:
        falls = one.lead.value < -FALL and one.lead.high is not None and one.lead.high < 0
        return one.exact >= SOUND and (one.exact + one.lead.value < one.exact / 2 or falls)

    return [one.name for one in sorted(filter(is_hidden, classes), key=lambda one: one.lead.value)]


def choose(candidates: Sequence[Measured]) -> str:
    """The precision that serves, of ``candidates`` from the most exact, f32, to the least.

    Each takes the place of a more exact one only where it may serve and saves ``GAIN`` of that one's time.
    """
    best = candidates[0]
    for one in candidates[1:]:
        if not refuse(one, candidates[0]) and one.milliseconds <= (1 - GAIN) * best.milliseconds:
            best = one
    return best.precision


def publish_as(chosen: str, place: Place) -> str:
    """The precision to publish where ``chosen`` was measured to be best at this place.

    Floats go to an endpoint with bfloat16 as bf16 where this processor has none: here both are one computation.
    """
    return "bf16" if chosen == "f32" and not place.bfloat16 and has_bfloat16(place.endpoint) else chosen


def explain(candidates: Sequence[Measured], place: Place) -> str:
    """Why the one that ``choose`` takes serves, in a few sentences."""
    taken = next(one for one in candidates if one.precision == choose(candidates))
    exact = candidates[0]
    if taken is exact:
        said = ["no other is faster by a tenth and surely as good"]
    else:
        share = taken.milliseconds / exact.milliseconds
        said = [f"takes {share:.0%} of the time of f32 and loses at most {max(0.0, -_low(taken)):.4f}"]
    if publish_as(taken.precision, place) != taken.precision:
        said.append(f"published as bf16: this processor has no bfloat16, {place.endpoint} has")
    elif not place.bfloat16:
        said.append("bf16 is no candidate: this processor has no bfloat16")
    if place.elsewhere:
        said.append(f"times are this processor's, an {place.instance}'s; {place.endpoint} has another")
    return "; ".join(said)


def _low(measured: Measured) -> float:
    return 0.0 if measured.lead is None or measured.lead.low is None else measured.lead.low
