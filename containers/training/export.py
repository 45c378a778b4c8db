"""Turns the best weights into what serves: an ONNX graph for pictures of any size, the weights and a manifest.

The files appear in the model folder only when all are complete, the manifest last. Takes weights of any
family's five tasks and knows nothing of how they came about.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from containers.training.digest import file_digest
from containers.training.engine import EngineError, build_engine
from containers.training.environment import versions
from containers.training.graph import ExportError, Subject, check_graph, keep_one_picture
from containers.training.quantise import quantise
from workflow.contract.document import render
from workflow.contract.gpu_engine import FILE, Machine
from workflow.contract.model import AUTO, HALF, PRECISIONS
from workflow.contract.precision_choice import KEY, PrecisionChoice
from workflow.contract.reading import VERSION

OPSET = 17
"""Fixed, so that the same weights give the same graph whatever the exporter would choose."""

CHANGING_METADATA = ("date", "description")
"""What ultralytics notes in a graph that differs from export to export: the time, and the folder of the data."""

GRAPH, WEIGHTS = "model.onnx", "weights.pt"


@dataclass(frozen=True)
class Candidate:
    """A graph that may serve, and its manifest but for its precision."""

    graph: Path
    manifest: Mapping[str, Any]


Choose = Callable[[Mapping[str, Candidate]], PrecisionChoice]
"""Chooses between candidates, of ``floats`` and of ``integers``."""


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
    choose: Choose | None = None,
) -> None:
    """Export ``best`` and put model.onnx, weights.pt and manifest.json into ``model``; ``about`` joins the manifest.

    ``beside`` are further texts to put there, by the names of their files.

    ``precision`` is what the model shall compute in once it serves. int8 makes another graph, from the pictures of
    ``calibration``; the others share one, and the serving runtime reads in the manifest which it is. f16 puts an engine
    for this machine's GPU beside it, or says why there is none. With auto, ``choose`` is asked, and the manifest tells
    what it found.
    """
    known = PRECISIONS if choose is None else (AUTO, *PRECISIONS)
    if precision not in known:
        raise ExportError(f"precision = {precision!r}: must be one of {', '.join(known)}")
    model.mkdir(parents=True, exist_ok=True)
    partial = model / ".partial"  # inside, so that the files move without being copied once more
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir()
    try:
        weights, graph, integers = (partial / name for name in (WEIGHTS, GRAPH, "integers.onnx"))
        shutil.copyfile(best, weights)
        exported = export_onnx(weights, graph, image_size)
        subject = exported.subject
        if subject.classes != len(classes):
            raise ExportError(f"the weights know {subject.classes} classes, the dataset {len(classes)}")
        if precision in (AUTO, "int8"):
            shutil.copyfile(graph, integers)
            quantise(integers, calibration, task=subject.task, image_size=image_size)
            check_file(integers, subject, image_size)
        machine = _add_engine(graph, subject.task, image_size) if precision == HALF else None
        manifest = {
            **about,
            "version": VERSION,
            "task": subject.task,
            "classes": list(classes),
            **({} if subject.keypoints is None else {"keypoints": list(subject.keypoints)}),
            "image_size": [image_size, image_size],
            "stride": exported.stride,
            **({} if machine is None else {"engine": machine.document()}),
        }
        if choose is not None and precision == AUTO:
            candidates = {"floats": graph, "integers": integers}
            choice = choose({name: Candidate(at, manifest | _digests(at, weights)) for name, at in candidates.items()})
            precision, manifest = choice.chosen, {**manifest, KEY: render(choice)}
        if precision == "int8":
            integers.replace(graph)
        others = [weights] if machine is None else [weights, partial / FILE]
        text = json.dumps(
            {**manifest, "precision": precision, **_digests(graph, *others), **versions()}, indent=1, ensure_ascii=False
        )
        texts = {**(beside or {}), "manifest.json": text + "\n"}
        for name, content in texts.items():
            (partial / name).write_text(content, encoding="utf-8")
        for name in (GRAPH, *(file.name for file in others), *texts):
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


def _digests(graph: Path, *others: Path) -> dict[str, Any]:
    """The part of a manifest that names the files of a model by their content; ``graph`` becomes its model.onnx."""
    named = {GRAPH: graph, **{file.name: file for file in others}}
    files = {name: {"sha256": file_digest(file), "bytes": file.stat().st_size} for name, file in named.items()}
    return {"files": files, "model_digest": files[GRAPH]["sha256"]}


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
