"""A manifest says what a model is, or is refused with the key that is wrong."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest

from containers.serving.model.manifest import Manifest, ModelError
from workflow.contract.gpu_engine import Machine
from workflow.contract.model import PRECISIONS, TASKS

DIGEST = "ab" * 32


def text(**changes: Any) -> str:
    """A manifest of a detector, with other or more keys; a key of None is left out."""
    document = {
        "version": 1,
        "task": "detect",
        "classes": ["bolt", "nut"],
        "image_size": [320, 320],
        "files": {"model.onnx": {"sha256": DIGEST, "bytes": 1}},
        "model_digest": DIGEST,
        **changes,
    }
    return json.dumps({key: value for key, value in document.items() if value is not None})


def test_a_manifest_without_the_newer_keys_is_a_detector_of_full_precision() -> None:
    """Archives made before there were other tasks go on serving."""
    assert Manifest.parse(text()) == Manifest(("bolt", "nut"), 320, 320, DIGEST, "detect", "f32", None, 300)
    assert Manifest.parse(text(max_detections=1000)).max_detections == 1000


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("precision", PRECISIONS)
def test_every_task_comes_in_every_precision(task: str, precision: str) -> None:
    """With keypoints where they belong."""
    keypoints = [17, 3] if task == "pose" else None
    found = Manifest.parse(text(task=task, precision=precision, keypoints=keypoints))
    assert (found.task, found.precision) == (task, precision)
    assert found.keypoints == ((17, 3) if task == "pose" else None)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"version": 2}, "version 1"),
        ({"task": "track"}, "task 'track' is none of detect, pose, segment, classify, obb"),
        ({"task": ["detect"]}, "is none of detect"),
        ({"task": None}, "task None is none of detect"),
        ({"precision": "f64"}, "precision 'f64' is none of f32, bf16, int8, f16"),
        ({"classes": []}, "classes must be"),
        ({"classes": ["bolt", "bolt"]}, "two classes"),
        ({"image_size": [320]}, "image_size"),
        ({"image_size": [320, 100_000]}, "image_size"),
        ({"task": "classify", "image_size": [320, 224]}, "image_size of a classifier must be square"),
        ({"max_detections": 0}, "max_detections must be a whole number from 1 to 3000, found 0"),
        ({"max_detections": True}, "max_detections must be"),
        ({"max_detections": 3001}, "max_detections must be"),
        ({"keypoints": [17, 3]}, "keypoints belong to the task pose"),
        ({"task": "pose"}, "keypoints must be"),
        ({"task": "pose", "keypoints": [17, 4]}, "keypoints must be"),
        ({"task": "pose", "keypoints": [0, 3]}, "keypoints must be"),
        ({"task": "pose", "keypoints": [100_000, 3]}, "keypoints must be"),
        ({"task": "pose", "keypoints": [True, 3]}, "keypoints must be"),
        ({"task": "pose", "keypoints": [17]}, "keypoints must be"),
        ({"task": "pose", "keypoints": "17x3"}, "keypoints must be"),
        ({"model_digest": "cd" * 32}, "the same digest"),
        ({"files": {}}, "the same digest"),
    ],
    ids=lambda value: json.dumps(value) if isinstance(value, dict) else None,
)
def test_a_wrong_key_is_named(changes: dict[str, Any], message: str) -> None:
    """Nothing of such a model is loaded."""
    with pytest.raises(ModelError, match=message):
        Manifest.parse(text(**changes))


A10G = {"gpu": "NVIDIA A10G", "compute_capability": "8.6", "tensorrt": "10.16.1.11"}
ENGINE = hashlib.sha256(b"engine").hexdigest()
WITH_ENGINE = {"model.onnx": {"sha256": DIGEST}, "model.engine": {"sha256": ENGINE}}


def test_an_engine_is_held_to_its_digest() -> None:
    """As the graph is; and where none is described, there must be none."""
    manifest = Manifest.parse(text(engine=A10G, files=WITH_ENGINE))
    assert manifest.engine == Machine(**A10G)
    manifest.verify_engine(b"engine")
    for other in (b"engines", b""):
        with pytest.raises(ModelError, match=r"model\.engine has the digest"):
            manifest.verify_engine(other)
    without = Manifest.parse(text())
    assert without.engine is None
    without.verify_engine(b"")
    with pytest.raises(ModelError, match=r"model\.engine has the digest"):
        without.verify_engine(b"engine")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"engine": A10G}, "engine and files"),
        ({"files": WITH_ENGINE}, r"engine\.gpu: must be a text"),
        ({"engine": A10G, "files": {**WITH_ENGINE, "model.engine": {"sha256": ""}}}, "engine and files"),
        ({"engine": {**A10G, "tensorrt": ""}, "files": WITH_ENGINE}, r"engine\.tensorrt"),
    ],
)
def test_half_of_an_engine_is_refused(changes: dict[str, Any], message: str) -> None:
    """A machine without a digest would be run unproven; a digest without a machine, anywhere."""
    with pytest.raises(ModelError, match=message):
        Manifest.parse(text(**changes))
