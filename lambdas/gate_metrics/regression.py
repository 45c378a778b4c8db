"""Is the candidate no worse than production, measured on the same images?

The rule, for the task's quality figure overall (``maximum_regression``) and for each class's part in it
(``maximum_class_regression``). The loss is production's score minus the candidate's, in decimal arithmetic:

1. A loss of at most the allowed one passes; equal passes.
2. A larger loss is refused, unless chance may explain it, and the held-out images suffice to say so. That is when the
   95 % interval of the lead reaches from the measured lead or below it up to 0 or above it, and its low end is not
   below minus the allowed loss minus DOUBT. Then it passes, and the reason says "may be chance".

So a loss is certain, and refused, where the whole interval is below 0; where there is no interval, because too few
images were held out; and where the interval is so wide that it proves nothing. More than the allowed loss plus DOUBT
never passes. With the same widths, a better candidate never fails where a worse one passes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal

from lambdas.gate_metrics.check import Check, format_apart
from lambdas.gate_metrics.limits import Limits
from workflow.contract.build_plan import PlannedChampion
from workflow.contract.figures import DIGITS
from workflow.contract.scores import FIGURE_NAMES, QUALITY, Lead, Metrics, ModelScore

DOUBT = Decimal("0.10")
"""How far below the allowed loss the interval of a loss that may be chance can reach."""

AGREEMENT = Decimal("1e-9")
"""How far the comparison may be from the scores it was made of: the rounding of binary fractions."""


def check_against_champion(
    planned: PlannedChampion | None, metrics: Metrics, limits: Limits, alone: str
) -> Iterator[Check]:
    """Compare with the champion that the plan names; ``alone`` says why there is none, where there is none."""
    quality, measured, comparison = QUALITY[metrics.task], metrics.champion, metrics.comparison
    if planned is None and measured is None:
        yield Check(comparison is None, alone if comparison is None else "a model without a champion was compared")
    elif measured is None:
        yield Check(False, "production's model was not measured on the held-out images")
    elif planned is None:
        yield Check(False, "a model was measured as production's, and the plan knows of none")
    elif not is_planned(planned, measured):
        yield Check(False, f"version {measured.package_version} was measured as production's, not the planned one")
    elif comparison is None or (theirs := measured.figure(quality)) is None:
        yield Check(False, "the evaluation did not compare the candidate with production's model")
    else:
        figure, against = FIGURE_NAMES[quality], f"(version {measured.package_version})"
        yield check_loss(figure, metrics.quality, theirs, comparison.overall, limits.maximum_regression, against)
        yield from check_known_classes(figure, metrics, measured, comparison.per_class, limits.maximum_regression)
        yield from check_each_class(figure, metrics, measured, comparison.per_class, limits.maximum_class_regression)


def is_planned(planned: PlannedChampion, measured: ModelScore) -> bool:
    """Whether the measured champion is the package the plan named."""
    return (planned.model_package_arn, planned.package_version) == (
        measured.model_package_arn,
        measured.package_version,
    )


def check_known_classes(
    figure: str, metrics: Metrics, measured: ModelScore, known: Mapping[str, Lead], allowed: float
) -> Iterator[Check]:
    """A class that production does not know scores 0 for it, and must not hide what is lost of the others.

    So their mean (classify: the share of their pictures) is compared by itself, where there is such a class; chance is
    no excuse here, because nobody measured it.
    """
    ours = {score.name: score for score in metrics.candidate.per_class if score.objects}
    theirs = {score.name: score for score in measured.per_class if score.objects}
    shared = sorted(ours.keys() & theirs.keys() & known.keys())
    if not shared or not ours.keys() - known.keys():
        return
    weights = [ours[name].objects if metrics.task == "classify" else 1 for name in shared]
    mine, other = (
        sum(weight * scores[name].quality for name, weight in zip(shared, weights, strict=True)) / sum(weights)
        for scores in (ours, theirs)
    )
    left, right = format_apart(mine, other, DIGITS)
    text = f"{figure} {left} on the classes that production knows, where it has {right}"
    passed = to_decimal(other) - to_decimal(mine) <= to_decimal(allowed)
    yield Check(passed, text if passed else f"{text}: more than {to_decimal(allowed):f} is lost")


def check_each_class(
    figure: str, metrics: Metrics, measured: ModelScore, leads: Mapping[str, Lead], allowed: float
) -> Iterator[Check]:
    """Every class. One that production does not know scores 0 there, so nothing is lost of it."""
    ours, theirs = metrics.candidate.per_class, measured.per_class
    if [(score.name, score.objects) for score in ours] != [(score.name, score.objects) for score in theirs]:
        yield Check(False, "candidate and production's model were not measured on the same objects of the same classes")
        return
    for name in sorted(set(leads) - {score.name for score in ours}):
        yield Check(False, f"the comparison tells of the class {name}, and the scores do not")
    lost = []
    for mine, other in zip(ours, theirs, strict=True):
        lead = leads.get(mine.name)
        check = check_loss(f"{figure} of {mine.name}", mine.quality, other.quality, lead, allowed)
        if not check.passed or to_decimal(other.quality) - to_decimal(mine.quality) > to_decimal(allowed):
            lost.append(check)
    yield from lost
    if not lost:
        yield Check(True, f"no class loses more than {to_decimal(allowed):f} of its {figure} against production")


def check_loss(what: str, ours: float, theirs: float, lead: Lead | None, allowed: float, against: str = "") -> Check:
    """The rule for one figure. ``lead`` is what the comparison says of it, None where it says nothing."""
    difference = to_decimal(ours) - to_decimal(theirs)
    if lead is not None and abs(to_decimal(lead.value) - difference) > AGREEMENT:
        return Check(False, f"the comparison tells {what} as {lead.value:+}, the scores as {difference:+f}")
    mine, others = format_apart(ours, theirs, DIGITS)
    production = f"production's {others} {against}".rstrip()
    limit = f"{to_decimal(allowed):f}"
    if -difference <= to_decimal(allowed):
        return Check(True, f"{what} {mine} against {production}: at most {limit} may be lost")
    refused = f"{what} {mine} loses more than {limit} against {production}"
    if lead is None or lead.low is None or lead.high is None:
        return Check(False, f"{refused}, and too few images were held out to call it chance")
    interval = f"{lead.value:+.2g} ({lead.low:+.2g} to {lead.high:+.2g})"
    if lead.high < 0 or to_decimal(lead.low) > difference:
        return Check(False, f"{refused}: {interval} is not due to chance")
    if to_decimal(lead.low) < -to_decimal(allowed) - DOUBT:
        return Check(False, f"{refused}: {interval} is too wide, too few images were held out to tell")
    return Check(True, f"{what} {mine} against {production} may be chance: {interval}, at most {limit} may be lost")


def to_decimal(value: float) -> Decimal:
    """The number as it is written, so that 0.72 - 0.70 is 0.02."""
    return Decimal(repr(value))
