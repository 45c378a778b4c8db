"""The documents of a made-up run that its page is made of, beside what was measured."""

from __future__ import annotations

import io
import math
import random
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from PIL import Image, ImageDraw

from workflow.contract.dataset_report import ClassCount, DatasetReport, Finding, SplitCount

LOSSES = {
    "detect": ("box_loss", "cls_loss", "dfl_loss"),
    "pose": ("box_loss", "pose_loss", "kobj_loss", "cls_loss", "dfl_loss"),
    "segment": ("box_loss", "seg_loss", "cls_loss", "dfl_loss"),
    "obb": ("box_loss", "cls_loss", "dfl_loss", "angle_loss"),
    "classify": ("loss",),
}


def contact_sheet(chance: random.Random) -> bytes:
    """Eight samples with a box each, as a JPEG."""
    sheet = Image.new("RGB", (1200, 620), "white")
    draw = ImageDraw.Draw(sheet)
    for at in range(8):
        left, top = 10 + at % 4 * 298, 10 + at // 4 * 305
        sheet.paste(Image.radial_gradient("L").resize((288, 290)), (left, top))
        x, y = left + chance.randrange(20, 150), top + chance.randrange(20, 150)
        draw.rectangle((x, y, x + 90, y + 80), outline=(0, 150, 70), width=3)
    stream = io.BytesIO()
    sheet.save(stream, "JPEG", quality=85)
    return stream.getvalue()


def dataset(chance: random.Random, task: str, classes: tuple[str, ...], digest: str) -> DatasetReport:
    """What a preparation reports, with findings of every action but a rejection."""
    counts = tuple(
        ClassCount(
            name,
            {"train": chance.randint(20, 400), "validation": chance.randint(4, 60), "test": chance.randint(4, 60)},
            0.0 if task == "classify" else chance.uniform(14, 240),
        )
        for name in classes
    )
    splits = {
        split: SplitCount(images, sum(one.objects[split] for one in counts))
        for split, images in (("train", 1240), ("validation", 160), ("test", 40))
    }
    findings = (
        Finding(
            "warning",
            "labels/train/0001.txt",
            4,
            "the box leaves the picture by 0.4 pixels",
            "overhanging-box",
            "repaired",
        ),
        Finding(
            "warning",
            "images/train/0007.jpg",
            0,
            "the same picture as images/train/0006.jpg",
            "repeated-image",
            "noted",
        ),
        Finding("warning", "labels/validation/0002.txt", 2, "stands there twice", "repeated-object", "dropped"),
    )
    counted = {"overhanging-box": 31, "repeated-image": 2, "repeated-object": 1, "small-objects": 1}
    sizes = {"640x480": 900, "1280x720": 320, "481x640": 120, "640x427": 60, "500x381": 20, "333x500": 10, "64x64": 10}
    return DatasetReport(digest, classes, splits, 0, 35, findings, task, "coco", None, counts, counted, sizes)


def former(now: DatasetReport) -> DatasetReport:
    """The data before: fewer pictures, without the last class, with one that is gone."""
    kept = [replace(one, objects={**one.objects, "train": one.objects["train"] - 12}) for one in now.class_counts[:-1]]
    counts = (*(kept or now.class_counts), ClassCount("split pin", {"train": 9, "validation": 1, "test": 1}))
    train = SplitCount(1100, sum(one.objects["train"] for one in counts))
    names = tuple(one.name for one in counts)
    return replace(
        now, digest="0" * 64, classes=names, class_counts=counts, splits={**now.splits, "train": train}, findings=()
    )


def training(chance: random.Random, task: str) -> Mapping[str, Any]:
    """A training that was resumed once and stopped early."""
    epochs = []
    for epoch in range(1, 41):
        line: dict[str, Any] = {"epoch": epoch, "seconds": 21.5}
        for at, name in enumerate(LOSSES[task]):
            line[name] = (3.1 - 0.4 * at) * math.exp(-epoch / 14) + 0.6 + chance.uniform(-0.05, 0.05)
        line["quality"] = 0.74 * (1 - math.exp(-epoch / 9)) + chance.uniform(-0.02, 0.02) - 0.001 * max(0, epoch - 30)
        epochs.append(line)
    return {
        "version": 1,
        "epochs": epochs,
        "seconds": 861.2,
        "instance": "ml.g5.xlarge",
        "images": 1240,
        "stopped_early": True,
        "resumed_after": 17,
    }


def record(task: str) -> Mapping[str, Any]:
    """What was planned."""
    return {
        "version": 1,
        "run": "2026-11-21T10-14-03",
        "dataset": "fasteners",
        "started_by": "Ada Lovelace",
        "reason": "the dataset changed",
        "preparation": {"task": task, "format": "auto", "policy": {"small-objects": "note"}, "instances": 2},
        "training": {
            "hyperparameters": {"model": "yolov8n", "epochs": "50", "image_size": "640", "batch": "16", "seed": "0"},
            "instance": "ml.g5.xlarge",
            "fallback_instances": [],
            "spot": True,
            "tune": False,
        },
        "instances": {"training": "ml.g5.xlarge", "processing": "ml.m7i.xlarge", "endpoint": "ml.c7i.xlarge"},
        "thresholds": {"minimum_map50": 0.5, "class_floors": {"bolt": 0.6}, "maximum_regression": 0.02},
    }
