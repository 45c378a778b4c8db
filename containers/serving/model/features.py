"""The served graph with one output more: what its last layers made of the whole picture, as a vector.

The vector is the mean over all places of the widest map of the coarsest grid, after its activation: the features that
the boxes of large objects, or a classifier's scores, are made of. No second model, and no name of a layer: every
family of YOLO has such a map.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from containers.serving.model.arrays import Floats, Pixels
from containers.serving.model.runtime import OpenVino

TRIED_SIDE = 256
"""Pixels of an input by which the sizes of a graph's maps are told where it takes any: a multiple of every stride."""


class FeatureRuntime(OpenVino):
    """The graph on the processor, in 32 bits, so that every processor gives the same vector."""

    def __init__(self, model: bytes, precision: str, streams: int) -> None:
        """See ``OpenVino``; ``precision`` int8 is a property of the graph and stays."""
        super().__init__(model, precision if precision == "int8" else "f32", streams)

    def extend(self, graph: Any) -> None:
        """Add the vector to the outputs; nothing where the graph has no convolution."""
        from openvino import opset13

        name = find_features(graph)
        self.has_features = bool(name)
        if name:
            node = next(node for node in graph.get_ops() if node.get_friendly_name() == name)
            mean = opset13.reduce_mean(node.output(0), np.array([2, 3]), keep_dims=False)
            graph.add_outputs(mean.output(0))

    def run(self, picture: Pixels) -> list[Floats]:
        """See ``Runtime``; the vector is kept for ``features``."""
        outputs = super().run(picture)
        self._own.features = outputs.pop()[0].copy() if self.has_features else np.zeros(0, np.float32)
        return outputs

    def features(self) -> Floats:
        """The vector [any] of the picture that this thread ran last; of a graph without a convolution, [0]."""
        found: Floats = self._own.features
        return found


def find_features(graph: Any) -> str:
    """The name of the node that gives the features; empty where the graph has no convolution.

    Of the convolutions on the coarsest grid the widest, of several of those the last, and what its activation makes of
    it.
    """
    tried = graph.clone()
    shape = tried.input(0).get_partial_shape()
    if shape.is_dynamic:
        tried.reshape([1, 3, TRIED_SIDE, TRIED_SIDE])
    best, widest = None, (0, 0)
    for node in tried.get_ordered_ops():
        if node.get_type_name() != "Convolution" or len(node.output(0).get_shape()) != 4:
            continue
        _, channels, height, width = node.output(0).get_shape()
        if best is None or (-height * width, channels) >= widest:
            best, widest = node, (-height * width, channels)
    return "" if best is None else str(_activated(best).get_friendly_name())


def _activated(node: Any) -> Any:
    """The last of what follows a node in a row and changes no shape: its bias, and its activation."""
    shape = node.output(0).get_shape()
    after = [taken.get_node() for taken in node.output(0).get_target_inputs()]
    for one in after:
        if one.get_type_name() in ("Add", "Multiply", "Swish", "Relu") and one.output(0).get_shape() == shape:
            others = {given.get_node().get_type_name() for given in one.input_values()}
            if others & {"Constant", "Convert", "Sigmoid"} or one.get_type_name() in ("Swish", "Relu"):
                return _activated(one)
    return node
