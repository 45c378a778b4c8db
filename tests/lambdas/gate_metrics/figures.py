"""``metrics.json`` and a plan's thresholds, where everything not named is as it should be."""

from __future__ import annotations

from typing import Any

from lambdas.gate_metrics.decision import Decision, Evidence, decide
from workflow.contract.build_plan import PlannedChampion
from workflow.contract.scores import QUALITY, figures_of
from workflow.contract.smoke import Expectation

MODEL, ARCHIVE, OTHER = "a" * 64, "b" * 64, "c" * 64
PACKAGE = "arn:aws:sagemaker:us-east-1:123456789012:model-package/greenlight/3"
PLANNED = PlannedChampion(PACKAGE, 3, "s3://bucket/runs/zero/evaluation/")
THRESHOLDS: dict[str, Any] = {
    "minimum_map50": 0.8,
    "minimum_map50_95": 0.5,
    "minimum_keypoint_map50_95": 0.5,
    "minimum_mask_map50_95": 0.5,
    "minimum_top1": 0.5,
    "minimum_class_map50": 0.6,
    "class_floors": {},
    "minimum_images": 10,
    "minimum_class_objects": 1,
    "maximum_regression": 0.02,
    "maximum_class_regression": 0.1,
    "maximum_latency_ms": 0.0,
    "maximum_model_mb": 0.0,
}
FIGURES = {
    "map50": 0.964,
    "map50_95": 0.7,
    "keypoint_map50": 0.95,
    "keypoint_map50_95": 0.72,
    "mask_map50": 0.95,
    "mask_map50_95": 0.71,
    "top1": 0.9,
    "top5": 0.99,
    "precision": 0.95,
    "recall": 0.94,
    "f1": 0.945,
}


def classed(name: str = "bolt", objects: Any = 30, task: str = "detect", **changes: Any) -> dict[str, Any]:
    """The figures of one class."""
    boxes = {"map50": None, "map50_95": None} if task == "classify" else {"map50": 0.95, "map50_95": 0.7}
    common = {"precision": 0.9, "recall": 0.9, "f1": 0.9, "quality": 0.7, "interval": None}
    return {"name": name, "objects": objects, **boxes, **common, **changes}


def scored(task: str = "detect", **changes: Any) -> dict[str, Any]:
    """The figures of one model, as the evaluation writes them."""
    has = figures_of(task)
    return {
        "model_digest": MODEL,
        "archive_digest": ARCHIVE,
        **{name: value if name in has else None for name, value in FIGURES.items()},
        "per_class": [classed("bolt", 30, task), classed("washer", 23, task)],
        "latency_p50_ms": 20.0,
        "latency_p99_ms": 30.0,
        "model_bytes": 12_000_000,
        "intervals": {},
        **changes,
    }


def production(task: str = "detect", **changes: Any) -> dict[str, Any]:
    """The champion's figures."""
    return scored(task, model_digest=OTHER, model_package_arn=PACKAGE, package_version=3, **changes)


def measured(candidate: Any = None, champion: Any = None, task: str = "detect", **changes: Any) -> dict[str, Any]:
    """``metrics.json``, with a comparison that agrees with the scores and knows no interval."""
    ours = candidate or scored(task)
    return {
        "version": 1,
        "task": task,
        "data": {"digest": "d" * 64, "images": 16, "objects": 53},
        "confidence": 0.25,
        "code_digest": "",
        "container": "",
        "candidate": ours,
        "champion": champion,
        "comparison": None if champion is None else compared(ours, champion, task),
        **changes,
    }


def compared(ours: dict[str, Any], theirs: dict[str, Any], task: str) -> dict[str, Any]:
    """What the evaluation says of two scores."""
    known = {score["name"]: score["quality"] for score in theirs["per_class"]}
    return {
        "overall": lead(ours[QUALITY[task]] - theirs[QUALITY[task]]),
        "per_class": {
            score["name"]: lead(score["quality"] - known[score["name"]])
            for score in ours["per_class"]
            if score["name"] in known
        },
    }


def smoked(**changes: Any) -> dict[str, Any]:
    """``smoke.json``, with one picture in which the candidate finds nothing."""
    picture = {"file": "0.jpg", "detections": []}
    return {"version": 1, "model_digest": MODEL, "confidence": 0.25, "images": [picture], **changes}


SMOKE = Expectation.parse(smoked())


def lead(value: float, low: float | None = None, high: float | None = None) -> dict[str, Any]:
    """How far the candidate is ahead."""
    return {"value": value, "low": low, "high": high}


def judge(metrics: Any = None, champion: Any = None, limits: Any = None, **more: Any) -> Decision:
    """The decision. ``limits`` replace thresholds by name."""
    return decide(
        Evidence(
            metrics=measured() if metrics is None else metrics,
            thresholds={**THRESHOLDS, **(limits or {})},
            champion=champion,
            training_status=more.get("training_status", "Completed"),
            archive_digest=more.get("archive_digest", ARCHIVE),
            has_report=more.get("has_report", True),
            smoke=more.get("smoke", SMOKE),
            compare=more.get("compare", True),
            loosened=more.get("loosened", ()),
        )
    )
