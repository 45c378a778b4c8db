"""Run by an image's Python: ``run_runtime graph|half FOLDER PICTURE OUT.npz`` keeps what a model answers.

``half`` is the graph that a GPU's engine is built from, on the processor, by ONNX Runtime.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from containers.serving.model.arrays import Floats, Pixels
from containers.serving.model.files import read_model
from containers.serving.model.manifest import Manifest
from containers.serving.model.predictor import Predictor
from containers.serving.model.runtime import Runtime, open_runtime


class Half:
    """What an engine computes, without a GPU: pixels in, 16 bits inside."""

    def __init__(self, model: bytes) -> None:
        import onnx
        import onnxruntime

        from containers.training.half import halve

        half = halve(onnx.load_model_from_string(model)).SerializeToString()
        self._session = onnxruntime.InferenceSession(half, providers=["CPUExecutionProvider"])
        self.name = "half"
        _, height, width, _ = self._session.get_inputs()[0].shape
        self.size = (height, width) if isinstance(height, int) else None

    def run(self, picture: Pixels) -> list[Floats]:
        """See ``Runtime``."""
        outputs: list[Floats] = self._session.run(None, {"pixels": picture[None]})
        return outputs


def main() -> None:
    """Infer one picture and write the outputs in order."""
    kind, folder, picture, target = sys.argv[1], *map(Path, sys.argv[2:5])
    manifest, model = read_model(folder)

    def opened(graph: bytes, precision: str, streams: int) -> Runtime:
        return Half(graph) if kind == "half" else open_runtime(graph, precision, streams)

    outputs = Predictor(Manifest.parse(manifest), model, open_graph=opened).infer(picture.read_bytes()).outputs
    np.savez(target, *outputs)


if __name__ == "__main__":
    main()
