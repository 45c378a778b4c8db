"""A dataset with one of nearly everything that may be wrong, judged where somebody has it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.containers.training.preparation.conftest import Job
from tests.containers.training.preparation.layouts import draw, pictures
from tests.containers.training.preparation.pictures import encoded, scene

EVIL = "<img src=x onerror=alert(1)>"
SCRIPT = "<script>alert(1)</script>"
ROWS = {
    "not-a-number": "0 nan 0.5 0.1 0.1",
    "malformed-row": "0 0.5 0.5 0.1",
    "unknown-class": "7 0.5 0.5 0.2 0.2",
    "fractional-class": "0.7 0.5 0.5 0.2 0.2",
    "empty-box": "0 0.5 0.5 0 0.1",
    "outside-image": "0 1 0.5 0.5 0.25",
    "simplified-object": "0 0.2 0.2 0.4 0.1 0.3 0.4",
    "repeated-object": "0 0.5 0.5 0.25 0.25",
}
"""A row of a label for each kind."""

Examine = Callable[[Path], Job]


@pytest.fixture
def examine(tmp_path: Path) -> Examine:
    """Judges a folder as ``greenlight upload`` does."""

    def judge(folder: Path) -> Job:
        job = Job(tmp_path / "job")
        job.dataset.parent.mkdir(parents=True)
        job.dataset.symlink_to(folder)
        job.record()
        assert job.run("examine") == 0
        return job

    return judge


def small(folder: Path) -> Path:
    """Ten pictures without a fault, in three splits."""
    files = {"data.yaml": f"names: [bolt, '{SCRIPT}']\n"}
    for split, count in (("train", 6), ("val", 2), ("test", 2)):
        files |= pictures(f"images/{split}", f"labels/{split}", count)  # type: ignore[arg-type]
    return draw(folder, files)  # type: ignore[arg-type]


def label(folder: Path, name: str, *rows: str) -> None:
    """Write the label of a training picture."""
    (folder / "labels/train" / f"{name}.txt").write_text("".join(f"{row}\n" for row in rows), encoding="utf-8")


def picture(folder: Path, name: str, data: bytes, *rows: str) -> None:
    """Write a training picture and its label."""
    (folder / "images/train" / name).write_bytes(data)
    label(folder, name.rpartition(".")[0], *rows)


def dirty(folder: Path) -> Path:
    """A dataset with a broken row of each kind, pictures that are broken each in its way, copies, and hostile names."""
    small(folder)
    label(folder, "images-train0", "0 0.5 0.5 0.25 0.25", *ROWS.values())
    jpeg = encoded(scene(1))
    picture(folder, "cut.jpg", jpeg[:-400], "0 0.5 0.5 0.5 0.5")
    picture(folder, "text.jpg", b"no picture", "0 0.5 0.5 0.5 0.5")
    picture(folder, f"{EVIL}.jpg", encoded(scene(2)), "1 0.5 1.2 0.5 0.25")
    turned = Image.Exif()
    turned[274] = 6
    picture(folder, "turned.jpg", encoded(scene(3), exif=turned), "0 0.5 0.5 0.5 0.25")
    grey = np.asarray(scene(4).convert("L")).astype(np.uint16) * 257
    picture(folder, "sixteen.tif", encoded(Image.fromarray(grey), "TIFF"), "0 0.5 0.5 3 0.25")
    picture(folder, "thin.png", encoded(scene(5, (100, 8)), "PNG"), "0 0.5 0.5 0.5 0.5")
    shutil.copyfile(folder / "images/test/images-test0.png", folder / "images/train/leak.png")
    label(folder, "leak", "0 0.5 0.5 0.25 0.25")
    (folder / "labels/train/orphan.txt").write_text("0 0.5 0.5 0.1 0.1\n", encoding="utf-8")
    return folder


def every_finding(job: Job) -> list[dict[str, str]]:
    """All findings, as they were written."""
    lines = job.output("report/findings.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def page_of(job: Job) -> str:
    """The page."""
    return job.output("report/data.html").read_text(encoding="utf-8")
