"""The hyperparameters of a training, and what a search may vary.

SageMaker carries every hyperparameter as text. What ultralytics makes of one is the training image's concern.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from workflow.contract import InputError, RunInput

SEARCHED = (
    {"Name": "lr0", "MinValue": "0.0001", "MaxValue": "0.01", "ScalingType": "Logarithmic"},
    {"Name": "weight_decay", "MinValue": "0.00001", "MaxValue": "0.001", "ScalingType": "Logarithmic"},
    {"Name": "mosaic", "MinValue": "0", "MaxValue": "1", "ScalingType": "Linear"},
)
"""What a search varies unless the input fixes it."""

SEARCH_OPTIMIZER = "AdamW"
"""Named in a search, because ultralytics' own choice of an optimiser ignores ``lr0``."""


def hyperparameters(given: RunInput) -> dict[str, str]:
    """Every hyperparameter of the training as text. Raises InputError where one has a key of its own."""
    own: dict[str, Any] = {
        "model": given.model,
        "epochs": given.epochs,
        "image_size": given.image_size,
        "precision": given.precision,
        "batch": given.batch,
        "seed": given.seed,
    }
    for name in given.hyperparameters:
        if name in own:
            raise InputError(f"hyperparameters.{name}: give it as the input's own key {name}")
    return {name: as_text(value) for name, value in {**own, **given.hyperparameters}.items()}


def as_text(value: str | int | float | bool) -> str:
    """A value as SageMaker wants it: text as it is, everything else as JSON (``true``, ``0.002``)."""
    return value if isinstance(value, str) else json.dumps(value)


def search(given: RunInput, trained_with: Mapping[str, str]) -> dict[str, Any]:
    """What the Tune state needs: how many jobs, the fixed hyperparameters and SageMaker's ParameterRanges.

    Raises InputError where a search is asked for and the input leaves nothing to vary.
    """
    ranges = [dict(entry) for entry in SEARCHED if entry["Name"] not in trained_with]
    static = {"optimizer": SEARCH_OPTIMIZER, **trained_with}
    if given.tune and not ranges:
        names = ", ".join(entry["Name"] for entry in SEARCHED)
        raise InputError(f"tune = True: hyperparameters fixes {names} and leaves nothing to search")
    if given.tune and static["optimizer"].lower() == "auto":
        raise InputError("hyperparameters.optimizer = 'auto' ignores the learning rate a search varies: name another")
    return {
        "jobs": given.tuning_jobs,
        "parallel": min(given.tuning_parallel, given.tuning_jobs),
        "static": static,
        "ranges": {
            "ContinuousParameterRanges": ranges,
            "IntegerParameterRanges": [],
            "CategoricalParameterRanges": [],
        },
    }
