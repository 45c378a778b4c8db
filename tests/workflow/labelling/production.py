"""What production kept, as objects of a bucket, and datasets beside it: what the tests of labelling stand on."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.workflow.labelling.bucket import BucketCloud
from workflow.commands.cli import run
from workflow.contract.capture import Captured
from workflow.contract.feedback import Feedback, GivenBox
from workflow.labelling.forms import cvat, ground_truth, label_studio
from workflow.labelling.forms.sheet import Sheet
from workflow.labelling.objects import Drawn, Pictured

NOW = datetime.now(UTC)
DAY = f"captured/kept/{NOW:%Y/%m/%d}/"
CLASSES = ("bolt", "nut")
WIDE, HIGH = 200, 100
BOXES = ((20.0, 10.0, 120.0, 60.0), (130.0, 50.0, 180.0, 90.0))
CORNERS = [[60.0, 10.0], [110.0, 40.0], [95.0, 65.0], [45.0, 35.0]]
OUTLINE = [[[10.0, 10.0], [90.0, 12.0], [60.0, 80.0]]]


def picture(shade: int, kind: str = "JPEG") -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (WIDE, HIGH), (shade, 255 - shade, shade // 2)).save(stream, kind)
    return stream.getvalue()


def answer(task: str, score: float) -> dict[str, Any]:
    """What an endpoint answers, as containers/serving/answer writes it."""
    if task == "classify":
        said: dict[str, Any] = {"classification": [{"class": "nut", "score": score}, {"class": "bolt", "score": 0.1}]}
    else:
        drawn: dict[str, dict[str, Any]] = {
            "segment": {"polygons": OUTLINE},
            "obb": {"corners": CORNERS, "angle": 0.5},
        }
        extra = drawn.get(task, {})
        objects = [{"class_id": 1, "class": "nut", "score": score, "box": list(BOXES[0]), **extra}]
        if task == "detect":
            objects.append({"class_id": 0, "class": "bolt", "score": 0.9, "box": list(BOXES[1])})
        said = {"detections": objects}
    return {"model_digest": "d" * 64, "width": WIDE, "height": HIGH, **said, "timings_ms": {}}


def keep(cloud: BucketCloud, task: str, count: int) -> list[str]:
    """So many pictures that production kept, each less sure than the one before."""
    ids = [f"{at:08d}-aaaa" for at in range(count)]
    for at, identity in enumerate(ids):
        key = f"{DAY}{identity}.jpg"
        cloud.objects[key] = picture(at * 20)
        told = Captured(
            identity, "production", "main", NOW.isoformat(), key, "image/jpeg", "d" * 64, answer(task, 0.9 - at * 0.05)
        )
        cloud.objects[f"{DAY}{identity}.json"] = json.dumps(told.document()).encode()
    return ids


def dataset(cloud: BucketCloud, task: str, splits: bool = True) -> None:
    """A dataset of YOLO, or of class folders."""
    row = {
        "detect": "0 0.5 0.5 0.2 0.2",
        "segment": "0 0.1 0.1 0.5 0.1 0.5 0.6",
        "obb": "0 0.1 0.1 0.4 0.1 0.4 0.3 0.1 0.3",
    }
    for split in ("train", "val", "test") if splits else ("",):
        for at, name in enumerate(CLASSES):
            if task == "classify":
                cloud.objects[f"datasets/things/{f'{split}/' if split else ''}{name}/old-{at}.jpg"] = picture(200 + at)
                continue
            folder = f"{split}/" if split else ""
            cloud.objects[f"datasets/things/images/{folder}old-{at}.jpg"] = picture(200 + at)
            cloud.objects[f"datasets/things/labels/{folder}old-{at}.txt"] = f"{row[task]}\n1{row[task][1:]}\n".encode()
    if task != "classify":
        cloud.objects["datasets/things/data.yaml"] = b"names: [bolt, nut]\n"


def tell(identity: str, verdict: str, by: str, boxes: tuple[GivenBox, ...] | None = None) -> Feedback:
    """What somebody says of an answer."""
    at = "2026-12-01T09:00:00+00:00"
    return Feedback(identity, "a" * 64, verdict, answered=at, at=at, by=by, boxes=boxes)


def stored(cloud: BucketCloud, prefix: str = "datasets/things/") -> dict[str, bytes]:
    return {key[len(prefix) :]: body for key, body in cloud.objects.items() if key.startswith(prefix)}


def write_list(cloud: BucketCloud, tool: str, work: Path, splits: bool = True) -> None:
    """A dataset of a tool, with a list for each split, in the place of what there is."""
    cloud.objects.clear()
    write, name = {
        "cvat": (cvat.write_file, "annotations.xml"),
        "label-studio": (label_studio.write_file, "project.json"),
        "ground-truth": (ground_truth.write_file, "output.manifest"),
    }[tool]
    objects = tuple(Drawn(name, box) for name, box in zip(CLASSES, BOXES, strict=True))
    for split in ("train", "val", "test") if splits else ("",):
        pictures = [Pictured(f"{split}-old-{at}.jpg", WIDE, HIGH, objects) for at in range(2)]
        write(Sheet("detect", CLASSES, pictures, "me", "2026-01-01", drawn=True), work / "list")
        folder = f"datasets/things/{split}/" if split else "datasets/things/"
        cloud.objects[folder + name] = (work / "list").read_bytes()
        cloud.objects |= {folder + one.name: picture(3) for one in pictures}


def fetch(cloud: BucketCloud, folder: Path) -> Path:
    """The dataset as a run would read it."""
    for key, body in stored(cloud).items():
        (folder / key).parent.mkdir(parents=True, exist_ok=True)
        (folder / key).write_bytes(body)
    return folder


def pick(cloud: BucketCloud, folder: Path, tool: str, *options: str) -> int:
    return run(["label", "pick", "--count", "3", "--for", tool, "--to", str(folder), *options], cloud)


def first_label(task: Path) -> Path:
    return min((task / "labels").iterdir())


def first_image(task: Path) -> Path:
    return min((task / "images").iterdir())


def check_numbers(task: str, numbers: tuple[float, ...]) -> None:
    """The row that the first object of an answer is, within a pixel; turned boxes may begin at another corner."""
    if task == "detect":
        left, top, right, bottom = BOXES[0]
        wanted = [(left + right) / 2 / WIDE, (top + bottom) / 2 / HIGH, (right - left) / WIDE, (bottom - top) / HIGH]
        assert numbers == pytest.approx(wanted, abs=0.006)
    elif task == "obb":
        points = {(round(x * WIDE), round(y * HIGH)) for x, y in zip(numbers[::2], numbers[1::2], strict=True)}
        assert all(any(abs(x - a) <= 2 and abs(y - b) <= 2 for a, b in points) for x, y in CORNERS), points
    elif task == "segment":
        flat = [
            value / (HIGH if at % 2 else WIDE)
            for at, value in enumerate(value for pair in OUTLINE[0] for value in pair)
        ]
        assert numbers == pytest.approx(flat, abs=0.001)
