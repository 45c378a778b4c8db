"""What the gate leaves behind: ``gate.json`` beside the figures, and the value the next states read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lambdas.gate_metrics.decision import Decision
from workflow.contract import VERSION, Metrics


def document(decision: Decision, thresholds: Mapping[str, Any]) -> dict[str, Any]:
    """``gate.json``: the decision with everything it was measured against, for whoever asks later."""
    return {
        "version": VERSION,
        "passed": decision.passed,
        "summary": decision.summary,
        "reasons": list(decision.reasons),
        "thresholds": dict(thresholds),
        **({} if decision.metrics is None else digests(decision.metrics)),
    }


def result(decision: Decision, metrics: Metrics, evaluation_uri: str) -> dict[str, Any]:
    """What a passed gate hands on to the registration and to the person who approves."""
    candidate, champion = metrics.candidate, metrics.champion
    return {
        "passed": decision.passed,
        "summary": decision.summary,
        "reasons": list(decision.reasons),
        **digests(metrics),
        "report_uri": evaluation_uri + "report/index.html",
        "metrics_uri": evaluation_uri + "metrics.json",
        "metrics": {
            "map50": candidate.map50,
            "map50_95": candidate.map50_95,
            "precision": candidate.precision,
            "recall": candidate.recall,
            "images": metrics.images,
        },
        "champion": None
        if champion is None
        else {
            "map50": champion.map50,
            "map50_95": champion.map50_95,
            "precision": champion.precision,
            "recall": champion.recall,
            "package_version": champion.package_version,
        },
    }


def digests(metrics: Metrics) -> dict[str, str]:
    """Which model and which archive the decision is about."""
    return {"model_digest": metrics.candidate.model_digest, "archive_digest": metrics.candidate.archive_digest}
