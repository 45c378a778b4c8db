"""The training arguments of ultralytics that a run may set, and the kind of each, checked before anything is started.

Names, kinds and ranges are those of ultralytics 8.4's ``cfg``. What is not listed is refused: paths, devices, and
everything that the flow decides itself.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from workflow.contract.reading import ContractError, finite

SETTINGS: Mapping[str, str] = {
    **dict.fromkeys(("patience", "close_mosaic", "workers"), "count"),
    **dict.fromkeys(("nbs", "max_det", "mask_ratio"), "positive"),
    **dict.fromkeys(("cos_lr", "deterministic", "rect", "cls_remap", "single_cls", "overlap_mask"), "bool"),
    **dict.fromkeys(("lr0", "lrf", "momentum", "weight_decay", "warmup_momentum", "warmup_bias_lr"), "fraction"),
    **dict.fromkeys(("warmup_epochs", "box", "cls", "dfl", "pose", "kobj", "angle"), "amount"),
    **dict.fromkeys(("hsv_h", "hsv_s", "hsv_v", "translate", "perspective", "flipud", "fliplr", "bgr"), "fraction"),
    **dict.fromkeys(("mosaic", "mixup", "cutmix", "copy_paste", "erasing", "dropout"), "fraction"),
    **dict.fromkeys(("cls_pw", "multi_scale", "fraction", "iou"), "fraction"),
    **dict.fromkeys(("degrees", "shear", "scale"), "amount"),
    "freeze": "count",
    "optimizer": "optimizer",
    "amp": "mixed precision",
    "auto_augment": "augmentation policy",
    "copy_paste_mode": "copy-paste mode",
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
    "augmentation policy": ("randaugment", "autoaugment", "augmix"),
    "copy-paste mode": ("flip", "mixup"),
}
"""Kinds that are a choice. Mixed precision in fp16 is none: it is taken by itself where a GPU has no bf16."""

ALLOWED = {
    "count": "a whole number of at least 0",
    "positive": "a whole number of at least 1",
    "fraction": "a number from 0 to 1",
    "amount": "a number of at least 0",
    "bool": "true or false",
    **{kind: "one of " + ", ".join(choices) for kind, choices in CHOICES.items()},
}


class HyperparameterError(ContractError):
    """A hyperparameter is unknown, reserved or of the wrong kind: names it and says what is allowed."""


def read_argument(key: str, text: str) -> Any:
    """One further argument in its kind. Raises HyperparameterError naming the key and what is allowed."""
    if key not in SETTINGS:
        names = ", ".join(sorted([*SETTINGS, *OWN]))
        raise HyperparameterError(f"hyperparameter {key}: unknown or decided by the flow; allowed are {names}")
    value = _convert(text, SETTINGS[key])
    if value is None:
        raise HyperparameterError(f"hyperparameter {key} = {text!r}: must be {ALLOWED[SETTINGS[key]]}")
    return value


def _convert(text: str, kind: str) -> Any:
    if kind in CHOICES:
        return text if text in CHOICES[kind] else None
    if kind == "bool":
        return {"true": True, "1": True, "false": False, "0": False}.get(text.lower())
    number = decimal(text)
    if number is None or number < 0 or (kind == "fraction" and number > 1):
        return None
    if kind in ("count", "positive"):
        return int(number) if number.is_integer() and (kind == "count" or number >= 1) else None
    return number


def decimal(text: str) -> float | None:
    """The number that a text spells, in digits as JSON and SageMaker write them; None for anything else."""
    if not re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?", text):
        return None
    return finite(float(text))  # 1e999 is written well and is infinite
