"""The serving image's own Python, and pictures whose right answers are known."""

from __future__ import annotations

import fcntl
import io
import os
import subprocess
from pathlib import Path
from typing import IO, Any

import numpy as np
import pytest
from PIL import Image

from tests.containers.serving.tiny_onnx import write_model

ROOT = Path(__file__).parents[3]
COLOURS = {"red": (255, 0, 0), "green": (0, 255, 0), "blue": (0, 0, 255)}


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the hand-written model for 64 x 64 pictures."""
    folder = tmp_path_factory.mktemp("model")
    write_model(folder)
    return folder


@pytest.fixture(scope="session")
def photograph(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A picture with soft shapes, stored without loss so that both sides see the same pixels."""
    random = np.random.default_rng(3)
    coarse = Image.fromarray(random.integers(0, 255, (6, 8, 3), np.uint8))
    path = tmp_path_factory.mktemp("photograph") / "one.png"
    coarse.resize((320, 240), Image.Resampling.BICUBIC).save(path)
    return path


@pytest.fixture(scope="session")
def published(training_python: Path, photograph: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for each task with its model and what ultralytics found; made once for all workers of a run."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "tasks"
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            part = tmp_path_factory.mktemp("tasks")
            program = [str(training_python), "-m", "tests.containers.serving.publish_tasks", str(part), str(photograph)]
            done = subprocess.run(program, cwd=ROOT, capture_output=True, text=True, timeout=240, check=False)
            assert done.returncode == 0, done.stderr[-3000:]
            part.rename(folder)
    return folder


def picture(
    cells: dict[tuple[int, int], str], *, size: tuple[int, int] = (64, 64), form: str = "PNG", **options: Any
) -> bytes:
    """A black picture with cells of 8 x 8 pixels painted at (column, row); encoded as PNG or JPEG."""
    image = Image.new("RGB", size)
    for (column, row), colour in cells.items():
        image.paste(COLOURS[colour], (column * 8, row * 8, column * 8 + 8, row * 8 + 8))
    return encode(image, form, **options)


def encode(image: Image.Image, form: str = "PNG", **options: Any) -> bytes:
    """The bytes of an image file."""
    stream = io.BytesIO()
    image.save(stream, form, **options)
    return stream.getvalue()


def serving_program(
    python: Path, name: str, environ: dict[str, str], log: IO[str] | None = None
) -> subprocess.Popen[str]:
    """Start ``python -m containers.serving <name>`` as the image does; all it says goes to ``log``, or to two pipes."""
    return subprocess.Popen(
        [str(python), "-m", "containers.serving", name],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **environ},
        stdout=log or subprocess.PIPE,
        stderr=subprocess.STDOUT if log else subprocess.PIPE,
        text=True,
    )
