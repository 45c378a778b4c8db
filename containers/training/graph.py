"""What the graph of each task takes and gives, and whether an exported one does: shown by shapes, without running it.

Knows no ultralytics and no runtime.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

INPUT = "images"
STRIDES = (8, 16, 32)
"""Pixels of the input between neighbouring candidates, on each of the three grids of every family's head."""
MASK_COEFFICIENTS = 32
"""Numbers of a segmentation's candidate, and channels of its prototypes; ultralytics fixes them for every family."""

Shape = list[int]


class ExportError(RuntimeError):
    """The model cannot be exported as asked, or the exported graph is not what serving expects."""


@dataclass(frozen=True)
class Subject:
    """What a graph finds: its task, how many classes, and for pose how many keypoints of how many numbers each."""

    task: str
    classes: int
    keypoints: tuple[int, int] | None = None

    def outputs(self, height: int, width: int) -> dict[str, Shape]:
        """Name and shape of every output for one picture of ``height`` × ``width`` pixels, multiples of 32."""
        if self.task == "classify":
            return {"output0": [1, self.classes]}
        points, numbers = self.keypoints or (0, 0)
        further = {"detect": 0, "pose": points * numbers, "segment": MASK_COEFFICIENTS, "obb": 1}
        if self.task not in further:
            raise ExportError(f"the model's task is {self.task!r}: must be classify, {', '.join(further)}")
        candidates = sum((height // stride) * (width // stride) for stride in STRIDES)
        shapes = {"output0": [1, 4 + self.classes + further[self.task], candidates]}
        if self.task == "segment":
            shapes["output1"] = [1, MASK_COEFFICIENTS, height // 4, width // 4]
        return shapes


def check_graph(model: Any, subject: Subject, image_size: int) -> None:
    """Raise ExportError unless the graph does what serving expects of its task.

    It takes one picture, for classification square and of ``image_size`` pixels, else of any height and width. That
    is shown at the square and at a rectangle beyond it, whose sides tell a mistaken axis apart.
    """
    import onnx

    try:
        onnx.checker.check_model(model)
    except onnx.checker.ValidationError as error:
        raise ExportError(f"the exported graph is not valid ONNX: {error}") from error
    fixed = subject.task == "classify"
    side = image_size if fixed else None
    taken = {value.name: read_shape(value) for value in model.graph.input}
    if taken != {INPUT: [1, 3, side, side]}:
        raise ExportError(f"the exported graph takes {taken}, not {{{INPUT!r}: [1, 3, {side}, {side}]}}")
    kinds = {value.type.tensor_type.elem_type for value in (*model.graph.input, *model.graph.output)}
    if kinds != {onnx.TensorProto.FLOAT}:
        raise ExportError(f"the exported graph takes or gives elements of the kinds {kinds}, not 32-bit floats alone")
    sizes = [(image_size, image_size), (image_size + 32, image_size + 64)]
    for height, width in sizes[:1] if fixed else sizes:
        given, wanted = infer_shapes(model, height, width), subject.outputs(height, width)
        if given != wanted:
            raise ExportError(f"for {height}×{width} pixels the exported graph gives {given}, not {wanted}")


def infer_shapes(model: Any, height: int, width: int) -> dict[str, list[int | None]]:
    """What the graph gives for one picture of this size, worked out node by node; None for an unknown side.

    Raises ExportError where the nodes do not fit one another at this size.
    """
    import onnx

    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    for side, pixels in zip(copy.graph.input[0].type.tensor_type.shape.dim[2:], (height, width), strict=True):
        side.dim_value = pixels
    # What the exporter noted was for the size it traced.
    del copy.graph.value_info[:]
    for value in copy.graph.output:
        value.type.tensor_type.ClearField("shape")
    try:
        inferred = onnx.shape_inference.infer_shapes(copy, check_type=True, strict_mode=True, data_prop=True)
    except onnx.shape_inference.InferenceError as error:
        raise ExportError(f"for {height}×{width} pixels the exported graph does not fit together: {error}") from error
    return {value.name: read_shape(value) for value in inferred.graph.output}


def read_shape(value: Any) -> list[int | None]:
    """The shape that a graph's input or output states; None for a side that is left open."""
    return [side.dim_value if side.HasField("dim_value") else None for side in value.type.tensor_type.shape.dim]


def keep_one_picture(values: Iterable[Any]) -> None:
    """Fix the first axis of inputs and outputs: the flow always asks about one picture."""
    for value in values:
        value.type.tensor_type.shape.dim[0].dim_value = 1
