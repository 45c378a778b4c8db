"""Turns the strings that SageMaker hands over into checked training arguments.

Pure. Names and kinds are the contract's, which the execution input was checked with before anything started. Ranges
beyond the kinds are ultralytics' own business and are checked by it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from workflow.contract.hyperparameters import OWN, HyperparameterError, decimal, read_argument, require_meaning
from workflow.contract.reading import ContractError
from workflow.contract.rule import Whole
from workflow.contract.run_input import RULES


@dataclass(frozen=True)
class Settings:
    """One training: architecture, the figures every training has, and further arguments of ultralytics.

    ``precision`` is what the model computes in once it serves; ultralytics' own for training is the argument ``amp``.
    """

    model: str
    precision: str
    epochs: int
    image_size: int
    batch: int
    seed: int
    max_detections: int
    tiles: str
    arguments: Mapping[str, Any]


def read_settings(given: Mapping[str, str]) -> Settings:
    """Check and convert all hyperparameters. Raises HyperparameterError on the first that is not allowed."""
    # SageMaker adds words of its own to the trainings of a search, such as _tuning_objective_metric.
    rest = {key: text for key, text in given.items() if not key.startswith("_")}
    own: dict[str, Any] = {}
    for key, default in OWN.items():
        text = rest.pop(key, default)
        number = decimal(text) if isinstance(RULES[key], Whole) else None
        try:
            own[key] = RULES[key].read(key, text if number is None else number)
        except ContractError as error:
            raise HyperparameterError(f"hyperparameter {error}") from error
    arguments = {key: read_argument(key, text) for key, text in rest.items()}
    # ultralytics gathers gradients over 64 images by default: one step an epoch on a small dataset.
    return Settings(**own, arguments={"nbs": own["batch"], **arguments})


def require_fit(settings: Settings, task: str, classes: int) -> None:
    """Raise HyperparameterError for a setting that data or architecture make meaningless, before hours are spent."""
    require_meaning(settings.arguments, settings.model, settings.tiles, task, classes)
