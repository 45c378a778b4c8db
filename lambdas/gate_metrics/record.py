"""What the gate leaves behind: ``gate.json`` beside the figures, and the value the next states read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from lambdas.gate_metrics.decision import Decision
from workflow.contract.reading import VERSION
from workflow.contract.scores import FIGURE_NAMES, QUALITY, Metrics, ModelScore

REASONS_SHOWN = 50
"""Reasons that travel with the execution, whose data may have 256 KiB; ``gate.json`` has them all."""

UNKNOWN = "none"
"""A figure that a task does not have, where the registry takes text alone and no empty one."""


def document(decision: Decision, thresholds: Mapping[str, Any]) -> dict[str, Any]:
    """``gate.json``: the decision with everything it was measured against, for whoever asks later."""
    return {
        "version": VERSION,
        "passed": decision.passed,
        "summary": decision.summary,
        "reasons": list(decision.reasons),
        "thresholds": dict(thresholds),
        **({} if decision.metrics is None else judged(decision.metrics)),
    }


def judged(metrics: Metrics) -> dict[str, Any]:
    """What the decision is about: model and archive, candidate beside production, on which images."""
    return {
        **digests(metrics),
        "dataset_digest": metrics.dataset_digest,
        "metrics": candidate(metrics),
        "champion": champion(metrics),
        "comparison": None if metrics.comparison is None else asdict(metrics.comparison),
    }


def result(decision: Decision, metrics: Metrics, evaluation_uri: str) -> dict[str, Any]:
    """What a passed gate hands on to the registration and to the person who approves."""
    return {
        "passed": decision.passed,
        "summary": decision.summary,
        "reasons": shortened(decision.reasons),
        **digests(metrics),
        "report_uri": evaluation_uri + "report/index.html",
        "metrics_uri": evaluation_uri + "metrics.json",
        "metrics": candidate(metrics),
        "champion": champion(metrics),
        "properties": properties(metrics),
    }


def candidate(metrics: Metrics) -> dict[str, Any]:
    """The candidate's figures with its task and their intervals; a figure that the task does not have is None."""
    intervals = {name: asdict(interval) for name, interval in metrics.candidate.intervals.items()}
    return {"task": metrics.task, **figures(metrics.candidate), "images": metrics.images, "intervals": intervals}


def champion(metrics: Metrics) -> dict[str, Any] | None:
    """The figures of production's model on the same images; None for a first model."""
    measured = metrics.champion
    return None if measured is None else {**figures(measured), "package_version": measured.package_version}


def figures(score: ModelScore) -> dict[str, float | None]:
    """Every figure by its name."""
    return {name: score.figure(name) for name in FIGURE_NAMES}


def properties(metrics: Metrics) -> dict[str, str]:
    """The figures as the registry keeps them, each as text of its own (CreateModelPackage, CustomerMetadataMap)."""
    name = QUALITY[metrics.task]
    shown = {figure: metrics.candidate.figure(figure) for figure in ("map50", "map50_95", "precision", "recall")}
    return {
        "task": metrics.task,
        "quality_name": name,
        "quality": repr(metrics.quality),
        **{figure: UNKNOWN if value is None else repr(value) for figure, value in shown.items()},
        "images": str(metrics.images),
    }


def shortened(reasons: tuple[str, ...]) -> list[str]:
    """As many reasons as travel, and how many more there are."""
    more = len(reasons) - REASONS_SHOWN
    return [*reasons[:REASONS_SHOWN], *([f"and {more} more in gate.json"] if more > 0 else [])]


def digests(metrics: Metrics) -> dict[str, str]:
    """Which model and which archive the decision is about."""
    return {"model_digest": metrics.candidate.model_digest, "archive_digest": metrics.candidate.archive_digest}
