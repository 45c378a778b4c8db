"""``metrics.json`` says what ``yolo val`` says of the same weights, on the same pictures, with the same inputs.

The inputs are the one setting of ``val`` that has to be given: it lays pictures of one batch into a square, or into a
rectangle with a border, where the server takes the smallest of five rectangles. What a network sees in another border
is another thing: on the eight pictures of coco8 ``val`` itself says 0.705 of squares and 0.702 of its rectangles.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.containers.serving.conftest import ROOT
from tests.containers.serving.evaluation.programs import evaluate, run_program, ultralytics_val

pytestmark = [pytest.mark.serving, pytest.mark.training, pytest.mark.timeout(600)]
SHARED = ROOT.parent / "shared"
BOUND = 0.005


@pytest.mark.parametrize(
    ("task", "data", "weights"),
    [("detect", "coco8", "yolov8n-coco.pt"), ("pose", "coco8-pose", "yolov8n-pose-coco.pt")],
)
def test_coco8_scores_what_val_says(
    task: str, data: str, weights: str, serving_python: Path, training_python: Path, tmp_path: Path
) -> None:
    """All eight pictures: boxes and keypoints within 0.005."""
    source, trained = SHARED / "data" / data, SHARED / "weights" / weights
    if not source.is_dir() or not trained.is_file():
        pytest.skip(f"needs ../shared/data/{data} and ../shared/weights/{weights}")
    run_program(training_python, "publish_weights", trained, tmp_path / "model", 640, "f32")
    held_out = tmp_path / "set"
    for split in ("train", "val"):
        for part in ("images", "labels"):
            shutil.copytree(source / part / split, held_out / part, dirs_exist_ok=True)
    names = json.loads((tmp_path / "model" / "manifest.json").read_text())["classes"]
    keypoints = [17, 3] if task == "pose" else None
    about = {"version": 1, "classes": names, "digest": "d" * 64, "task": task, "keypoints": keypoints}
    (held_out / "data.json").write_text(json.dumps(about))
    ours = evaluate(serving_python, tmp_path / "job", tmp_path / "model", held_out)
    shape = {"kpt_shape": keypoints} if keypoints else {}
    document = {"path": str(held_out), "train": "images", "val": "images", "names": dict(enumerate(names)), **shape}
    (held_out / "data.yaml").write_text(json.dumps(document))
    theirs = ultralytics_val(training_python, trained, held_out / "data.yaml", 640, "served")
    assert theirs["metrics/mAP50-95(B)"] > 0.5
    assert ours["map50_95"] == pytest.approx(theirs["metrics/mAP50-95(B)"], abs=BOUND)
    assert ours["map50"] == pytest.approx(theirs["metrics/mAP50(B)"], abs=BOUND)
    if task == "pose":
        assert ours["keypoint_map50_95"] == pytest.approx(theirs["metrics/mAP50-95(P)"], abs=BOUND)
        assert ours["keypoint_map50"] == pytest.approx(theirs["metrics/mAP50(P)"], abs=BOUND)


@pytest.mark.parametrize("task", ["segment", "obb"])
def test_learnt_shapes_score_what_val_says(
    task: str, serving_python: Path, training_python: Path, tmp_path: Path
) -> None:
    """A network that learnt a dozen pictures half: boxes, turned boxes and masks within 0.005."""
    run_program(training_python, "evaluation.learn_shapes", task, tmp_path / "set")
    learnt = tmp_path / "set"
    ours = evaluate(serving_python, tmp_path / "job", learnt / "model", learnt)
    theirs = ultralytics_val(training_python, learnt / "weights.pt", learnt / "data.yaml", 96, "served")
    assert theirs["metrics/mAP50-95(B)"] > 0.05, "a comparison of zeros would prove nothing"
    assert ours["map50_95"] == pytest.approx(theirs["metrics/mAP50-95(B)"], abs=BOUND)
    assert ours["map50"] == pytest.approx(theirs["metrics/mAP50(B)"], abs=BOUND)
    if task == "segment":
        assert ours["mask_map50_95"] == pytest.approx(theirs["metrics/mAP50-95(M)"], abs=BOUND)


def test_a_classifier_scores_what_val_says(
    published: Path, serving_python: Path, training_python: Path, tmp_path: Path
) -> None:
    """Ten pictures, some named right, some by the second guess: the same shares."""
    model, held_out = published / "classify", tmp_path / "set"
    run_program(serving_python, "evaluation.label_pictures", model / "model", held_out)
    ours = evaluate(serving_python, tmp_path / "job", model / "model", held_out)
    names = json.loads((held_out / "data.json").read_text())["classes"]
    for split in ("train", "val"):
        for at in range(len(names)):
            (tmp_path / "tree" / split / f"{at:04}").mkdir(parents=True)
        for image in (held_out / "images").iterdir():
            true = int((held_out / "labels" / image.name).with_suffix(".txt").read_text())
            shutil.copy(image, tmp_path / "tree" / split / f"{true:04}")
    theirs = ultralytics_val(training_python, model / "weights.pt", tmp_path / "tree", 320, "square")
    assert 0 < ours["top1"] < ours["top5"] < 1
    assert ours["top1"] == pytest.approx(theirs["metrics/accuracy_top1"], abs=1e-6)
    assert ours["top5"] == pytest.approx(theirs["metrics/accuracy_top5"], abs=1e-6)
