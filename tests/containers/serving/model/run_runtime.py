"""Run by an image's Python: ``run_runtime openvino|onnxruntime FOLDER PICTURE OUT.npz`` keeps what a graph answers.

ONNX Runtime runs on the processor here, by the code that runs it on a GPU.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from containers.serving.model.files import read_model
from containers.serving.model.manifest import Manifest
from containers.serving.model.predictor import Predictor
from containers.serving.model.runtime import OnnxRuntime, open_runtime


def main() -> None:
    """Infer one picture and write the outputs in order."""
    kind, folder, picture, target = sys.argv[1], *map(Path, sys.argv[2:5])
    manifest, model = read_model(folder)
    opened = {"openvino": open_runtime, "onnxruntime": lambda graph, *_: OnnxRuntime(graph, ["CPUExecutionProvider"])}
    predictor = Predictor(Manifest.parse(manifest), model, open_graph=opened[kind])
    outputs = predictor.infer(picture.read_bytes()).outputs
    np.savez(target, *outputs)


if __name__ == "__main__":
    main()
