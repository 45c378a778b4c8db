"""Run by the training environment's Python: what ultralytics makes of given raw outputs and pictures.

Reads the ``.npz`` named first, whose keys are ``<case>/<what>``, and writes the one named second, keyed alike. The task
of a case is its name without the number at its end.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from containers.training.environment import set_up


def main() -> None:
    """Answer every case with ultralytics' own predictor of its task."""
    with tempfile.TemporaryDirectory() as folder:
        set_up(Path(folder))
        import numpy as np

        cases: dict[str, dict[str, Any]] = {}
        for key, value in np.load(sys.argv[1]).items():
            cases.setdefault(key.split("/")[0], {})[key.split("/")[1]] = value
        answers: dict[str, Any] = {}
        for case, given in cases.items():
            task = case.rstrip("0123456789")
            answer = classify(given) if task == "classify" else find(task, given)
            answers.update({f"{case}/{what}": np.asarray(value) for what, value in answer.items()})
        np.savez(sys.argv[2], **answers)


def classify(given: dict[str, Any]) -> dict[str, Any]:
    """The pixels that a classifier is given of a picture, as numbers from 0 to 255."""
    from PIL import Image
    from ultralytics.data.augment import classify_transforms

    square = classify_transforms(int(given["size"]))(Image.fromarray(given["picture"]))
    return {"pixels": square.numpy().transpose(1, 2, 0) * 255}


def find(task: str, given: dict[str, Any]) -> dict[str, Any]:
    """What the task's predictor finds in raw outputs; masks as bits, eight pixels of a row to a byte."""
    import numpy as np
    import torch
    from ultralytics.models import yolo

    predictors = {
        "detect": yolo.detect.DetectionPredictor,
        "pose": yolo.pose.PosePredictor,
        "segment": yolo.segment.SegmentationPredictor,
        "obb": yolo.obb.OBBPredictor,
    }
    overrides = {"conf": float(given["confidence"]), "iou": float(given["iou"]), "retina_masks": True}
    predictor = predictors[task](overrides=overrides)
    names = {at: str(at) for at in range(int(given["classes"]))}
    predictor.model = SimpleNamespace(names=names, kpt_shape=tuple(given["keypoints"].tolist()), end2end=False)
    predictor.batch = (["picture"],)
    output = torch.from_numpy(given["output"])
    raw = (output, torch.from_numpy(given["prototypes"])) if task == "segment" else output
    (width, height), (input_width, input_height) = given["picture_size"], given["input_size"]
    picture = np.zeros((height, width, 3), np.uint8)
    result = predictor.postprocess(raw, torch.zeros(1, 3, int(input_height), int(input_width)), [picture])[0]
    boxes = result.obb if task == "obb" else result.boxes
    answer = {"boxes": boxes.xyxy, "scores": boxes.conf, "classes": boxes.cls}
    if task == "pose":
        answer["keypoints"] = result.keypoints.data
    if task == "segment":
        answer["masks"] = np.packbits(result.masks.data.numpy() > 0, axis=2)
    if task == "obb":
        answer |= {"corners": boxes.xyxyxyxy, "angles": boxes.xywhr[:, 4]}
    return answer


if __name__ == "__main__":
    main()
