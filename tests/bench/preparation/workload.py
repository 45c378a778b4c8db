"""The dataset that everyone prepares: pictures of 640 x 480 in JPEG, as large as photographs, with YOLO's rows.

A thousand pictures are drawn; the others are copies with a number of their own in a comment, so that no two files are
equal while all decode alike.
"""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from PIL import Image

SIZE = (640, 480)
DRAWN = 1000
CLASSES = tuple(f"class{number}" for number in range(10))
ABOUT = f"JPEG of {SIZE[0]}x{SIZE[1]}, 1 to 8 boxes of {len(CLASSES)} classes each, no splits"


def make_dataset(folder: Path, images: int) -> Path:
    """Write a dataset of so many images: ``images``, ``labels`` and ``data.yaml``. The same every time."""
    for name in ("images", "labels"):
        (folder / name).mkdir(parents=True)
    names = "".join(f"  {number}: {name}\n" for number, name in enumerate(CLASSES))
    (folder / "data.yaml").write_text(f"path: {folder}\ntrain: images\nval: images\nnames:\n{names}", encoding="utf-8")
    random = np.random.default_rng(0)
    drawn: list[bytes] = []
    for number in range(images):
        if number < DRAWN:
            drawn.append(draw(number))
        (folder / "images" / f"{number:06}.jpg").write_bytes(commented(drawn[number % DRAWN], number))
        (folder / "labels" / f"{number:06}.txt").write_text(_rows(random), encoding="utf-8")
    return folder


def draw(seed: int) -> bytes:
    """One picture, about 80 kB: structures of several sizes and the noise of a sensor."""
    random = np.random.default_rng(seed)
    pixels = np.zeros((SIZE[1], SIZE[0], 3), np.float32)
    for cells, strength in ((8, 120), (32, 60), (160, 25)):
        small = random.integers(0, 256, (cells * 3 // 4, cells, 3), dtype=np.uint8)
        pixels += np.asarray(Image.fromarray(small).resize(SIZE, Image.Resampling.BICUBIC), np.float32) * strength / 205
    pixels += random.normal(0, 4, pixels.shape)
    stream = io.BytesIO()
    Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(stream, "JPEG", quality=90)
    return stream.getvalue()


def commented(jpeg: bytes, number: int) -> bytes:
    """The same picture in other bytes: a comment after the first marker."""
    text = b"%012d" % number
    return jpeg[:2] + b"\xff\xfe" + (len(text) + 2).to_bytes(2, "big") + text + jpeg[2:]


def _rows(random: np.random.Generator) -> str:
    rows = []
    for _ in range(int(random.integers(1, 9))):
        width, height = random.uniform(0.03, 0.4, 2)
        x, y = random.uniform(width / 2, 1 - width / 2), random.uniform(height / 2, 1 - height / 2)
        rows.append(f"{random.integers(len(CLASSES))} {x:.6f} {y:.6f} {width:.6f} {height:.6f}\n")
    return "".join(rows)
