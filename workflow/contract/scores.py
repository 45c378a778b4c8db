"""``metrics.json``: what candidate and champion scored on the same held-out images.

All figures are fractions of 1. A task fills the figures it has and leaves the others null: ``map50`` and ``map50_95``
are those of boxes and are null for a classifier; ``keypoint_…`` is pose's alone, ``mask_…`` segment's, ``top1`` and
``top5`` classify's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from workflow.contract import reading
from workflow.contract.model import TASKS
from workflow.contract.reading import VERSION, ContractError, check_version, mapping

QUALITY: Mapping[str, str] = {
    "detect": "map50_95",
    "obb": "map50_95",
    "pose": "keypoint_map50_95",
    "segment": "mask_map50_95",
    "classify": "top1",
}
"""The one figure by which two models of a task are compared."""

FIGURE_NAMES: Mapping[str, str] = {
    "map50": "mAP50",
    "map50_95": "mAP50-95",
    "keypoint_map50": "keypoint mAP50",
    "keypoint_map50_95": "keypoint mAP50-95",
    "mask_map50": "mask mAP50",
    "mask_map50_95": "mask mAP50-95",
    "top1": "top-1 accuracy",
    "top5": "top-5 accuracy",
    "precision": "precision",
    "recall": "recall",
    "f1": "F1",
}
"""Every figure of a model that is a fraction of 1, as people read it, in the order in which it is shown."""

FIGURES_OF: Mapping[str, tuple[str, ...]] = {
    "detect": ("map50", "map50_95"),
    "obb": ("map50", "map50_95"),
    "pose": ("map50", "map50_95", "keypoint_map50", "keypoint_map50_95"),
    "segment": ("map50", "map50_95", "mask_map50", "mask_map50_95"),
    "classify": ("top1", "top5"),
}
SHARED_FIGURES = ("precision", "recall", "f1")


def figures_of(task: str) -> tuple[str, ...]:
    """The figures that a model of this task has, all of FIGURE_NAMES, in the order in which they are shown."""
    return (*FIGURES_OF[task], *SHARED_FIGURES)


@dataclass(frozen=True)
class Interval:
    """The middle 95 % of a figure over bootstrap draws of the held-out images."""

    low: float
    high: float


@dataclass(frozen=True)
class Lead:
    """How far the candidate is ahead of the champion in one figure (negative: behind).

    ``low`` and ``high`` are the middle 95 % over draws of the same images for both, None where too few were held out.
    """

    value: float
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Comparison:
    """Candidate against champion by the task's QUALITY figure: ``overall``, and for each class both models know."""

    overall: Lead
    per_class: Mapping[str, Lead]


@dataclass(frozen=True)
class ClassScore:
    """Figures of one class; ``objects`` is how many true boxes (classify: pictures) of it were held out.

    ``quality`` is the class's part in the task's QUALITY figure (classify: the share of its pictures named right),
    ``interval`` that of ``quality``. ``map50`` and ``map50_95`` are null for a classifier.
    """

    name: str
    objects: int
    map50: float | None
    map50_95: float | None
    precision: float
    recall: float
    f1: float = 0.0
    quality: float = 0.0
    interval: Interval | None = None


@dataclass(frozen=True)
class ModelScore:
    """Figures of one model on the held-out images; latencies in milliseconds, size of ``model.onnx`` in bytes.

    ``precision``, ``recall`` and ``f1`` are those at the served confidence. ``intervals`` maps figures to theirs and is
    empty where too few images were held out. ``serves_in`` is the one of PRECISIONS that it computes in, empty where
    nobody said.
    """

    model_digest: str
    archive_digest: str
    map50: float | None
    map50_95: float | None
    precision: float
    recall: float
    per_class: tuple[ClassScore, ...]
    latency_p50_ms: float
    latency_p99_ms: float
    model_bytes: int
    model_package_arn: str = ""
    package_version: int = 0
    f1: float = 0.0
    keypoint_map50: float | None = None
    keypoint_map50_95: float | None = None
    mask_map50: float | None = None
    mask_map50_95: float | None = None
    top1: float | None = None
    top5: float | None = None
    intervals: Mapping[str, Interval] = field(default_factory=dict)
    serves_in: str = ""

    def figure(self, name: str) -> float | None:
        """One of FIGURE_NAMES."""
        value: float | None = getattr(self, name)
        return value


@dataclass(frozen=True)
class Metrics:
    """``metrics.json``. ``objects`` counts true boxes (classify: labelled pictures).

    ``code_digest`` is that of the evaluating program, ``container`` the image it ran in, empty where nobody said.
    ``drift_reference_digest`` is that of the file that production is held against, empty where it was not written yet.
    """

    dataset_digest: str
    images: int
    objects: int
    confidence: float
    candidate: ModelScore
    champion: ModelScore | None
    task: str = "detect"
    comparison: Comparison | None = None
    code_digest: str = ""
    container: str = ""
    drift_reference_digest: str = ""

    @staticmethod
    def parse(document: object) -> Metrics:
        """Read ``metrics.json``. Raises ContractError on another version, a missing key, NaN or a wrong type."""
        top = mapping(document, "metrics.json")
        check_version(top, "metrics.json")
        data = mapping(top.get("data"), "data")
        for key in ("champion", "comparison"):
            if key not in top:
                raise ContractError(f"{key}: missing; must be null or an object")
        task = reading.choice(top, "task", "", TASKS)
        champion, comparison = top["champion"], top["comparison"]
        return Metrics(
            dataset_digest=reading.text(data, "digest", "data"),
            images=reading.count(data, "images", "data"),
            objects=reading.count(data, "objects", "data"),
            confidence=reading.number(top, "confidence", ""),
            candidate=_score(top.get("candidate"), "candidate", task),
            champion=None if champion is None else _score(champion, "champion", task),
            task=task,
            comparison=None if comparison is None else _comparison(comparison),
            code_digest=reading.text(top, "code_digest", ""),
            container=reading.text(top, "container", ""),
            drift_reference_digest=reading.text({"drift_reference_digest": "", **top}, "drift_reference_digest", ""),
        )

    def document(self) -> dict[str, Any]:
        """The document as it is written to ``metrics.json``."""
        return {
            "version": VERSION,
            "task": self.task,
            "data": {"digest": self.dataset_digest, "images": self.images, "objects": self.objects},
            "confidence": self.confidence,
            "code_digest": self.code_digest,
            "container": self.container,
            "drift_reference_digest": self.drift_reference_digest,
            "candidate": asdict(self.candidate),
            "champion": None if self.champion is None else asdict(self.champion),
            "comparison": None if self.comparison is None else asdict(self.comparison),
        }

    @property
    def quality(self) -> float:
        """The candidate's figure by which models of its task are compared."""
        return self.candidate.figure(QUALITY[self.task]) or 0.0


def _score(value: object, where: str, task: str) -> ModelScore:
    score = mapping(value, where)
    wanted = figures_of(task)
    return ModelScore(
        **{name: _figure(score, name, where, name in wanted) for name in FIGURE_NAMES},  # type: ignore[arg-type]
        model_digest=reading.text(score, "model_digest", where),
        archive_digest=reading.text(score, "archive_digest", where),
        per_class=tuple(
            _class_score(item, f"{where}.per_class[{at}]", task)
            for at, item in enumerate(reading.sequence(score, "per_class", where))
        ),
        latency_p50_ms=reading.number(score, "latency_p50_ms", where),
        latency_p99_ms=reading.number(score, "latency_p99_ms", where),
        model_bytes=reading.count(score, "model_bytes", where),
        model_package_arn=reading.text({"model_package_arn": "", **score}, "model_package_arn", where),
        package_version=reading.count({"package_version": 0, **score}, "package_version", where),
        intervals={
            name: _interval(entry, f"{where}.intervals.{name}")
            for name, entry in mapping(score.get("intervals"), f"{where}.intervals").items()
        },
        serves_in=reading.text({"serves_in": "", **score}, "serves_in", where),
    )


def _figure(score: Mapping[str, Any], name: str, where: str, wanted: bool) -> float | None:
    """A figure of the task must be a number; one that the task does not have must be null."""
    value = reading.fraction_or_none(score, name, where)
    if wanted and value is None:
        raise ContractError(f"{where}.{name}: must be a finite number, found None")
    if not wanted and value is not None:
        raise ContractError(f"{where}.{name}: must be null for this task, found {value!r}")
    return value


def _class_score(value: object, where: str, task: str) -> ClassScore:
    score = mapping(value, where)
    boxes = task != "classify"
    interval = score.get("interval")
    return ClassScore(
        name=reading.text(score, "name", where),
        objects=reading.count(score, "objects", where),
        map50=_figure(score, "map50", where, boxes),
        map50_95=_figure(score, "map50_95", where, boxes),
        precision=reading.fraction(score, "precision", where),
        recall=reading.fraction(score, "recall", where),
        f1=reading.fraction(score, "f1", where),
        quality=reading.fraction(score, "quality", where),
        interval=None if interval is None else _interval(interval, f"{where}.interval"),
    )


def _interval(value: object, where: str) -> Interval:
    found = mapping(value, where)
    low, high = reading.fraction(found, "low", where), reading.fraction(found, "high", where)
    if low > high:
        raise ContractError(f"{where}: low {low!r} is above high {high!r}")
    return Interval(low, high)


def _comparison(value: object) -> Comparison:
    found = mapping(value, "comparison")
    classes = mapping(found.get("per_class"), "comparison.per_class")
    return Comparison(
        overall=_lead(found.get("overall"), "comparison.overall"),
        per_class={name: _lead(item, f"comparison.per_class.{name}") for name, item in classes.items()},
    )


def _lead(value: object, where: str) -> Lead:
    found = mapping(value, where)
    low, high = (
        None if key in found and found[key] is None else reading.number(found, key, where) for key in ("low", "high")
    )
    if (low is None) != (high is None) or (low is not None and high is not None and low > high):
        raise ContractError(f"{where}: low {low!r} and high {high!r} are no interval")
    return Lead(reading.number(found, "value", where), low, high)
