"""What the gate leaves behind: ``gate.json`` beside the figures, and what the next states read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lambdas.gate_metrics.decision import Decision
from lambdas.gate_metrics.quality import QUALITY_FILE, TASKS
from workflow.contract.figures import CandidateFigures, ChampionFigures
from workflow.contract.gate import GateVerdict, Judged, PassedGate
from workflow.contract.package_properties import RegisteredFigures
from workflow.contract.policy import Loosened
from workflow.contract.scores import FIGURE_NAMES, Metrics, ModelScore

METRICS = "metrics.json"
REPORT = "report/index.html"
"""What the gate reads of the evaluation's folder."""

REASONS_SHOWN = 50
"""Reasons that travel with the execution, whose data may have 256 KiB; ``gate.json`` has them all."""


def write_verdict(
    decision: Decision, thresholds: Mapping[str, Any], loosened: tuple[Loosened, ...] = ()
) -> GateVerdict:
    """The decision with everything it was measured against."""
    return GateVerdict(
        passed=decision.passed,
        summary=decision.summary,
        reasons=decision.reasons,
        thresholds=thresholds,
        judged=None if decision.metrics is None else name_judged(decision.metrics),
        loosened=loosened,
    )


def name_judged(metrics: Metrics) -> Judged:
    """What the decision is about."""
    return Judged(
        model_digest=metrics.candidate.model_digest,
        archive_digest=metrics.candidate.archive_digest,
        dataset_digest=metrics.dataset_digest,
        metrics=show_candidate(metrics),
        champion=show_champion(metrics),
        comparison=metrics.comparison,
    )


def hand_on(
    decision: Decision,
    metrics: Metrics,
    evaluation_uri: str,
    *,
    evaluation_digest: str,
    smoke_digest: str,
    archive_uri: str,
    cost: str,
    quality_digest: str,
) -> PassedGate:
    """What a candidate that passed takes along to the registration and to the person who approves."""
    return PassedGate(
        passed=decision.passed,
        summary=decision.summary,
        reasons=tuple(shorten(decision.reasons)),
        model_digest=metrics.candidate.model_digest,
        archive_digest=metrics.candidate.archive_digest,
        evaluation_digest=evaluation_digest,
        smoke_digest=smoke_digest,
        archive_uri=archive_uri,
        report_uri=evaluation_uri + REPORT,
        metrics_uri=evaluation_uri + METRICS,
        metrics=show_candidate(metrics),
        champion=show_champion(metrics),
        properties=RegisteredFigures.of(metrics).properties(),
        cost=cost,
        quality_uri=evaluation_uri + QUALITY_FILE,
        quality_digest=quality_digest,
        registry_task=TASKS[metrics.task],
    )


def show_candidate(metrics: Metrics) -> CandidateFigures:
    """The candidate's figures with their intervals; a figure that the task does not have is None."""
    candidate = metrics.candidate
    return CandidateFigures(metrics.task, list_figures(candidate), metrics.images, candidate.intervals)


def show_champion(metrics: Metrics) -> ChampionFigures | None:
    """The figures of production's model on the same images; None for a first model."""
    measured = metrics.champion
    return None if measured is None else ChampionFigures(list_figures(measured), measured.package_version)


def list_figures(score: ModelScore) -> dict[str, float | None]:
    """Every figure by its name."""
    return {name: score.figure(name) for name in FIGURE_NAMES}


def shorten(reasons: tuple[str, ...]) -> list[str]:
    """As many reasons as travel, and how many more there are."""
    more = len(reasons) - REASONS_SHOWN
    return [*reasons[:REASONS_SHOWN], *([f"and {more} more in gate.json"] if more > 0 else [])]
