"""The served graph with one output more: the strongest answer of each of its own features to anything in the picture.

The features are the widest map of the grid of eight pixels, the last of such: in a detector what the scores of its
classes are made of, where objects are told from one another. The vector is the largest of each over all places, so that
one strange thing shows, however small. No second model, and no name of a layer: every family of YOLO has such a map.
Measured beside others: the mean of the coarsest map does not show a class that nobody trained.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from containers.serving.model.arrays import Floats, Pixels
from containers.serving.model.runtime import OpenVino

GRID = 8
"""Pixels of the input between two places of the map."""
TRIED_SIDE = 256
"""Pixels of an input by which the sizes of a graph's maps are told where it takes any: a multiple of every stride."""


class FeatureRuntime(OpenVino):
    """The graph on the processor, in 32 bits, so that every processor gives the same vector."""

    rounds = False

    def extend(self, graph: Any) -> None:
        """Add the vector to the outputs; nothing where the graph has no such map."""
        from openvino import opset13

        name = find_features(graph)
        self.has_features = bool(name)
        if name:
            node = next(node for node in graph.get_ops() if node.get_friendly_name() == name)
            strongest = opset13.reduce_max(node.output(0), np.array([2, 3]), keep_dims=False)
            graph.add_outputs(strongest.output(0))

    def run(self, picture: Pixels) -> list[Floats]:
        """See ``Runtime``; the vector is kept for ``features``."""
        outputs = super().run(picture)
        self._own.features = outputs.pop()[0].copy() if self.has_features else np.zeros(0, np.float32)
        return outputs

    def features(self) -> Floats:
        """The vector [any] of the picture that this thread ran last; of a graph without such a map, [0]."""
        found: Floats = self._own.features
        return found


def find_features(graph: Any) -> str:
    """The name of the convolution that gives the features; empty where the graph has none on that grid.

    Of several that are as wide it is the last.
    """
    tried = graph.clone()
    if tried.input(0).get_partial_shape().is_dynamic:
        tried.reshape([1, 3, TRIED_SIDE, TRIED_SIDE])
    _, _, height, width = tried.input(0).get_shape()
    best, widest = "", 0
    for node in tried.get_ordered_ops():
        shape = list(node.output(0).get_partial_shape().to_shape()) if node.get_type_name() == "Convolution" else []
        if shape[2:] == [height // GRID, width // GRID] and shape[1] >= widest:
            best, widest = str(node.get_friendly_name()), shape[1]
    return best
