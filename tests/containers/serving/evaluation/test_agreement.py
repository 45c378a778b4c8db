"""The evaluation's figures are those that ultralytics' ``val`` would give."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest

from containers.serving.evaluation.average_precision import Matches, average_precision, match
from containers.serving.model.overlap import overlap
from tests.containers.serving.conftest import ROOT

CLASSES = 4


def crowd(random: np.random.Generator) -> dict[str, list]:
    """A picture of true boxes and detections: most near a true box, some of another class, some anywhere."""
    corner, size = random.uniform(0, 300, (12, 2)), random.uniform(20, 120, (12, 2))
    true = np.concatenate((corner, corner + size), axis=1)
    near = true[random.integers(0, 12, 40)] + random.normal(0, 4, (40, 4))
    kinds = random.integers(0, CLASSES, 12)
    guesses = np.where(random.random(40) < 0.7, kinds[random.integers(0, 12, 40)], random.integers(0, CLASSES, 40))
    scores = np.sort(random.random(40))[::-1]
    return {
        "boxes": near.astype(np.float32).tolist(),
        "scores": scores.tolist(),
        "classes": guesses.tolist(),
        "true_boxes": true.astype(np.float32).tolist(),
        "true_classes": kinds.tolist(),
    }


@pytest.mark.training
def test_average_precision_is_ultralytics_to_the_last_digit(training_python: Path) -> None:
    """Twenty crowded pictures with doubles, near misses and wrong names; every class at every overlap."""
    random = np.random.default_rng(1)
    pictures = [crowd(random) for _ in range(20)]
    program = [str(training_python), "-m", "tests.containers.serving.evaluation.ultralytics_scores"]
    done = subprocess.run(
        program, input=json.dumps(pictures), capture_output=True, text=True, cwd=ROOT, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    right = [
        match(
            overlap(*(np.array(picture[key]) for key in ("boxes", "true_boxes"))),
            *(np.array(picture[key]) for key in ("classes", "true_classes")),
        )
        >= 0
        for picture in pictures
    ]
    matches = Matches(
        right=np.concatenate(right),
        scores=np.concatenate([picture["scores"] for picture in pictures]),
        classes=np.concatenate([picture["classes"] for picture in pictures]),
        pictures=np.repeat(np.arange(20), 40),
        true_classes=np.concatenate([picture["true_classes"] for picture in pictures]),
        true_pictures=np.repeat(np.arange(20), 12),
    )
    ours = average_precision(matches, CLASSES, np.ones((20, 1)))[:, :, 0]
    assert ours.max() > 0.05, "a comparison of zeros would prove nothing"
    assert np.allclose(ours, json.loads(done.stdout.splitlines()[-1]), atol=1e-9)
