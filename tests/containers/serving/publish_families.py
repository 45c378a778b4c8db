"""Run by the training environment's Python: publishes a small network of each family and says what ultralytics sees.

``python -m tests.containers.serving.publish_families FOLDER IMAGE``: FOLDER/<network>/<precision>/model is what a
training job leaves behind, FOLDER/<network>/expected.json what ``YOLO.predict`` finds with the weights in
FOLDER/square.png, a part of IMAGE, and ``int8.npy`` beside it what ONNX Runtime makes of the graph in integers. The
weights are random, and loud enough that scores differ from place to place.
"""

# mypy: ignore-missing-imports

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from containers.training.environment import set_up
from tests.containers.serving.publish_tasks import expected

NETWORKS = ("yolo11n", "yolo12n", "yolo26n", "yolo26n-seg", "yolo26n-pose", "yolo26n-obb", "yolo26n-cls")
"""What YOLOv8's own test of every task leaves open: each family, and each task of the one whose head differs."""
OF_INTEGERS = ("yolo11n", "yolo12n", "yolo26n")
"""Those that are published in int8, too."""
TURNED = 0.8
"""Of a turned box's angle in radians, one standard deviation."""
CLASSES = ("bolt", "nut", "washer", "pin")
"""As many as a box has sides: the scores' last layers must not be taken for those of boxes."""
SIZE = 128
FEWEST, MOST = 5, 200
QUIET, LOUDNESS = -1.0, 1.0
"""Of the logits of the scores, the mean and one standard deviation."""
SIDES, SPREAD = 1.5, 0.3
"""Of a box's sides, in strides, the mean and one standard deviation where the head gives them as they are."""


def main() -> None:
    """Publish all of them."""
    from PIL import Image

    folder, image = Path(sys.argv[1]), Path(sys.argv[1]) / "square.png"
    whole = Image.open(sys.argv[2])
    folder.mkdir()
    whole.crop((0, 0, min(whole.size), min(whole.size))).save(image)
    with tempfile.TemporaryDirectory() as configuration:
        set_up(Path(configuration))
        for name in NETWORKS:
            publish_network(name, folder / name, image)


def publish_network(name: str, folder: Path, image: Path) -> None:
    """One network: its archives' files in each precision, and the expected answers."""
    from containers.training.export import publish

    folder.mkdir(parents=True)
    weights = folder / "weights.pt"
    make_weights(name, weights, image)
    for precision in ("f32", "int8") if name in OF_INTEGERS else ("f32",):
        model = folder / precision / "model"
        publish(
            weights, model, image_size=SIZE, classes=CLASSES, about={}, precision=precision, calibration=[image] * 2
        )
        if precision == "f32":
            (folder / "expected.json").write_text(json.dumps(answers(weights, image)))
        else:
            np.save(folder / "int8.npy", raw_output(model / "model.onnx", image))


def raw_output(graph: Path, image: Path) -> Any:
    """What ONNX Runtime makes of the picture, [1, 4 + classes, candidates]; ultralytics runs graphs with it."""
    import cv2
    import onnxruntime

    pixels = cv2.resize(cv2.imread(str(image)), (SIZE, SIZE))[..., ::-1].transpose(2, 0, 1)[None]
    session = onnxruntime.InferenceSession(str(graph), providers=["CPUExecutionProvider"])
    return session.run(None, {"images": np.ascontiguousarray(pixels, np.float32) / 255})[0]


def make_weights(name: str, target: Path, image: Path) -> None:
    """Write random weights whose normalisations fit noise, and whose scores of the picture spread around a half."""
    import torch
    from ultralytics import YOLO

    torch.manual_seed(7)
    network = YOLO(f"{name}.yaml")
    built = network.task_map[network.task]["model"](f"{name}.yaml", nc=len(CLASSES), verbose=False)
    pixels = soft_pictures(image)
    for layer in built.modules():
        if isinstance(layer, torch.nn.BatchNorm2d):
            layer.momentum = 1.0
    with torch.no_grad():
        built.train()(torch.rand(8, 3, SIZE, SIZE))
        built.eval()
        head = built.model[-1]
        for last in [head.linear] if network.task == "classify" else [branch[-1] for branch in head.cv3]:
            spread(last, lambda: built(pixels), QUIET, LOUDNESS)
        if getattr(head, "reg_max", 0) == 1:
            for branch in head.cv2:
                spread(branch[-1], lambda: built(pixels), SIDES, SPREAD)
        for branch in head.cv4 if network.task == "obb" else []:
            spread(branch[-1], lambda: built(pixels), 0.0, TURNED)
    built.names, built.task, built.args = dict(enumerate(CLASSES)), network.task, network.model.args
    network.model = built
    network.save(str(target))


def spread(last: Any, run: Callable[[], Any], mean: float, deviation: float) -> None:
    """Let what a last layer gives have this mean and this deviation."""
    given: list[Any] = []
    handle = last.register_forward_hook(lambda _layer, _taken, out: given.append(out))
    run()
    handle.remove()
    factor = deviation / given[0].std()
    last.weight.mul_(factor)
    last.bias.sub_(given[0].mean()).mul_(factor).add_(mean)


def soft_pictures(image: Path) -> Any:
    """The picture and its mirror images, [4, 3, SIZE, SIZE] from 0 to 1."""
    import torch
    from PIL import Image

    pixels = np.asarray(Image.open(image).resize((SIZE, SIZE)), np.float32).transpose(2, 0, 1) / 255
    turned = [pixels, pixels[:, ::-1], pixels[:, :, ::-1], pixels[:, ::-1, ::-1]]
    return torch.from_numpy(np.stack(turned))


def answers(weights: Path, image: Path) -> dict[str, Any]:
    """What ultralytics finds, and the confidence at which it is asked."""
    from ultralytics import YOLO

    predictor = YOLO(str(weights))

    def predict(confidence: float, iou: float = 0.7) -> dict[str, Any]:
        given = {"imgsz": SIZE, "conf": confidence, "iou": iou, "max_det": 300, "retina_masks": True}
        return expected(predictor.predict(str(image), verbose=False, **given)[0])

    whole = predict(0.05)
    if "top5" in whole:
        return {"confidence": 0.0, **whole}
    confidence = lowest_that_decides(whole["scores"], predict)
    return {"confidence": confidence, **predict(confidence)}


def lowest_that_decides(scores: list[float], predict: Callable[..., dict[str, Any]]) -> float:
    """A confidence halfway between two scores that are far apart, at which no object hangs on a rounding.

    Of boxes on one another, one whose overlap is nearly the threshold is kept by one processor's order of sums and
    dropped by another's; both are right.
    """
    ordered = sorted(scores, reverse=True)
    gaps = [(left + right) / 2 for left, right in pairwise(ordered) if left - right > 0.0025]
    for confidence in reversed(gaps):
        found = predict(confidence)["scores"]
        near = [(confidence, 0.6998), (confidence, 0.7002)]
        if FEWEST <= len(found) <= MOST and all(predict(*given)["scores"] == found for given in near):
            return confidence
    raise SystemExit("at every confidence something hangs on a rounding: take another seed")


if __name__ == "__main__":
    main()
