"""Run by the serving environment's Python: answers a picture with a network of each family, in each precision.

``ask_families FOLDER`` with what ``publish_families`` left there. Prints for each network what a worker answers, and
how its raw output in the other precisions lies beside that in 32-bit floats.
"""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import openvino

from containers.serving.http.worker import respond
from containers.serving.model.arrays import Floats
from containers.serving.model.files import read_model
from containers.serving.model.manifest import Manifest
from containers.serving.model.predictor import Predictor
from containers.serving.model.runtime import OpenVino, Size, _keep_boxes_exact
from tests.containers.serving.model.ask_predictor import ASKED


def main() -> None:
    """Answer with all of them."""
    folder = Path(sys.argv[1])
    image = (folder / "square.png").read_bytes()
    print(json.dumps({place.name: ask(place, image) for place in sorted(folder.iterdir()) if place.is_dir()}))


def ask(place: Path, image: bytes) -> dict[str, Any]:
    """One network: its answer in f32, how exact bf16 is, and how far from f32 int8 is, in each of its arithmetics."""
    text, graph = read_model(place / "f32" / "model")
    manifest = Manifest.parse(text)
    predictor = Predictor(manifest, graph)
    predictor.warm_up()
    at_start = compiled(predictor)
    wanted = json.loads((place / "expected.json").read_text())["confidence"]
    answer = respond(predictor, {**ASKED, "confidence": wanted, "attributes": "masks=rle"}, image)[1]
    exact = predictor.infer(image).outputs[0]
    rounded = Predictor(replace(manifest, precision="bf16"), graph)
    other = rounded.infer(image).outputs[0]
    noted: dict[str, Any] = {
        "answer": json.loads(answer),
        "compiled": [at_start, compiled(predictor)],
        "sums": sums(graph),
        "bf16": {"runtime": rounded.runtime.name, "apart": apart(other, exact)},
    }
    if exact.ndim == 3:
        noted["bf16"]["stepped"] = stepped(other[0, 2:4], manifest.width)
    if (place / "int8").is_dir():
        text, graph = read_model(place / "int8" / "model")
        manifest = Manifest.parse(text)
        predictor = Predictor(manifest, graph)
        ours = predictor.infer(image).outputs[0]
        noted["int8"] = {
            "runtime": predictor.runtime.name,
            "ours": apart(ours, exact),
            "with floats": apart(Predictor(manifest, graph, open_graph=Exact).infer(image).outputs[0], exact),
            "theirs": apart(np.load(place / "int8.npy"), exact),
            "stepped": stepped(ours[0, 2:4], manifest.width),
        }
    return noted


def compiled(predictor: Predictor) -> list[Size]:
    """The sizes of picture for which the graph is ready."""
    assert isinstance(predictor.runtime, OpenVino)
    return sorted(predictor.runtime._compiled)


class Exact(OpenVino):
    """With 32 bits for what is not in integers, as on a processor without bfloat16."""

    rounds = False


def apart(output: Floats, exact: Floats) -> float:
    """The mean distance, as a share of how much the exact numbers vary; of boxes and scores the worse one."""
    rows = [slice(0, 4), slice(4, None)] if exact.ndim == 3 else [slice(None)]
    return max(float(np.abs(output[0, at] - exact[0, at]).mean() / exact[0, at].std()) for at in rows)


def stepped(sides: Floats, size: int) -> float:
    """The share of widths and heights that take few bits, as sums of two sides in bfloat16 do, in strides."""
    cells = [(size // stride) ** 2 for stride in (8, 16, 32)]
    strides = np.repeat(np.array([8, 16, 32], np.float32), cells)
    whole = np.ascontiguousarray(sides / strides, np.float32).view(np.uint32)
    return float(np.mean((whole & 0x1FFF) == 0))


def sums(graph: bytes) -> int:
    """How many convolutions become sums for bf16."""
    model = openvino.Core().read_model(graph)
    before = count(model)
    _keep_boxes_exact(model)
    return before - count(model)


def count(model: Any) -> int:
    """Convolutions that the outputs depend on."""
    return sum(node.get_type_name() == "Convolution" for node in model.get_ordered_ops())


if __name__ == "__main__":
    main()
