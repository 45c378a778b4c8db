"""The endpoint answers what the evaluation judged: the same pictures, the same boxes."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.containers.serving.conftest import ROOT
from tests.containers.serving.evaluation.test_program import Job
from tests.containers.serving.http.running_server import Server
from tests.containers.serving.tiny_onnx import archive_model

pytestmark = [pytest.mark.serving, pytest.mark.training]
COCO = ROOT.parent / "shared" / "weights" / "yolov8n-coco.pt"
COCO8 = ROOT.parent / "shared" / "data" / "coco8"
PIXELS, SCORE = 0.02, 0.0001
"""The stated bound; both sides round to 0.01 pixels and 0.00001."""


@pytest.fixture(scope="module")
def publish(training_python: Path) -> Callable[..., None]:
    """Publish weights as a training job does."""

    def run(weights: Path, folder: Path, size: int, precision: str, *pictures: Path) -> None:
        program = [str(training_python), "-m", "tests.containers.serving.publish_weights", str(weights), str(folder)]
        done = subprocess.run(
            [*program, str(size), precision, *map(str, pictures)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-3000:]

    return run


def evaluate_and_serve(python: Path, base: Path, pictures: dict[str, Path], confidence: float) -> tuple[Any, Any]:
    """Detections by picture, of the model in ``base``/model: what the evaluation wrote and the server answers."""
    classes = json.loads((base / "model" / "manifest.json").read_text())["classes"]
    job = Job(python, base / "job")
    for folder in ("test/images", "test/labels", "champion"):
        (job.inputs / folder).mkdir(parents=True)
    archive_model(base / "model", job.inputs / "candidate" / "model.tar.gz")
    job.tell_champion(None)
    about = {"version": 1, "classes": classes, "digest": "d", "task": "detect", "keypoints": None}
    (job.inputs / "test" / "data.json").write_text(json.dumps(about))
    for name, path in pictures.items():
        shutil.copyfile(path, job.inputs / "test" / "images" / name)
        label = Path(str(path.with_suffix(".txt")).replace("/images/", "/labels/"))
        text = label.read_text() if label != path.with_suffix(".txt") else "0 0.5 0.5 0.2 0.2\n"
        (job.inputs / "test" / "labels" / name).with_suffix(".txt").write_text(text)
    status, said = job.run(CONFIDENCE=str(confidence))
    assert status == 0, said
    judged = {one["file"]: one["detections"] for one in job.read("predictions.json")["images"]}
    server = Server(python, base, GREENLIGHT_CONFIDENCE=str(confidence)).wait()
    try:
        answers = {name: server.invoke(path.read_bytes(), "application/x-image") for name, path in pictures.items()}
    finally:
        server.stop()
    assert {status for status, _ in answers.values()} == {200}
    return judged, {name: answer["detections"] for name, (_, answer) in answers.items()}


def assert_same(judged: dict[str, Any], served: dict[str, Any]) -> None:
    """Picture by picture the same objects, within the stated bound."""
    assert judged.keys() == served.keys()
    for name, expected in judged.items():
        found = served[name]
        assert [one["class"] for one in found] == [one["class"] for one in expected], name
        for left, right in zip(found, expected, strict=True):
            assert np.abs(np.subtract(left["box"], right["box"])).max() <= PIXELS, name
            assert abs(left["score"] - right["score"]) <= SCORE, name


@pytest.mark.parametrize("precision", ["f32", "bf16", "int8"])
def test_a_network_of_random_weights(
    precision: str,
    published: Path,
    photograph: Path,
    publish: Callable[..., None],
    serving_python: Path,
    tmp_path: Path,
) -> None:
    """It sees dozens of objects in a picture without any: as good as any picture for a comparison."""
    publish(published / "detect" / "weights.pt", tmp_path / "model", 320, precision, photograph)
    judged, served = evaluate_and_serve(serving_python, tmp_path, {"one.png": photograph}, 0.9)
    assert len(judged["one.png"]) > 20
    assert_same(judged, served)


@pytest.mark.skipif(not (COCO.exists() and COCO8.exists()), reason="the COCO weights and pictures are not part of this")
@pytest.mark.parametrize("precision", ["f32", "bf16"])
def test_coco_weights_on_coco_photographs(
    precision: str, publish: Callable[..., None], serving_python: Path, tmp_path: Path
) -> None:
    """The eight photographs of COCO8, with the pretrained YOLOv8n."""
    publish(COCO, tmp_path / "model", 640, precision)
    pictures = {path.name: path for path in sorted(COCO8.glob("images/*/*.jpg"))}
    judged, served = evaluate_and_serve(serving_python, tmp_path, pictures, 0.25)
    assert sum(map(len, judged.values())) > 20
    assert_same(judged, served)
