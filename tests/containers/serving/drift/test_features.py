"""The served graph of every task gives its own features of a picture, and so does no graph that has none."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest

from tests.containers.serving.conftest import ROOT
from tests.containers.serving.publish_tasks import TASKS

pytestmark = [pytest.mark.serving, pytest.mark.training]


def test_every_task_gives_features_that_move_with_the_picture(
    published: Path, serving_python: Path, photograph: Path, model: Path
) -> None:
    """The widest map of the grid of eight pixels: 64 numbers of the smallest networks, 80 of one for COCO's classes."""
    program = [str(serving_python), "-m", "tests.containers.serving.drift.look", str(photograph)]
    folders = [str(published / task / "model") for task in TASKS]
    done = subprocess.run([*program, *folders, str(model)], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    *told, handmade = json.loads(done.stdout)
    for task, one in zip(TASKS, told, strict=True):
        as_it_is, again, darker = (np.array(row) for row in one["features"])
        assert len(as_it_is) in (64, 80), task
        assert one["runtime"].endswith("f32")
        assert (as_it_is == again).all()
        assert np.abs(as_it_is - darker).max() > 1e-3
    assert handmade["features"][0] == []
