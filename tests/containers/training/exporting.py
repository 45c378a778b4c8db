"""Run by the training image's Python: exports weights of every task and notes what came out as JSON.

``python -m tests.containers.training.exporting tasks FOLDER TASK…`` or ``… accuracy FOLDER WEIGHTS PICTURES``
"""

# mypy: ignore-missing-imports

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from containers.training.environment import set_up
from containers.training.export import publish
from containers.training.quantise import model_inputs
from workflow.contract.model import PRECISIONS

SIZE = 64
CLASSES = ("bolt", "nut", "washer")
SUFFIXES = {"detect": "", "pose": "-pose", "segment": "-seg", "classify": "-cls", "obb": "-obb"}


def weights(task: str, target: Path) -> None:
    """Write weights that no training made, always the same ones, whose answers differ from picture to picture."""
    import torch
    from ultralytics import YOLO

    torch.manual_seed(1)
    network = YOLO(f"yolov8n{SUFFIXES[task]}.yaml", task=task)
    built = network.task_map[task]["model"](f"yolov8n{SUFFIXES[task]}.yaml", nc=len(CLASSES), verbose=False)
    norms = [module for module in built.modules() if isinstance(module, torch.nn.BatchNorm2d)]
    for norm in norms:
        norm.momentum = 1.0  # takes the statistics of the one batch below, without which all activations fade to zero
    with torch.no_grad():
        built.train()(torch.rand(4, 3, SIZE, SIZE))
    built.names, built.task, built.args = dict(enumerate(CLASSES)), task, network.model.args
    network.model = built.eval()
    network.save(str(target))


def pictures(folder: Path, count: int = 8) -> list[Path]:
    """Write coloured blocks of noise in several proportions."""
    from PIL import Image

    folder.mkdir()
    files = [folder / f"{index}.png" for index in range(count)]
    for index, file in enumerate(files):
        blocks = np.random.default_rng(index).integers(0, 255, (5 + index % 3, 9, 3), dtype=np.uint8)
        Image.fromarray(blocks).resize((90, 50 + 10 * (index % 3)), Image.Resampling.NEAREST).save(file)
    return files


def answers(graph: Path, image: Any) -> list[Any]:
    """What the graph gives for a picture [1, 3, height, width]."""
    import onnxruntime

    session = onnxruntime.InferenceSession(str(graph), providers=["CPUExecutionProvider"])
    return [np.asarray(output) for output in session.run(None, {"images": image})]


def of_torch(file: Path, image: Any) -> list[Any]:
    """What ultralytics' own network gives for the same picture, in the graph's order."""
    import torch
    from ultralytics import YOLO

    network = YOLO(str(file)).model.float().eval()
    with torch.no_grad():
        given = network(torch.from_numpy(image))
    # Ultralytics wraps what the graph gives together with what its losses would need.
    first = given[0] if isinstance(given, (list, tuple)) else given
    return [output.numpy() for output in (first if isinstance(first, (list, tuple)) else [first])]


def quantised(graph: Path) -> list[str]:
    """The names of the convolutions that compute in integers."""
    import onnx

    nodes = onnx.load(str(graph)).graph.node
    made = {output: node.op_type for node in nodes for output in node.output}
    return [node.name for node in nodes if node.op_type == "Conv" and made.get(node.input[0]) == "DequantizeLinear"]


def tasks(folder: Path, names: list[str]) -> dict[str, Any]:
    """Export weights of each task, random unless given: the manifests, and how far graph and network lie apart."""
    chosen, noted = pictures(folder / "pictures"), {}
    for task in names:
        source = folder / f"{task}.pt"
        if not source.is_file():
            weights(task, source)
        for precision in PRECISIONS if task == "detect" else ("f32", "int8"):
            target = folder / task / precision
            publish(
                source,
                target,
                image_size=SIZE,
                classes=CLASSES,
                about={"model": "yolov8n"},
                precision=precision,
                calibration=chosen,
            )
            # Not the size it was exported at, and no square, where the task allows it.
            high, wide = (SIZE, SIZE) if task == "classify" else (SIZE + 32, SIZE + 96)
            square = next(model_inputs(chosen[3:], task, max(high, wide)))
            image = np.ascontiguousarray(square[:, :, :high, :wide])
            graph, network = answers(target / "model.onnx", image), of_torch(source, image)
            noted[f"{task} {precision}"] = {
                "manifest": json.loads((target / "manifest.json").read_text(encoding="utf-8")),
                "shapes": [list(output.shape) for output in graph],
                # As a share of how much the network's own answers vary.
                "errors": [
                    float(np.abs(ours - theirs).mean() / theirs.std())
                    for ours, theirs in zip(graph, network, strict=False)
                ],
                "finite": all(bool(np.isfinite(output).all()) for output in graph),
                "quantised": quantised(target / "model.onnx"),
                "files": sorted(path.name for path in target.iterdir()),
            }
    return noted


def accuracy(folder: Path, source: Path, photographs: Path) -> dict[str, float]:
    """How far the scores of int8 lie from those of f32, in the mean over every candidate that f32 gives 0.1 or more."""
    from ultralytics import YOLO

    size, classes = 320, tuple(YOLO(str(source)).names.values())
    for precision in ("f32", "int8"):
        calibration = list((photographs / "images/train").iterdir())
        publish(
            source,
            folder / precision,
            image_size=size,
            classes=classes,
            about={},
            precision=precision,
            calibration=calibration,
        )
    apart = []
    for image in model_inputs(sorted((photographs / "images/val").iterdir()), "detect", size):
        exact, rounded = (answers(folder / name / "model.onnx", image)[0][0, 4:] for name in ("f32", "int8"))
        apart.append(np.abs(exact - rounded).max(axis=0)[exact.max(axis=0) >= 0.1])
    found = np.concatenate(apart)
    return {"candidates": len(found), "mean": float(found.mean())}


def main(what: str, folder: Path, rest: list[str]) -> None:
    """Print what was asked for as one line of JSON."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as configuration:
        set_up(Path(configuration))
        noted = tasks(folder, rest) if what == "tasks" else accuracy(folder, Path(rest[0]), Path(rest[1]))
    print("\n" + json.dumps(noted))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), sys.argv[3:])
