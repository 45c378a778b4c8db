"""Turns a graph of 32-bit floats into one whose convolutions compute in 8-bit integers.

The ranges of the activations are those that pictures of the training split reach, prepared as for serving. What was
measured to cost accuracy stays in floats. The same graph and the same pictures give the same bytes on one machine.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from containers.training.graph import INPUT, ExportError
from workflow.contract.model import BORDER_GREY

CALIBRATION_IMAGES = 64
"""Pictures looked at. 24 gave the same accuracy where pictures were alike; more are for datasets that vary."""

STEM = 3
"""How many of the first convolutions stay in floats. A few of their activations are ten times larger than all others,
so that 256 steps are too coarse: they alone made two thirds of YOLOv8's error in the scores, and are 4 % of the
arithmetic."""

Floats = NDArray[np.float32]


class Node(Protocol):
    """An operation of a graph, as ONNX describes it: the names of the values that it takes and gives."""

    name: str
    op_type: str
    input: Sequence[str]
    output: Sequence[str]


def quantise(graph: Path, pictures: Sequence[Path], *, task: str, image_size: int) -> None:
    """Replace the graph by its 8-bit form. Raises ExportError where there is no picture to calibrate with."""
    if not pictures:
        raise ExportError("precision = int8: there is no training image to calibrate with")
    import onnx
    from onnxruntime.quantization import CalibrationMethod, QuantFormat, QuantType, quantize_static
    from onnxruntime.quantization.shape_inference import quant_pre_process

    prepared = graph.with_suffix(".prepared.onnx")
    # Its optimiser and its symbolic shapes are left out: they would fuse what is chosen below.
    quant_pre_process(str(graph), str(prepared), skip_optimization=True, skip_symbolic_shape=True)
    floats = choose_floats(onnx.load(str(prepared)).graph.node)
    inputs = model_inputs(choose_pictures(pictures), task, image_size)
    quantize_static(
        str(prepared),
        str(graph),
        _Reader({INPUT: pixels} for pixels in inputs),
        quant_format=QuantFormat.QDQ,
        per_channel=True,
        activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8,
        op_types_to_quantize=["Conv"],
        nodes_to_exclude=floats,
        calibrate_method=CalibrationMethod.MinMax,
        # A convolution's result is rounded once, after its activation function. Rounded before it as well, scores are
        # off more than twice as far in onnxruntime, and in OpenVINO 2026.4 altogether wrong: by 0.37 in the mean.
        extra_options={"OpTypesToExcludeOutputQuantization": ["Conv"]},
    )
    prepared.unlink()


def choose_floats(nodes: Sequence[Node]) -> list[str]:
    """The names of the convolutions that stay in floats: the stem, and what ends a branch of the head.

    ``nodes`` are in the order in which they are computed, as ONNX demands.
    """
    depth: dict[str, int] = {}
    stem = set()
    for node in nodes:
        convolutions = max((depth.get(name, 0) for name in node.input), default=0) + (node.op_type == "Conv")
        depth.update(dict.fromkeys(node.output, convolutions))
        if node.op_type == "Conv" and convolutions <= STEM:
            stem.add(node.name)
    ends = find_ends(nodes)
    return [node.name for node in nodes if node.name in stem or node.name in ends]


def find_ends(nodes: Sequence[Node]) -> set[str]:
    """The names of the convolutions that end a branch of the head.

    They have no activation function, and no convolution that has one comes after them: those that give boxes,
    scores, keypoints, mask coefficients and angles, and the one that turns a box's distributions into distances (DFL).
    """
    activated = {name for node in nodes if node.op_type == "Sigmoid" for name in node.input}
    goes_on: set[str] = set()
    ends = set()
    for node in reversed(nodes):
        bare = node.op_type == "Conv" and activated.isdisjoint(node.output)
        if not goes_on.isdisjoint(node.output) or (node.op_type == "Conv" and not bare):
            goes_on.update(node.input)
        elif bare:
            ends.add(node.name)
    return ends


def choose_pictures(pictures: Sequence[Path]) -> list[Path]:
    """At most CALIBRATION_IMAGES, spread evenly over the names in order: always the same, and not all of one series."""
    ordered = sorted(pictures)
    count = min(len(ordered), CALIBRATION_IMAGES)
    return [ordered[at * len(ordered) // count] for at in range(count)]


def model_inputs(pictures: Sequence[Path], task: str, image_size: int) -> Iterator[Floats]:
    """Each picture as the graph takes it: [1, 3, size, size], RGB from 0 to 1. Raises ExportError on an unreadable one.

    Letterboxed into the square, or for classification its centre, by ultralytics' own code.
    """
    from PIL import Image
    from ultralytics.data.augment import LetterBox, classify_transforms
    from ultralytics.utils.patches import imread

    letterbox = LetterBox((image_size, image_size), auto=False, scaleup=True, padding_value=BORDER_GREY)
    centre = classify_transforms(image_size)
    for picture in pictures:
        pixels = imread(str(picture))
        if pixels is None:
            raise ExportError(f"{picture.name}: cannot be read for calibration")
        if task == "classify":
            yield centre(Image.fromarray(pixels[..., ::-1])).numpy()[None]
        else:
            fitted = letterbox(image=pixels)[..., ::-1].transpose(2, 0, 1)[None]
            yield np.divide(fitted, 255, dtype=np.float32)


class _Reader:
    """Hands the inputs over one by one, as the quantiser asks for them."""

    def __init__(self, inputs: Iterator[dict[str, Any]]) -> None:
        self._inputs = inputs

    def get_next(self) -> dict[str, Any] | None:
        return next(self._inputs, None)
