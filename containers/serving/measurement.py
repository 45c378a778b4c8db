"""Measures one predictor on the held-out images.

Two readings of one inference: every class above 0.001, which average precision needs, and the answer that is
served at the chosen confidence, which precision, recall, latency and the pictures of the report are about.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np

from containers.serving.average_precision import (
    Flags,
    Matches,
    average_precision,
    match,
    mean_over_present,
    precision_and_recall,
)
from containers.serving.detection import Detections, Floats, Thresholds
from containers.serving.held_out import HeldOut, HeldOutError, Picture
from containers.serving.image import as_sent
from containers.serving.image_header import ImageError
from containers.serving.predictor import Predictor
from workflow.contract import ClassScore, ModelScore

LOWEST_CONFIDENCE = 0.001
"""Average precision looks at nearly everything a model says, as ultralytics' ``val`` does."""


@dataclass(frozen=True)
class Seen:
    """What a model answered for one picture at the served confidence, judged at overlap 0.5.

    ``right`` says which detections [n] find a true box, ``missed`` which true boxes [objects] nothing finds.
    """

    picture: Picture
    width: int
    height: int
    detections: Detections
    right: Flags
    missed: Flags

    @property
    def mistakes(self) -> int:
        """Objects missed plus detections that are wrong."""
        return int(self.missed.sum()) + int((~self.right).sum())


@dataclass(frozen=True)
class Measurement:
    """All a model said of the held-out images, in the class order of the held-out data."""

    seen: tuple[Seen, ...]
    everything: Matches
    served: Matches
    milliseconds: Floats
    precisions: Floats

    def score(self, held_out: HeldOut, model_digest: str, archive_digest: str, model_bytes: int) -> ModelScore:
        """The figures of ``metrics.json``; precision and recall at the served confidence."""
        count = len(held_out.classes)
        objects = np.bincount(self.everything.true_classes, minlength=count)
        shares = precision_and_recall(self.served, count)
        return ModelScore(
            model_digest=model_digest,
            archive_digest=archive_digest,
            map50=mean_over_present(self.precisions[:, 0], objects),
            map50_95=mean_over_present(self.precisions.mean(axis=1), objects),
            precision=mean_over_present(shares[:, 0], objects),
            recall=mean_over_present(shares[:, 1], objects),
            per_class=tuple(
                ClassScore(
                    name=name,
                    objects=int(objects[at]),
                    map50=float(self.precisions[at, 0]),
                    map50_95=float(self.precisions[at].mean()),
                    precision=float(shares[at, 0]),
                    recall=float(shares[at, 1]),
                )
                for at, name in enumerate(held_out.classes)
            ),
            latency_p50_ms=_percentile(self.milliseconds, 50),
            latency_p99_ms=_percentile(self.milliseconds, 99),
            model_bytes=model_bytes,
        )


def measure(predictor: Predictor, held_out: HeldOut, confidence: float) -> Measurement:
    """Run every held-out image through the predictor. Raises HeldOutError for an image that cannot be read.

    Classes are matched by name, so a champion trained on other classes is judged on those it shares.
    """
    order = np.array([_index(held_out.classes, name) for name in predictor.manifest.classes])
    seen, rows, served_rows, milliseconds = [], [], [], []
    for picture in held_out.pictures:
        try:
            sent = as_sent(picture.path)
            started = time.perf_counter()
            inference = predictor.infer(sent)
        except ImageError as error:
            raise HeldOutError(f"{picture.name}: {error}") from None
        served = _translate(inference.detections(Thresholds(confidence=confidence)), order)
        milliseconds.append((time.perf_counter() - started) * 1000)
        everything = _translate(inference.detections(Thresholds(confidence=LOWEST_CONFIDENCE), every_class=True), order)
        boxes = picture.boxes_in_pixels(inference.width, inference.height)
        rows.append((everything, match(everything.boxes, everything.classes, boxes, picture.classes) >= 0))
        found = match(served.boxes, served.classes, boxes, picture.classes)
        served_rows.append((served, found >= 0))
        missed = ~np.isin(np.arange(len(boxes)), found[:, 0])
        seen.append(Seen(picture, inference.width, inference.height, served, found[:, 0] >= 0, missed))
    matches = _collect(rows, held_out)
    return Measurement(
        tuple(seen),
        matches,
        _collect(served_rows, held_out),
        np.array(milliseconds),
        average_precision(matches, len(held_out.classes)),
    )


def _index(classes: tuple[str, ...], name: str) -> int:
    return classes.index(name) if name in classes else -1


def _translate(detections: Detections, order: np.ndarray) -> Detections:
    named = Detections(detections.boxes, detections.scores, order[detections.classes])
    return named.keep(named.classes >= 0)


def _collect(rows: list[tuple[Detections, Flags]], held_out: HeldOut) -> Matches:
    none = (Detections.none(), np.zeros((0, 10), dtype=bool))
    parts = [none, *rows]
    return Matches(
        right=np.concatenate([right for _, right in parts]),
        scores=np.concatenate([found.scores for found, _ in parts]),
        classes=np.concatenate([found.classes for found, _ in parts]),
        pictures=np.repeat(np.arange(len(parts)) - 1, [len(found) for found, _ in parts]),
        true_classes=np.concatenate([np.zeros(0, np.int64), *(picture.classes for picture in held_out.pictures)]),
        true_pictures=np.repeat(
            np.arange(len(held_out.pictures)), [len(picture.classes) for picture in held_out.pictures]
        ).astype(np.int64),
    ).by_score()


def _percentile(values: Floats, percent: float) -> float:
    return round(float(np.percentile(values, percent)), 3) if len(values) else 0.0
