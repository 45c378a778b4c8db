"""Turns the strings that SageMaker hands over into checked training arguments.

Pure: names and kinds only. Ranges are ultralytics' own business and are checked by it. What is not
listed here is refused: paths, devices, and everything that this program decides itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from workflow.contract import RULES, ContractError

KINDS: Mapping[str, str] = {
    **dict.fromkeys(("nbs", "patience", "close_mosaic", "workers", "max_det"), "int"),
    **dict.fromkeys(("cos_lr", "deterministic", "rect", "cls_remap"), "bool"),
    **dict.fromkeys(("lr0", "lrf", "momentum", "weight_decay"), "float"),
    **dict.fromkeys(("warmup_epochs", "warmup_momentum", "warmup_bias_lr"), "float"),
    **dict.fromkeys(("box", "cls", "dfl", "cls_pw"), "float"),
    **dict.fromkeys(("hsv_h", "hsv_s", "hsv_v", "degrees", "translate", "scale", "shear"), "float"),
    **dict.fromkeys(("perspective", "flipud", "fliplr", "bgr", "mosaic", "mixup", "cutmix"), "float"),
    **dict.fromkeys(("multi_scale", "fraction", "iou"), "float"),
    "freeze": "int",
    "optimizer": "optimizer",
    "amp": "mixed precision",
}
"""Every training argument of ultralytics that may be given, and its kind."""

OWN: Mapping[str, str] = {
    "model": "yolov8n",
    "epochs": "50",
    "image_size": "640",
    "precision": "bf16",
    "batch": "16",
    "seed": "0",
}
"""Hyperparameters that are keys of the execution input, whose rules they keep, and their defaults."""

CHOICES: Mapping[str, tuple[str, ...]] = {
    "optimizer": ("auto", "SGD", "MuSGD", "Adam", "Adamax", "AdamW", "NAdam", "RAdam", "RMSProp"),
    "mixed precision": ("fp32", "bf16"),
}
"""Kinds that are a choice. Mixed precision in fp16 is left out: its check wants a download."""

ALLOWED = {
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    **{kind: "one of " + ", ".join(choices) for kind, choices in CHOICES.items()},
}


class HyperparameterError(ContractError):
    """A hyperparameter is unknown, reserved or of the wrong kind: names it and says what is allowed."""


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
    arguments: Mapping[str, Any]


def read_settings(given: Mapping[str, str]) -> Settings:
    """Check and convert all hyperparameters. Raises HyperparameterError on the first that is not allowed."""
    rest = dict(given)
    own: dict[str, Any] = {}
    for key, default in OWN.items():
        text = rest.pop(key, default)
        try:
            own[key] = RULES[key].read(key, _convert(text, "int") if RULES[key].kind is int else text)
        except ContractError as error:
            raise HyperparameterError(f"hyperparameter {error}") from error
    arguments = {key: read_argument(key, text) for key, text in rest.items()}
    # ultralytics gathers gradients over 64 images by default: one step an epoch on a small dataset.
    return Settings(**own, arguments={"nbs": own["batch"], **arguments})


def read_argument(key: str, text: str) -> Any:
    """One further argument in its kind. Raises HyperparameterError naming the key and what is allowed."""
    if key not in KINDS:
        names = ", ".join(sorted([*KINDS, *OWN]))
        raise HyperparameterError(f"hyperparameter {key}: unknown or decided by the flow; allowed are {names}")
    value = _convert(text, KINDS[key])
    if value is None:
        raise HyperparameterError(f"hyperparameter {key} = {text!r}: must be {ALLOWED[KINDS[key]]}")
    return value


def _convert(text: str, kind: str) -> Any:
    if kind in CHOICES:
        return text if text in CHOICES[kind] else None
    if kind == "bool":
        return {"true": True, "1": True, "false": False, "0": False}.get(text.lower())
    try:
        number = float(text)
    except ValueError:
        return None
    if kind == "int":
        return int(number) if number.is_integer() else None
    return number if number - number == 0 else None  # neither NaN nor infinity
