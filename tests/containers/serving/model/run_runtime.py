"""Run by an image's Python: ``run_runtime openvino|onnxruntime FOLDER PICTURE OUT.npz`` keeps what a graph answers.

ONNX Runtime runs on the processor here, by the code that runs it on a GPU.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from containers.serving.model import predictor
from containers.serving.model.manifest import Manifest
from containers.serving.model.predictor import Predictor, read_model
from containers.serving.model.runtime import OnnxRuntime


def main() -> None:
    """Infer one picture and write the outputs in order."""
    kind, folder, picture, target = sys.argv[1], *map(Path, sys.argv[2:5])
    manifest, model = read_model(folder)
    if kind == "onnxruntime":
        # The predictor's own name for it, which it does not offer to others.
        predictor.open_runtime = lambda graph, *_: OnnxRuntime(graph, ["CPUExecutionProvider"])  # type: ignore[attr-defined]
    outputs = Predictor(Manifest.parse(manifest), model).infer(picture.read_bytes()).outputs
    np.savez(target, *outputs)


if __name__ == "__main__":
    main()
