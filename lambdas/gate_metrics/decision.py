"""Whether a candidate may be registered, from its figures on the held-out images.

Pure, and closed: whatever is missing, not a number, or does not fit the plan is a reason against the candidate.
A figure equal to its threshold passes. Knows nothing of S3; what is stored comes in as values.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lambdas.gate_metrics.check import Check, at_least, format_threshold
from lambdas.gate_metrics.floors import FLOORS, check_alone
from lambdas.gate_metrics.limits import Limits, LimitsError
from lambdas.gate_metrics.regression import check_against_champion
from workflow.contract.build_plan import PlannedChampion
from workflow.contract.checks import LOOSENED, NO_FIGURE
from workflow.contract.figures import DIGITS, format_figure
from workflow.contract.policy import Loosened
from workflow.contract.reading import ContractError
from workflow.contract.scores import FIGURE_NAMES, QUALITY, Metrics, figures_of
from workflow.contract.smoke import Expectation

SUMMARY_LENGTH = 500
"""Of a decision that passed: it becomes a part of the package's description (CreateModelPackage takes 1,024)."""

CLASSES_SHOWN = 8


@dataclass(frozen=True)
class Evidence:
    """What the gate looks at, as it was found: what is an ``object`` here is not trusted before it is read.

    ``metrics`` is the parsed JSON or None where it could not be read; ``archive_digest`` is the SHA-256 (hex) of the
    archive that would be registered; ``champion`` is the plan's champion or None for a first model; ``has_report`` says
    whether the evaluation left the page that the person who approves will look at; ``smoke`` is what a release can be
    tried with, or why nothing can, in words. ``compare`` is false where it was asked to replace production's model,
    whatever that one finds: then the plan names no champion. ``loosened`` is what the run asks less of than its stack
    demands.
    """

    metrics: object
    thresholds: object
    champion: PlannedChampion | None
    training_status: object
    archive_digest: str
    has_report: bool
    smoke: Expectation | str
    compare: bool = True
    loosened: tuple[Loosened, ...] = ()

    @property
    def alone(self) -> str:
        """Why there is no champion, where there is none."""
        if self.compare:
            return "first model"
        who = "run" if any(one.key == "compare" for one in self.loosened) else "stack"
        return f"not compared with production, as the {who} asks"


@dataclass(frozen=True)
class Decision:
    """``reasons`` says why, whichever way it went. ``metrics`` is None where the document could not be read."""

    passed: bool
    reasons: tuple[str, ...]
    summary: str
    metrics: Metrics | None


def decide(evidence: Evidence) -> Decision:
    """Judge the evidence. Never raises: what cannot be judged is refused."""
    try:
        metrics = Metrics.parse(evidence.metrics)
    except ContractError as error:
        return refuse([f"the evaluation's figures cannot be read: {error}"], None)
    try:
        limits = Limits.read(evidence.thresholds)
    except LimitsError as error:
        return refuse(error.reasons, metrics)
    checks = [
        *(Check(True, f"{LOOSENED}{one.text()}") for one in evidence.loosened),
        *check_provenance(evidence, metrics),
        *check_smoke(evidence.smoke, metrics),
        *check_alone(metrics, limits),
        *check_against_champion(evidence.champion, metrics, limits, evidence.alone),
    ]
    failed = [check.text for check in checks if not check.passed]
    if failed:
        return refuse(failed, metrics)
    summary = " ".join(" · ".join(write_headline(metrics, limits, evidence)).split())
    return Decision(
        passed=True,
        reasons=tuple(check.text for check in checks),
        summary=summary if len(summary) <= SUMMARY_LENGTH else summary[: SUMMARY_LENGTH - 1] + "…",
        metrics=metrics,
    )


def refuse(reasons: list[str], metrics: Metrics | None) -> Decision:
    """Decide against the candidate."""
    return Decision(passed=False, reasons=tuple(reasons), summary="rejected: " + "; ".join(reasons), metrics=metrics)


def check_provenance(evidence: Evidence, metrics: Metrics) -> Iterator[Check]:
    """Was this very archive measured, after a training that finished, and is there a page that shows it?"""
    status = evidence.training_status
    yield Check(status == "Completed", f"training is {status if isinstance(status, str) else 'in an unknown state'}")
    same = bool(evidence.archive_digest) and metrics.candidate.archive_digest == evidence.archive_digest
    yield Check(
        same,
        "the archive is the one that was measured"
        if same
        else f"the archive's digest {shorten(evidence.archive_digest)} is not the measured one, "
        f"{shorten(metrics.candidate.archive_digest)}",
    )
    if not metrics.candidate.model_digest:
        yield Check(False, "the candidate's model_digest is empty")
    if not evidence.has_report:
        yield Check(False, "the evaluation left no report for the person who approves")


def check_smoke(smoke: Expectation | str, metrics: Metrics) -> Iterator[Check]:
    """Could a release of this model be tried at all? Else it would be found out after a person has approved it."""
    if isinstance(smoke, str):
        yield Check(False, f"the evaluation left no pictures to try a release with: {smoke}")
    elif smoke.model_digest != metrics.candidate.model_digest:
        yield Check(False, "the pictures to try a release with were answered by another model")


def write_headline(metrics: Metrics, limits: Limits, evidence: Evidence) -> Iterator[str]:
    """The one line that says why it passed, in the task's quality figure, and whether any figure was checked."""
    figure, candidate, champion = QUALITY[metrics.task], metrics.candidate, metrics.champion
    floor: float = getattr(limits, FLOORS[figure])
    value = metrics.quality
    checked = any(getattr(limits, FLOORS[name]) for name in figures_of(metrics.task) if name in FLOORS)
    passed = "passed" if checked else NO_FIGURE
    if floor and round(value, DIGITS) < floor:
        yield f"{passed}: {at_least(FIGURE_NAMES[figure], value, floor).text}"
    else:
        asked = f"≥ {format_threshold(floor)}" if floor else "(no floor)"
        yield f"{passed}: {FIGURE_NAMES[figure]} {format_figure(value)} {asked}"
    if evidence.loosened:
        yield f"{len(evidence.loosened)} loosened by the run"
    scores = [f"{score.name} {format_figure(score.quality)}" for score in candidate.per_class if score.objects]
    more = len(scores) - CLASSES_SHOWN
    yield " ".join(scores[:CLASSES_SHOWN]) + (f" and {more} classes more" if more > 0 else "")
    if champion is None:
        yield evidence.alone
    else:
        yield f"production {format_figure(champion.figure(figure) or 0.0)} (version {champion.package_version})"


def shorten(digest: str) -> str:
    """The beginning of a digest, enough to compare by eye."""
    return digest[:12] or "(none)"
