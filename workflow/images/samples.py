"""What an image is tried with: a few small labelled pictures, and the documents that a run would put beside them.

Everything is made up here and the same every time. Knows no service.
"""

from __future__ import annotations

import io
import json
import random
from typing import Any

from workflow.contract.champion import ChampionDocument
from workflow.contract.reading import VERSION
from workflow.contract.run_input import RunInput

CLASSES = ("dark", "light")
SIDE = 96
SPLITS = {"train": 8, "valid": 4, "test": 4}
HYPERPARAMETERS = {"model": "yolov8n", "epochs": "1", "image_size": "64", "batch": "4", "seed": "0"}
"""What a training is asked for: as little as shows that it trains."""
METRICS = ("quality", "map50")
"""Figures that every training of boxes tells in the line of an epoch."""


def dataset() -> dict[str, bytes]:
    """A dataset in YOLO's layout: every file by its name."""
    generator = random.Random(0)  # noqa: S311 - draws pictures
    files = {"data.yaml": f"names: [{', '.join(CLASSES)}]\n".encode()}
    for split, count in SPLITS.items():
        for number in range(count):
            picture, rows = _picture(generator)
            files[f"{split}/images/{number}.png"] = picture
            files[f"{split}/labels/{number}.txt"] = rows.encode()
    return files


def record() -> dict[str, Any]:
    """``run.json``, as far as the programs of the jobs read it."""
    given = RunInput.parse({"image_size": 64}, {"dataset": "s3://any-bucket/any/"})
    preparation = {**given.preparation(), "instances": 1}
    return {"version": VERSION, "run": "image-check", "dataset": "squares", "preparation": preparation}


def documents() -> dict[str, bytes]:
    """What a run lays beside its data before the first job, by its name."""
    found: dict[str, dict[str, Any]] = {
        "record/run.json": record(),
        "broken/run.json": {**record(), "version": 0},
        "inspected/inspection.json": {"version": VERSION, "instances": 1},
        "pretrained/pretrained.json": {"version": VERSION, "source": None, "sha256": None},
        "champion/champion.json": ChampionDocument(None).document(),
        "no-champion/champion.json": {"version": 0},
    }
    return {name: json.dumps(document).encode() for name, document in found.items()}


def _picture(generator: random.Random) -> tuple[bytes, str]:
    """Two squares on noise, as PNG, and their rows."""
    from PIL import Image, ImageDraw

    noise = bytes(generator.randrange(100, 156) for _ in range(SIDE * SIDE * 3))
    image = Image.frombytes("RGB", (SIDE, SIDE), noise)
    draw, rows = ImageDraw.Draw(image), ""
    for number, left in enumerate((4, SIDE // 2 + 4)):
        size = generator.randrange(20, 36)
        top = generator.randrange(2, SIDE - size - 2)
        draw.rectangle((left, top, left + size, top + size), fill=(255 * number,) * 3)
        middle = [(left + size / 2) / SIDE, (top + size / 2) / SIDE, size / SIDE, size / SIDE]
        rows += f"{number} {' '.join(f'{value:.6f}' for value in middle)}\n"
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue(), rows
