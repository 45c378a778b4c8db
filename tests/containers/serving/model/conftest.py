"""The real predictor, asked in its own environment."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.containers.serving.conftest import ROOT


@pytest.fixture(scope="session")
def ask(serving_python: Path) -> Callable[..., Any]:
    """Ask the real predictor in its own environment: ``ask(model, image, …)`` gives one answer an image."""

    def run(folder: Path, *images: bytes) -> Any:
        lines = "\n".join(image.hex() for image in images)
        program = [str(serving_python), "-m", "tests.containers.serving.model.ask_predictor", str(folder)]
        done = subprocess.run(program, input=lines, capture_output=True, text=True, cwd=ROOT, timeout=60, check=False)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return run
