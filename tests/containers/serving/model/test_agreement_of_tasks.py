"""What each task answers is what ultralytics answers of the same raw outputs."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from containers.serving.model.classification import fit_classify
from containers.serving.model.detection import Detections
from containers.serving.model.tasks import decode_outputs
from containers.serving.model.thresholds import Thresholds
from tests.containers.serving.conftest import ROOT
from tests.containers.serving.model.raw_outputs import CONFIDENCE, IOU, Case, raw_case

pytestmark = pytest.mark.training
PIXELS = 0.01
"""How far boxes, corners and keypoints may be apart."""
SHAPES: list[dict[str, Any]] = [
    {},
    {"picture": (150, 211), "size": (448, 640), "classes": 1, "keypoints": (17, 2)},
    {"picture": (1000, 700), "size": (640, 640), "classes": 15},
]
CASES = {
    f"{task}{number}": raw_case(task, number, objects=5 if task == "segment" else 25, **shape)
    for task in ("detect", "pose", "segment", "obb")
    for number, shape in enumerate(SHAPES)
}
SIZES = {"classify0": (1279, 719), "classify1": (150, 211), "classify2": (224, 333), "classify3": (20, 1500)}
Answers = dict[str, np.ndarray]


def scene(size: tuple[int, int]) -> np.ndarray:
    """A picture with soft and hard borders and noise."""
    width, height = size
    y, x = np.mgrid[0:height, 0:width]
    waves = [127 + 90 * np.sin(x / a) * np.cos(y / b) for a, b in ((9, 31), (40, 7), (3, 3))]
    picture = np.stack(waves, axis=2) + np.random.default_rng(1).normal(0, 9, (height, width, 3))
    picture[height // 3 : height // 2, width // 3 :] = (255, 0, 40)
    return picture.clip(0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def answers(training_python: Path, tmp_path_factory: pytest.TempPathFactory) -> Answers:
    """All that ultralytics answers, keyed ``<case>/<what>``."""
    folder = tmp_path_factory.mktemp("ultralytics")
    given: dict[str, Any] = {}
    for name, case in CASES.items():
        prototypes = {"prototypes": case.outputs[1]} if case.task == "segment" else {}
        about = {"picture_size": case.picture, "input_size": case.input, "classes": case.classes}
        about |= {"confidence": CONFIDENCE, "iou": IOU, "keypoints": case.keypoints or (0, 0)}
        given.update({f"{name}/{key}": value for key, value in (about | prototypes).items()})
        given[f"{name}/output"] = case.outputs[0]
    for name, size in SIZES.items():
        given.update({f"{name}/picture": scene(size), f"{name}/size": 224})
    np.savez(folder / "given.npz", **given)
    module = "tests.containers.serving.model.ultralytics_answers"
    program = [str(training_python), "-m", module, str(folder / "given.npz"), str(folder / "answers.npz")]
    done = subprocess.run(program, capture_output=True, text=True, cwd=ROOT, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    with np.load(folder / "answers.npz") as stored:
        return dict(stored)


def ours(case: Case) -> Detections:
    return decode_outputs(case.manifest, case.outputs, case.letterbox, Thresholds(CONFIDENCE, IOU))


@pytest.mark.parametrize("name", CASES)
def test_the_same_are_found(name: str, answers: Answers) -> None:
    """As many, in the same order, of the same classes, with the same scores, at the same places."""
    found, case = ours(CASES[name]), CASES[name]
    assert len(found) >= 15, "a comparison of little would prove little"
    assert found.classes.tolist() == answers[f"{name}/classes"].tolist()
    assert np.allclose(found.scores, answers[f"{name}/scores"], atol=1e-5, rtol=0)
    inside = answers[f"{name}/boxes"].reshape(-1, 2, 2).clip(0, case.picture).reshape(-1, 4)
    assert np.abs(found.boxes - inside).max() < PIXELS


@pytest.mark.parametrize("name", [name for name in CASES if name.startswith("pose")])
def test_keypoints_are_the_same(name: str, answers: Answers) -> None:
    """Where they are and how visible, where the model says so."""
    expected = answers[f"{name}/keypoints"]
    found = ours(CASES[name]).keypoints
    assert found is not None
    assert np.abs(found[..., :2] - expected[..., :2]).max() < PIXELS
    assert np.allclose(found[..., 2], expected[..., 2] if expected.shape[2] == 3 else 1, atol=1e-5)


@pytest.mark.parametrize("name", [name for name in CASES if name.startswith("segment")])
def test_masks_are_the_same(name: str, answers: Answers) -> None:
    """Each covers what ultralytics' own at the picture's size covers, but for a fiftieth or a single pixel."""
    masks = ours(CASES[name]).masks
    assert masks is not None
    width = CASES[name].picture[0]
    for mask, packed in zip(masks, answers[f"{name}/masks"], strict=True):
        expected = np.unpackbits(packed, axis=1)[:, :width].astype(bool)
        whole = np.zeros(expected.shape, bool)
        whole[mask.top : mask.top + mask.height, mask.left : mask.left + mask.width] = mask.pixels
        assert (whole ^ expected).sum() <= max(0.02 * (whole | expected).sum(), 1)


@pytest.mark.parametrize("name", [name for name in CASES if name.startswith("obb")])
def test_corners_and_angles_are_the_same(name: str, answers: Answers) -> None:
    """The corners in the same order."""
    found = ours(CASES[name])
    assert found.corners is not None
    assert found.angles is not None
    assert np.abs(found.corners - answers[f"{name}/corners"]).max() < PIXELS
    assert np.allclose(found.angles, answers[f"{name}/angles"], atol=1e-5)


@pytest.mark.parametrize("name", SIZES)
def test_a_classifier_sees_the_same_pixels(name: str, answers: Answers) -> None:
    """Larger or smaller, wide or high: at most one grey level apart, which is how Pillow rounds in between."""
    seen = fit_classify(scene(SIZES[name]), 224)
    assert np.abs(seen - answers[f"{name}/pixels"]).max() <= 1.01
