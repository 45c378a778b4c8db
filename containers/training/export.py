"""Turns the best weights into what serves: an ONNX graph for pictures of any size, the weights and a manifest.

The files appear in the model folder only when all are complete, the manifest last. Takes weights of any
family's five tasks and knows nothing of how they came about.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from containers.training.digest import file_digest
from containers.training.engine import EngineError, build_engine
from containers.training.environment import versions
from containers.training.graph import ExportError, Subject, check_graph, keep_one_picture
from containers.training.quantise import quantise
from workflow.contract.gpu_engine import FILE, Machine
from workflow.contract.model import HALF, PRECISIONS
from workflow.contract.reading import VERSION

OPSET = 17
"""Fixed, so that the same weights give the same graph whatever the exporter would choose."""

CHANGING_METADATA = ("date", "description")
"""What ultralytics notes in a graph that differs from export to export: the time, and the folder of the data."""

FILES = ("model.onnx", "weights.pt")


@dataclass(frozen=True)
class Exported:
    """What the weights turned out to be; ``stride`` is the largest, in pixels of the input."""

    subject: Subject
    stride: int


def publish(
    best: Path,
    model: Path,
    *,
    image_size: int,
    classes: tuple[str, ...],
    about: Mapping[str, Any],
    precision: str = "bf16",
    calibration: Sequence[Path] = (),
    beside: Mapping[str, str] | None = None,
) -> None:
    """Export ``best`` and put model.onnx, weights.pt and manifest.json into ``model``; ``about`` joins the manifest.

    ``beside`` are further texts to put there, by the names of their files.

    ``precision`` is what the model shall compute in once it serves. int8 makes another graph, from the pictures of
    ``calibration``; the others share one, and the serving runtime reads in the manifest which it is. f16 puts an engine
    for this machine's GPU beside it, or says why there is none.
    """
    if precision not in PRECISIONS:
        raise ExportError(f"precision = {precision!r}: must be one of {', '.join(PRECISIONS)}")
    model.mkdir(parents=True, exist_ok=True)
    partial = model / ".partial"  # inside, so that the files move without being copied once more
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir()
    try:
        shutil.copyfile(best, partial / "weights.pt")
        graph = partial / "model.onnx"
        exported = export_onnx(partial / "weights.pt", graph, image_size)
        subject = exported.subject
        if subject.classes != len(classes):
            raise ExportError(f"the weights know {subject.classes} classes, the dataset {len(classes)}")
        if precision == "int8":
            quantise(graph, calibration, task=subject.task, image_size=image_size)
            check_file(graph, subject, image_size)
        machine = _add_engine(graph, subject.task, image_size) if precision == HALF else None
        names = FILES if machine is None else (*FILES, FILE)
        files = {
            name: {"sha256": file_digest(partial / name), "bytes": (partial / name).stat().st_size} for name in names
        }
        manifest = {
            **about,
            "version": VERSION,
            "task": subject.task,
            "classes": list(classes),
            **({} if subject.keypoints is None else {"keypoints": list(subject.keypoints)}),
            "image_size": [image_size, image_size],
            "stride": exported.stride,
            "precision": precision,
            **({} if machine is None else {"engine": machine.document()}),
            "files": files,
            "model_digest": files["model.onnx"]["sha256"],
            **versions(),
        }
        text = json.dumps(manifest, indent=1, ensure_ascii=False) + "\n"
        texts = {**(beside or {}), "manifest.json": text}
        for name, content in texts.items():
            (partial / name).write_text(content, encoding="utf-8")
        for name in (*names, *texts):
            (partial / name).replace(model / name)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _add_engine(graph: Path, task: str, image_size: int) -> Machine | None:
    """Write the engine beside the graph; the machine that it is for.

    None where there is none, which is no reason to lose a training: then the log says why, and the graph is served.
    """
    import onnx

    try:
        machine, engine = build_engine(onnx.load(str(graph)), task=task, image_size=image_size)
    except EngineError as error:
        print(f"no engine for a GPU: {error}", flush=True)
        return None
    graph.with_name(FILE).write_bytes(engine)
    print(f"built an engine of {len(engine)} bytes for {machine.gpu}, TensorRT {machine.tensorrt}", flush=True)
    return machine


def export_onnx(weights: Path, target: Path, image_size: int) -> Exported:
    """Write the graph, in 32-bit floats; what the weights are. The same weights give the same bytes.

    It takes one picture of any height and width, multiples of 32; that of a classifier is square, of ``image_size``
    pixels. Raises ExportError unless inputs and outputs are those of the task.
    """
    import onnx
    from ultralytics import YOLO

    network = YOLO(str(weights))
    keypoints = tuple(network.model.kpt_shape) if network.task == "pose" else None
    exported = Exported(Subject(network.task, len(network.names), keypoints), int(network.model.stride.max()))
    made = network.export(
        format="onnx",
        imgsz=image_size,
        opset=OPSET,
        simplify=False,
        dynamic=network.task != "classify",
        batch=1,
        nms=None,  # every candidate, from the head that learns one to many: overlaps are the predictor's to resolve
        device="cpu",
        verbose=False,
    )
    graph = onnx.load(str(made))
    Path(made).unlink()
    keep_one_picture((*graph.graph.input, *graph.graph.output))
    noted = [entry for entry in graph.metadata_props if entry.key not in CHANGING_METADATA]
    del graph.metadata_props[:]
    graph.metadata_props.extend(noted)
    onnx.save(graph, str(target))
    check_file(target, exported.subject, image_size)
    return exported


def check_file(graph: Path, subject: Subject, image_size: int) -> None:
    """Raise ExportError unless the graph in this file does what serving expects of its task."""
    import onnx

    check_graph(onnx.load(str(graph)), subject, image_size)
