"""Run by the training environment's Python: publishes a small network of each task and says what ultralytics sees.

``python -m tests.containers.serving.publish_tasks FOLDER IMAGE``: FOLDER/<task>/model is what a training job leaves
behind, FOLDER/<task>/expected.json what ``YOLO.predict`` finds in the picture with the same weights. The weights are
random, normalised and with louder last layers, so that scores differ from place to place.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from containers.training.environment import set_up

TASKS = {"detect": "", "pose": "-pose", "segment": "-seg", "classify": "-cls", "obb": "-obb"}
SIZE = 320
CONFIDENCES = (0.8, 0.9, 0.98, 0.995)
MOST = 300
LOUDNESS = 1.0


def main() -> None:
    """Publish all five."""
    folder, image = Path(sys.argv[1]), Path(sys.argv[2])
    with tempfile.TemporaryDirectory() as configuration:
        set_up(Path(configuration))
        for task in TASKS:
            publish_task(task, folder / task, image)


def publish_task(task: str, folder: Path, image: Path) -> None:
    """One task: its network, its archive's files, and the expected answer."""
    import torch
    from ultralytics import YOLO

    from containers.training.export import publish

    torch.manual_seed(7)
    folder.mkdir(parents=True)
    network = YOLO(f"yolov8n{TASKS[task]}.yaml")
    settle(network.model)
    head = network.model.model[-1]
    layers = [head.linear] if task == "classify" else [branch[-1] for branch in head.cv3]
    with torch.no_grad():
        for layer in layers:
            layer.weight.mul_(LOUDNESS)
            layer.bias.zero_()
    network.save(str(folder / "weights.pt"))
    names = tuple(network.names.values())
    publish(folder / "weights.pt", folder / "model", image_size=SIZE, classes=names, about={}, precision="f32")
    predictor = YOLO(str(folder / "weights.pt"))

    def predict(confidence: float, iou: float = 0.7) -> dict[str, Any]:
        given = {"imgsz": SIZE, "conf": confidence, "iou": iou, "max_det": MOST, "retina_masks": True}
        return expected(predictor.predict(str(image), verbose=False, **given)[0])

    confidence = 0.0 if task == "classify" else lowest_that_decides(predict)
    (folder / "expected.json").write_text(json.dumps({"confidence": confidence, **predict(confidence)}))


def lowest_that_decides(predict: Callable[..., dict[str, Any]]) -> float:
    """The lowest confidence at which no object of the picture hangs on a rounding.

    Of hundreds of boxes on one another, one whose overlap is nearly the threshold is kept by one
    processor's order of sums and dropped by another's; both are right.
    """
    for confidence in CONFIDENCES:
        found = predict(confidence)["scores"]
        near = [(confidence - 1e-4, 0.7), (confidence + 1e-4, 0.7), (confidence, 0.6998), (confidence, 0.7002)]
        if len(found) < MOST and all(predict(*given)["scores"] == found for given in near):
            return confidence
    raise SystemExit("at every confidence something hangs on a rounding: take another seed")


def settle(network: Any) -> None:
    """Give every normalisation the statistics of noise, as training would: else nothing reaches the last layer."""
    import torch

    for layer in network.modules():
        if isinstance(layer, torch.nn.BatchNorm2d):
            layer.momentum = 1.0
    network.train()
    with torch.no_grad():
        network(torch.rand(8, 3, SIZE, SIZE))
    network.eval()


def expected(seen: Any) -> dict[str, Any]:
    """What ultralytics found, as lists; best first."""
    if seen.probs is not None:
        return {"top5": seen.probs.top5, "scores": seen.probs.data.tolist()}
    if seen.obb is not None:
        return {"scores": seen.obb.conf.tolist(), "corners": seen.obb.xyxyxyxy.tolist()}
    answer = {"scores": seen.boxes.conf.tolist(), "boxes": seen.boxes.xyxy.tolist()}
    answer["classes"] = seen.boxes.cls.tolist()
    if seen.keypoints is not None:
        answer["keypoints"] = seen.keypoints.data.tolist()
    if seen.masks is not None:
        answer["areas"] = seen.masks.data.sum(dim=(1, 2)).tolist()
    return answer


if __name__ == "__main__":
    main()
