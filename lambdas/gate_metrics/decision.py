"""Whether a candidate may be registered, from its figures on the held-out images.

Pure, and closed: whatever is missing, not a number, or does not fit the plan is a reason against the candidate.
A figure equal to its threshold passes. Knows nothing of S3; digests of stored files come in as values.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from workflow.contract import ContractError, Metrics, ModelScore, finite

THRESHOLDS = ("minimum_map50", "minimum_map50_95", "minimum_class_map50", "minimum_images", "maximum_regression")


@dataclass(frozen=True)
class Evidence:
    """What the gate looks at, as it was found: nothing here is trusted before it is read.

    ``metrics`` is the parsed JSON or None where it could not be read; ``archive_digest`` is the SHA-256 (hex) of the
    archive that would be registered; ``champion`` is the plan's champion or None for a first model.
    """

    metrics: object
    thresholds: Mapping[str, Any]
    champion: object
    training_status: object
    archive_digest: str


@dataclass(frozen=True)
class Decision:
    """``reasons`` says why, whichever way it went. ``metrics`` is None where the document could not be read."""

    passed: bool
    reasons: tuple[str, ...]
    summary: str
    metrics: Metrics | None


@dataclass(frozen=True)
class Check:
    """One comparison and its outcome in words."""

    passed: bool
    text: str


def decide(evidence: Evidence) -> Decision:
    """Judge the evidence. Never raises: what cannot be judged is refused."""
    try:
        metrics = Metrics.parse(evidence.metrics)
    except ContractError as error:
        return refused([f"the evaluation's figures cannot be read: {error}"], None)
    limits = {name: finite(evidence.thresholds.get(name)) for name in THRESHOLDS}
    unknown = [name for name, limit in limits.items() if limit is None]
    if unknown:
        return refused([f"the threshold {name} is missing or no number" for name in unknown], metrics)
    known = {name: limit for name, limit in limits.items() if limit is not None}
    checks = [*provenance(evidence, metrics), *figures(metrics, known), *against_champion(evidence, metrics, known)]
    failed = [check.text for check in checks if not check.passed]
    if failed:
        return refused(failed, metrics)
    return Decision(
        passed=True,
        reasons=tuple(check.text for check in checks),
        summary="passed: " + " · ".join(headline(metrics, known)),
        metrics=metrics,
    )


def refused(reasons: list[str], metrics: Metrics | None) -> Decision:
    """A decision against the candidate."""
    return Decision(passed=False, reasons=tuple(reasons), summary="rejected: " + "; ".join(reasons), metrics=metrics)


def provenance(evidence: Evidence, metrics: Metrics) -> Iterator[Check]:
    """Was this very archive measured, after a training that finished?"""
    status = evidence.training_status
    yield Check(status == "Completed", f"training is {status if isinstance(status, str) else 'in an unknown state'}")
    same = bool(evidence.archive_digest) and metrics.candidate.archive_digest == evidence.archive_digest
    yield Check(
        same,
        "the archive is the one that was measured"
        if same
        else f"the archive's digest {short(evidence.archive_digest)} is not the measured one, "
        f"{short(metrics.candidate.archive_digest)}",
    )
    if not metrics.candidate.model_digest:
        yield Check(False, "the candidate's model_digest is empty")


def figures(metrics: Metrics, limits: Mapping[str, float]) -> Iterator[Check]:
    """Is the candidate good enough, on enough images, for every class?"""
    images, objects = metrics.images, metrics.objects
    yield at_least("held-out images", images, max(1, int(limits["minimum_images"])), whole)
    if not objects:
        yield Check(False, f"no true box on {images} held-out images")
    candidate = metrics.candidate
    yield at_least("mAP50", candidate.map50, limits["minimum_map50"], fraction, f" on {objects} objects")
    yield at_least("mAP50-95", candidate.map50_95, limits["minimum_map50_95"], fraction, f" on {objects} objects")
    floor = limits["minimum_class_map50"]
    if not candidate.per_class:
        yield Check(False, "the figures name no class")
    for score in candidate.per_class:
        if score.objects:
            note = f" on {score.objects} objects" if score.objects > 1 else " on 1 object"
            yield at_least(f"mAP50 of {score.name}", score.map50, floor, fraction, note)
        elif floor > 0:
            yield Check(False, f"mAP50 of {score.name} unknown, {fraction(floor)} wanted: 0 objects held out")


def against_champion(evidence: Evidence, metrics: Metrics, limits: Mapping[str, float]) -> Iterator[Check]:
    """Is the candidate no worse than production, measured on the same images?"""
    planned, measured = evidence.champion, metrics.champion
    if planned is None and measured is None:
        yield Check(True, "first model")
    elif measured is None:
        yield Check(False, "production's model was not measured on the held-out images")
    elif planned is None:
        yield Check(False, "a model was measured as production's, and the plan knows of none")
    elif not is_planned(planned, measured):
        yield Check(False, f"version {measured.package_version} was measured as production's, not the planned one")
    else:
        lost = Decimal(repr(measured.map50_95)) - Decimal(repr(metrics.candidate.map50_95))
        allowed = Decimal(repr(limits["maximum_regression"]))
        ours, theirs = apart(metrics.candidate.map50_95, measured.map50_95)
        version = f"production's {theirs} (version {measured.package_version})"
        if lost <= allowed:
            yield Check(True, f"mAP50-95 {ours} against {version}: at most {allowed:f} may be lost")
        else:
            yield Check(False, f"mAP50-95 {ours} loses more than {allowed:f} against {version}")


def is_planned(planned: object, measured: ModelScore) -> bool:
    """Whether the measured champion is the package the plan named."""
    return (
        isinstance(planned, Mapping)
        and planned.get("model_package_arn") == measured.model_package_arn
        and planned.get("package_version") == measured.package_version
        and bool(measured.model_package_arn)
    )


def at_least(what: str, value: float, floor: float, shown: Callable[[float], str], note: str = "") -> Check:
    """One floor: equal passes. Shows as many digits as it takes to tell the two apart."""
    left, right = (shown(value), shown(floor)) if shown is whole else apart(value, floor)
    passed = value >= floor
    return Check(passed, f"{what} {left} {'≥' if passed else '<'} {right}{note}")


def apart(left: float, right: float) -> tuple[str, str]:
    """Both fractions rounded alike, with digits added until unequal numbers look unequal."""
    for digits in range(2, 12):
        shown = f"{left:.{digits}f}", f"{right:.{digits}f}"
        if left == right or shown[0] != shown[1]:
            return shown
    return repr(left), repr(right)


def headline(metrics: Metrics, limits: Mapping[str, float]) -> Iterator[str]:
    """The one line that says why it passed."""
    candidate = metrics.candidate
    left, right = candidate.map50, limits["minimum_map50"]
    exact = round(left, 3) >= right
    yield f"mAP50 {left:.3f} ≥ {fraction(right)}" if exact else at_least("mAP50", left, right, fraction).text
    scores = [f"{score.name} {score.map50:.2f}" for score in candidate.per_class if score.objects]
    yield " ".join(scores[:8]) + (f" and {len(scores) - 8} classes more" if len(scores) > 8 else "")
    champion = metrics.champion
    yield "first model" if champion is None else f"production {champion.map50:.3f} (version {champion.package_version})"


def fraction(value: float) -> str:
    """A threshold as people read it: two digits, or as many as it has."""
    return f"{value:.2f}" if value == round(value, 2) else repr(value)


def whole(value: float) -> str:
    """A count."""
    return str(int(value))


def short(digest: str) -> str:
    """The beginning of a digest, enough to compare by eye."""
    return digest[:12] or "(none)"
