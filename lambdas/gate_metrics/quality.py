"""``model-quality.json``: the candidate's figures in the layout that SageMaker's own pages read. Pure.

SageMaker shows a version's ModelQuality statistics as groups of ``{figure: {"value", "standard_deviation"}}``, as its
Model Monitor writes them. Nobody decides by this document and no decision names it: that is ``metrics.json``.
"""

from __future__ import annotations

from typing import Any

from workflow.contract.scores import QUALITY, Interval, Metrics, figures_of

QUALITY_FILE = "model-quality.json"

GROUPS = {
    "detect": "object_detection_metrics",
    "obb": "object_detection_metrics",
    "pose": "keypoint_detection_metrics",
    "segment": "instance_segmentation_metrics",
    "classify": "multiclass_classification_metrics",
}
SAME_AS = {"top1": "accuracy"}
"""What SageMaker calls a figure that it knows itself."""

TASKS = {
    "detect": "OBJECT_DETECTION",
    "obb": "OBJECT_DETECTION",
    "pose": "OTHER",
    "segment": "IMAGE_SEGMENTATION",
    "classify": "IMAGE_CLASSIFICATION",
}
"""What the registry calls a task, of the names that it documents."""

UNKNOWN = "NaN"
"""What Model Monitor writes for a deviation that nobody knows: JSON has no such number."""

NORMAL_95 = 1.96
"""Standard deviations from the middle of a normal distribution that hold 95 % of it."""


def write_quality(metrics: Metrics) -> dict[str, Any]:
    """The candidate's figures, and by class the one that decides; all are fractions of 1."""
    candidate = metrics.candidate
    figures = {
        SAME_AS.get(name, name): _measured(candidate.figure(name), candidate.intervals.get(name))
        for name in figures_of(metrics.task)
    }
    classes = {one.name: _measured(one.quality, one.interval) for one in candidate.per_class}
    decides = QUALITY[metrics.task]
    return {GROUPS[metrics.task]: figures, f"{SAME_AS.get(decides, decides)}_by_class": classes}


def _measured(value: float | None, interval: Interval | None) -> dict[str, Any]:
    deviation = UNKNOWN if interval is None else (interval.high - interval.low) / (2 * NORMAL_95)
    return {"value": value, "standard_deviation": deviation}
