"""Turns a graph of 32-bit floats into the one that a GPU's engine is built from: pixels in, 16-bit floats inside.

It takes a picture as OpenCV holds it, so that nothing is converted on the processor. What decides where a box is stays
in 32 bits: the last convolution of each branch, and all that comes after it. In 16 bits a coordinate of 600 pixels
would be a multiple of a half. Knows no GPU: any runtime of ONNX runs the graph.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from containers.training.graph import INPUT
from containers.training.quantise import Node, find_ends

PIXELS = "pixels"
"""The input's name: [1, height, width, blue-green-red] of 8 bits."""


def halve(model: Any) -> Any:
    """The graph for a GPU, as ONNX's ModelProto, of an exported one, which is left as it is."""
    import onnx

    half = onnx.ModelProto()
    half.CopyFrom(model)
    graph = half.graph
    del graph.node[:], graph.input[:], graph.value_info[:]
    graph.node.extend([*_take_pixels(model.graph, graph), *_Halving(model, graph).nodes()])
    used = {name for node in graph.node for name in node.input}
    kept = [one for one in graph.initializer if one.name in used]
    del graph.initializer[:]
    graph.initializer.extend(kept)
    onnx.checker.check_model(half)
    return half


def choose_exact(nodes: Sequence[Node]) -> set[str]:
    """The names of the nodes that stay in 32 bits: the ends of the branches, a classifier's last layer, what follows.

    ``nodes`` are in the order in which they are computed.
    """
    ends = find_ends(nodes)
    exact, made = set(), set[str]()
    for node in nodes:
        if node.name in ends or node.op_type == "Gemm" or not made.isdisjoint(node.input):
            exact.add(node.name)
            made.update(node.output)
    return exact


def _take_pixels(graph: Any, half: Any) -> list[Any]:
    """The nodes that make of pixels what was the input: [1, 3, height, width], RGB from 0 to 1."""
    import numpy as np
    from onnx import TensorProto, helper, numpy_helper

    height, width = (axis.dim_param or axis.dim_value for axis in graph.input[0].type.tensor_type.shape.dim[2:])
    half.input.append(helper.make_tensor_value_info(PIXELS, TensorProto.UINT8, [1, height, width, 3]))
    constants = {"pixels/rgb": np.array([2, 1, 0], np.int64), "pixels/white": np.array(255, np.float32)}
    half.initializer.extend(numpy_helper.from_array(value, name) for name, value in constants.items())
    return [
        # TensorRT wants bytes to become floats before anything else is done with them.
        helper.make_node("Cast", [PIXELS], ["pixels/floats"], "pixels/cast", to=TensorProto.FLOAT),
        helper.make_node("Transpose", ["pixels/floats"], ["pixels/planes"], "pixels/transpose", perm=[0, 3, 1, 2]),
        helper.make_node("Gather", ["pixels/planes", "pixels/rgb"], ["pixels/colours"], "pixels/gather", axis=1),
        helper.make_node("Div", ["pixels/colours", "pixels/white"], [INPUT], "pixels/divide"),
    ]


class _Halving:
    """Rewrites the nodes that compute in 16 bits: what comes of the picture, up to what is exact.

    Such a value has a name of its own; where it is wanted in 32 bits, a conversion gives it under the old one. Weights
    in 16 bits are added to the graph ``half``.
    """

    def __init__(self, model: Any, half: Any) -> None:
        import onnx

        self._half, self._given = half, list(model.graph.node)
        self._weights = {one.name: one for one in model.graph.initializer}
        known = onnx.shape_inference.infer_shapes(model).graph
        types = {value.name: value.type.tensor_type.elem_type for value in (*known.value_info, *known.input)}
        types |= {name: one.data_type for name, one in self._weights.items()}
        self._floats = {name for name, kind in types.items() if kind == onnx.TensorProto.FLOAT}
        exact, of_picture = choose_exact(self._given), {INPUT}
        self._halved = set()
        for node in self._given:
            if node.name not in exact and node.op_type != "Shape" and not of_picture.isdisjoint(node.input):
                self._halved.add(node.name)
                of_picture.update(node.output)
        self._wanted = {one.name for one in model.graph.output}
        self._wanted.update(name for node in self._given if node.name not in self._halved for name in node.input)
        self._there: set[str] = set()

    def nodes(self) -> Iterator[Any]:
        """All nodes, in the order in which they are computed."""
        import onnx
        from onnx import TensorProto, helper

        for node in self._given:
            if node.name not in self._halved:
                yield node
                continue
            changed = onnx.NodeProto()
            changed.CopyFrom(node)
            for at, name in enumerate(node.input):
                # The scales of a Resize are in 32 bits by ONNX's own rule.
                if name in self._floats and not (node.op_type == "Resize" and at):
                    yield from self._convert(name)
                    changed.input[at] = _short(name)
            for at, name in enumerate(node.output):
                changed.output[at] = _short(name)
            self._there.update(changed.output)
            yield changed
            for name in (one for one in node.output if one in self._wanted):
                yield helper.make_node("Cast", [_short(name)], [name], f"{name}/cast", to=TensorProto.FLOAT)

    def _convert(self, name: str) -> Iterator[Any]:
        """What gives a value in 16 bits, unless something has: a node, or for weights none."""
        import numpy as np
        from onnx import TensorProto, helper, numpy_helper

        short = _short(name)
        if short in self._there:
            return
        self._there.add(short)
        if name in self._weights:
            values = numpy_helper.to_array(self._weights[name]).astype(np.float16)
            self._half.initializer.append(numpy_helper.from_array(values, short))
        else:
            yield helper.make_node("Cast", [name], [short], f"{short}/cast", to=TensorProto.FLOAT16)


def _short(name: str) -> str:
    return f"{name}/half"
