"""Turns the best weights into what serves: an ONNX graph of a fixed size, the weights and a manifest.

The files appear in the model folder only when all are complete, the manifest last. Knows nothing of
how the weights came about.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from containers.training.environment import versions
from containers.training.images import file_digest
from workflow.contract import VERSION

OPSET = 17
"""Fixed, so that the same weights give the same graph whatever the exporter would choose."""

FILES = ("model.onnx", "weights.pt")


class ExportError(RuntimeError):
    """The exported graph is not what serving expects."""


def publish(best: Path, model: Path, *, image_size: int, classes: tuple[str, ...], about: Mapping[str, Any]) -> None:
    """Export ``best`` and put model.onnx, weights.pt and manifest.json into ``model``; ``about`` joins the manifest."""
    model.mkdir(parents=True, exist_ok=True)
    partial = model / ".partial"  # inside, so that the files move without being copied once more
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir()
    try:
        shutil.copyfile(best, partial / "weights.pt")
        stride = export_onnx(partial / "weights.pt", partial / "model.onnx", image_size, len(classes))
        files = {
            name: {"sha256": file_digest(partial / name), "bytes": (partial / name).stat().st_size} for name in FILES
        }
        manifest = {
            "version": VERSION,
            "task": "detect",
            "classes": list(classes),
            "image_size": [image_size, image_size],
            "stride": stride,
            "files": files,
            "model_digest": files["model.onnx"]["sha256"],
            **versions(),
            **about,
        }
        text = json.dumps(manifest, indent=1, ensure_ascii=False) + "\n"
        (partial / "manifest.json").write_text(text, encoding="utf-8")
        for name in (*FILES, "manifest.json"):
            (partial / name).replace(model / name)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def export_onnx(weights: Path, target: Path, image_size: int, classes: int) -> int:
    """Write the graph for one square image of ``image_size`` pixels; the model's largest stride.

    Raises ExportError unless the graph takes (1, 3, size, size) and gives (1, 4 + classes, anchors).
    """
    import onnx
    from ultralytics import YOLO

    detector = YOLO(str(weights))
    stride = int(detector.model.stride.max())
    made = detector.export(
        format="onnx",
        imgsz=image_size,
        opset=OPSET,
        simplify=False,
        dynamic=False,
        batch=1,
        device="cpu",
        verbose=False,
    )
    Path(made).replace(target)
    graph = onnx.load(str(target))
    onnx.checker.check_model(graph)
    shapes = [_shape(value) for value in (*graph.graph.input, *graph.graph.output)]
    anchors = sum((image_size // step) ** 2 for step in (8, 16, 32))
    wanted = [[1, 3, image_size, image_size], [1, 4 + classes, anchors]]
    if shapes != wanted:
        raise ExportError(f"the exported graph has inputs and outputs {shapes}, not {wanted}")
    return stride


def _shape(value: Any) -> list[int]:
    return [dimension.dim_value for dimension in value.type.tensor_type.shape.dim]
