"""The precisions that a new model can serve in here: each with its predictor, as an endpoint would load it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from containers.serving.model.files import read_model
from containers.serving.model.manifest import Manifest
from containers.serving.model.predictor import Predictor

GRAPHS: Mapping[str, str] = {"f32": "floats", "bf16": "floats", "int8": "integers"}
"""The folder of the graph of each precision that a processor serves in, the most exact first; floats share one."""


def load_candidates(folder: Path, *, bfloat16: bool) -> dict[str, Predictor]:
    """Predictors of what lies in ``folder``, the most exact first; bf16 where this processor has ``bfloat16``.

    Raises ModelError where a graph is not what its manifest says, or is not taken by the runtime.
    """
    loaded = {}
    for precision, graph in GRAPHS.items():
        if precision == "bf16" and not bfloat16:
            continue
        text, model = read_model(folder / graph)
        loaded[precision] = Predictor(replace(Manifest.parse(text), precision=precision), model)
    return loaded
