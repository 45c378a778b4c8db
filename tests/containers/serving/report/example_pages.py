"""Pages of made-up runs of every task.

``python -m tests.containers.serving.report.example_pages FOLDER`` writes them all. Drawn and computed from seeds, so
the same pages come out every time. Figures are plausible, not measured.
"""

from __future__ import annotations

import base64
import io
import math
import random
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw

from containers.serving.report.evidence import (
    Confusion,
    Curve,
    Evidence,
    Point,
    ReportBox,
    ReportPicture,
    count_right,
)
from containers.serving.report.page import Page, write_page
from tests.containers.serving.report.example_documents import contact_sheet, dataset, former, record, training
from workflow.contract.feedback_figures import PeriodFigures, Share
from workflow.contract.glance import MOST_PICTURES, GlancePicture, Shape, View
from workflow.contract.precision_choice import PrecisionChoice, Tried
from workflow.contract.scores import QUALITY, ClassScore, Comparison, Interval, Lead, Metrics, ModelScore, figures_of

FASTENERS = ("bolt", "hexagonal nut", "washer", "anchor", "wing nut")
_OBJECTS = (
    "person, bicycle, car, motorcycle, airplane, bus, train, truck, boat, traffic light, fire hydrant, stop sign, "
    "parking meter, bench, bird, cat, dog, horse, sheep, cow, elephant, bear, zebra, giraffe, backpack, umbrella, "
    "handbag, tie, suitcase, frisbee, skis, snowboard, sports ball, kite, baseball bat, baseball glove, skateboard, "
    "surfboard, tennis racket, bottle, wine glass, cup, fork, knife, spoon, bowl, banana, apple, sandwich, orange, "
    "broccoli, carrot, hot dog, pizza, donut, cake, chair, couch, potted plant, bed, dining table, toilet, tv, "
    "laptop, mouse, remote, keyboard, cell phone, microwave, oven, toaster, sink, refrigerator, book, clock, vase, "
    "scissors, teddy bear, hair drier, toothbrush "
)
COCO = tuple(_OBJECTS.strip().split(", "))


def example(
    task: str = "detect",
    classes: tuple[str, ...] = FASTENERS,
    *,
    pictures: int = 40,
    shown: int = 6,
    champion: bool = True,
) -> Page:
    """A run of a task over some classes, beside a champion or as the first model."""
    chance = random.Random(f"{task} {len(classes)}")
    metrics = _metrics(chance, task, classes, pictures, champion)
    evidence = Evidence(
        metrics=metrics,
        missed=0 if task == "classify" else metrics.objects // 9,
        wrong=metrics.objects // 12,
        curves=() if task == "classify" else _curves(metrics),
        confusion=_confusion(chance, metrics),
        pictures=tuple(_picture(chance, task, classes, at) for at in range(shown)),
        production=count_right(metrics, metrics.objects // 7, metrics.objects // 10) if champion else None,
    )
    evidence = replace(evidence, worst=tuple(_glance(one, champion) for one in evidence.pictures[:MOST_PICTURES]))
    data = dataset(chance, task, classes, "d" * 64)
    return Page(
        run="2026-11-21T10-14-03",
        evidence=evidence,
        record=record(task),
        trials=(),
        training=training(chance, task),
        dataset=data,
        champion_dataset=former(data).document() if champion else None,
        contact_sheet=contact_sheet(chance),
        preparation={"version": 1, "seconds": 30.4, "inspected_seconds": 12, "instances": 2},
        evaluation_seconds=31.7,
        real=_real() if champion else None,
        choice=_choice(task, metrics.quality, pictures),
    )


def _choice(task: str, quality: float, pictures: int) -> PrecisionChoice:
    """bf16 serves; int8 is faster by little and may lose too much."""
    interval = Interval(max(0.0, quality - 0.05), min(1.0, quality + 0.04))
    tried = (
        Tried("f32", quality, interval, 58.2),
        Tried("bf16", quality - 0.0002, interval, 17.1, Lead(-0.0002, -0.0011, 0.0008)),
        Tried(
            "int8", quality - 0.009, interval, 16.0, Lead(-0.009, -0.0142, -0.0031), "may lose 0.0142, more than 0.005"
        ),
    )
    reason = "takes 29% of the time of f32 and loses at most 0.0011"
    return PrecisionChoice("bf16", reason, QUALITY[task], pictures, 2 * pictures, "Intel(R) Xeon(R) Processor", tried)


def _real() -> PeriodFigures:
    """What people said of production's answers."""
    first, last = "2026-11-02T08:00:00+00:00", "2026-11-20T17:30:00+00:00"
    precision, recall = Share.count(171, 180, 110.0), Share.count(171, 192, 96.5)
    return PeriodFigures("p" * 64, "", first, last, Share.count(229, 255), 85, precision, recall)


def bare() -> Page:
    """A page of which only what was measured is known, on too few pictures for an interval."""
    page = example(champion=False, pictures=5, shown=0)
    metrics = page.evidence.metrics
    scores = tuple(replace(score, interval=None) for score in metrics.candidate.per_class)
    candidate = replace(metrics.candidate, intervals={}, per_class=scores)
    return Page(
        "run-1",
        replace(page.evidence, metrics=replace(metrics, candidate=candidate)),
        None,
        (),
        None,
        None,
        None,
        None,
        None,
        0.4,
    )


def tuned() -> Page:
    """A run that searched: seven trials, one of them without a figure."""
    trials = [
        {
            "TrainingJobName": f"greenlight-2026-11-21t10-14-03-00{at}-{at:08x}",
            "TrainingJobStatus": "Completed",
            "TunedHyperParameters": {"lr0": f"{0.01 / at:.20f}", "mosaic": str(0.1 * at), "optimizer": '"AdamW"'},
            "FinalHyperParameterTuningJobObjectiveMetric": {"MetricName": "quality", "Value": 0.7 - 0.03 * abs(3 - at)},
            "TrainingStartTime": f"2026-11-21T10:{10 + 6 * at}:00Z",
            "TrainingEndTime": f"2026-11-21T10:{14 + 6 * at}:30+00:00",
        }
        for at in range(1, 7)
    ]
    stopped = {"TrainingJobName": "greenlight-2026-11-21t10-14-03-007-0000abcd", "TrainingJobStatus": "Failed"}
    return replace(example(), trials=(*trials, stopped))


PAGES: Mapping[str, Callable[[], Page]] = {
    "detect": example,
    "first": lambda: example(champion=False),
    "pose": lambda: example("pose", ("person",)),
    "segment": lambda: example("segment", ("cell", "nucleus", "debris")),
    "obb": lambda: example("obb", ("ship", "plane")),
    "classify": lambda: example("classify", ("cat", "dog", "horse", "sheep")),
    "many": lambda: example("detect", COCO, pictures=300, shown=12),
    "bare": bare,
    "tuned": tuned,
}


def _metrics(chance: random.Random, task: str, classes: tuple[str, ...], pictures: int, champion: bool) -> Metrics:
    new = _score(chance, task, classes, 0.0)
    old = replace(_score(chance, task, classes, -0.02), package_version=3, model_digest="p" * 64) if champion else None
    comparison = None
    if old is not None:
        former = {score.name: score for score in old.per_class}
        leads = {
            score.name: _lead(score.quality - former[score.name].quality, 0.05)
            for score in new.per_class[:-1] or new.per_class
        }
        quality = QUALITY[task]
        comparison = Comparison(_lead((new.figure(quality) or 0) - (old.figure(quality) or 0), 0.03), leads)
    objects = sum(score.objects for score in new.per_class)
    return Metrics(
        dataset_digest="d" * 64,
        images=pictures,
        objects=objects,
        confidence=0.25,
        candidate=new,
        champion=old,
        task=task,
        comparison=comparison,
        code_digest="e" * 64,
        container=f"123456789012.dkr.ecr.us-east-1.amazonaws.com/greenlight-serving@sha256:{'f' * 64}",
    )


def _lead(value: float, half: float) -> Lead:
    return Lead(value, value - half, value + half)


def _score(chance: random.Random, task: str, classes: tuple[str, ...], shift: float) -> ModelScore:
    per_class = []
    for at, name in enumerate(classes):
        quality = min(0.98, max(0.0, 0.5 + 0.45 * at / max(1, len(classes) - 1) + chance.uniform(-0.05, 0.05) + shift))
        boxes = task != "classify"
        per_class.append(
            ClassScore(
                name=name,
                objects=0 if len(classes) > 4 and at == 3 else chance.randint(4, 60),
                map50=min(1, quality + 0.15) if boxes else None,
                map50_95=max(0, quality - 0.03 * (task in ("pose", "segment"))) if boxes else None,
                precision=min(1, quality + 0.12),
                recall=quality if task == "classify" else min(1, quality + 0.06),
                f1=min(1, quality + 0.09),
                quality=quality,
                interval=Interval(max(0, quality - 0.09), min(1, quality + 0.07)),
            )
        )
    mean = sum(score.quality for score in per_class) / len(per_class)
    figures = {
        name: min(1.0, mean + (0.0 if name == QUALITY[task] else 0.14 if name.endswith("50") else 0.05))
        for name in figures_of(task)
    }
    all_figures: dict[str, Any] = {"map50": None, "map50_95": None, **figures}
    return ModelScore(
        model_digest="c" * 64,
        archive_digest="a" * 64,
        per_class=tuple(per_class),
        latency_p50_ms=16.1 + 40 * -shift,
        latency_p99_ms=21.4,
        model_bytes=12_300_000,
        serves_in="bf16" if shift == 0.0 else "f32",
        intervals={name: Interval(max(0, value - 0.06), min(1, value + 0.05)) for name, value in figures.items()},
        **all_figures,
    )


def _curves(metrics: Metrics) -> tuple[Curve, ...]:
    recalls = tuple(at / 100 for at in range(101))

    def curve(name: str, quality: float) -> Curve:
        steep, end = 2 + 10 * quality, min(1, quality + 0.2)
        return Curve(name, recalls, tuple(max(0.0, 1 - recall**steep) if recall <= end else 0.0 for recall in recalls))

    scores = [score for score in metrics.candidate.per_class if score.objects]
    return (curve("all", metrics.quality), *(curve(score.name, score.quality) for score in scores))


def _confusion(chance: random.Random, metrics: Metrics) -> Confusion:
    scores = metrics.candidate.per_class
    nothing = 0 if metrics.task == "classify" else 1
    counts = [[0] * (len(scores) + nothing) for _ in range(len(scores) + nothing)]
    for at, score in enumerate(scores):
        for _ in range(score.objects):
            right = chance.random() < score.recall
            counts[at][at if right else chance.randrange(len(scores) + nothing)] += 1
        if nothing:
            counts[-1][at] = chance.randrange(4)
    return Confusion(tuple(score.name for score in scores), tuple(map(tuple, counts)))


def _picture(chance: random.Random, task: str, classes: tuple[str, ...], at: int) -> ReportPicture:
    width, height = chance.choice([(640, 480), (480, 640), (640, 427)])
    image = Image.linear_gradient("L").resize((width, height)).rotate(180 * (at % 2)).convert("RGB")
    draw = ImageDraw.Draw(image)
    boxes = []
    for _ in range(chance.randint(2, 5) + (14 if at == 0 else 0)):
        name, kind = chance.choice(classes), chance.choice(("right", "right", "wrong", "missed"))
        left, top = chance.uniform(0, 0.8), chance.uniform(0, 0.8)
        right, bottom = left + chance.uniform(0.08, 0.2), top + chance.uniform(0.1, 0.2)
        colour = tuple(chance.randrange(60, 220) for _ in range(3))
        draw.ellipse((left * width, top * height, right * width, bottom * height), fill=colour)
        label = name if kind == "missed" else f"{name} {chance.uniform(0.26, 0.98):.2f}"
        middle = ((left + right) / 2, (top + bottom) / 2)
        ring = _ring(middle, (right - left) / 2, (bottom - top) / 2, 40)
        outlines = {"segment": (ring,), "obb": (_ring(middle, (right - left) / 2, (bottom - top) / 2, 4),)}.get(
            task, ()
        )
        points = ring[::8] if task == "pose" else ()
        boxes.append(ReportBox(kind, label, (left, top, right, bottom), outlines, points))
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=80)
    if task == "classify":
        true, said = chance.sample(classes, 2)
        caption = f"labelled {true}, named {said} {chance.uniform(0.4, 0.98):.2f}"
        return ReportPicture(f"{at:06}.jpg", width, height, stream.getvalue(), (), caption)
    return ReportPicture(f"series-{at}/IMG_{at:06}.jpg", width, height, stream.getvalue(), tuple(boxes))


def _glance(picture: ReportPicture, champion: bool) -> GlancePicture:
    """Smaller, with other mistakes on production's side."""
    stream = io.BytesIO()
    Image.open(io.BytesIO(picture.jpeg)).resize((picture.width // 2, picture.height // 2)).save(stream, "JPEG")
    shapes = tuple(
        Shape(box.kind, box.label, box.sides, tuple(map(_flat, box.outlines)), _flat(box.keypoints))
        for box in picture.boxes
    )
    others = tuple(replace(shape, kind="missed" if at % 2 else "right") for at, shape in enumerate(shapes))
    return GlancePicture(
        name=picture.name,
        width=picture.width,
        height=picture.height,
        jpeg=base64.b64encode(stream.getvalue()).decode(),
        candidate=View(shapes, picture.caption),
        production=View(others, picture.caption) if champion else None,
    )


def _flat(points: Iterable[Point]) -> tuple[float, ...]:
    return tuple(min(1.0, max(0.0, place)) for point in points for place in point)


def _ring(middle: Point, across: float, up: float, corners: int) -> tuple[Point, ...]:
    angles = [2 * math.pi * (at + 0.3) / corners for at in range(corners)]
    return tuple((middle[0] + across * math.cos(angle), middle[1] + up * math.sin(angle)) for angle in angles)


if __name__ == "__main__":
    for name, page in PAGES.items():
        write_page(Path(sys.argv[1]) / name, page())
