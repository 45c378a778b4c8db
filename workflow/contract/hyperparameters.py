"""The hyperparameters of a training: those that are keys of a run's input, and the further arguments of ultralytics.

Names, kinds and ranges of the latter are those of ultralytics 8.4's ``cfg``. What is not listed is refused: paths,
devices, and everything that the flow decides itself. All are checked before anything is started.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from workflow.contract.architecture import FAMILIES, Architecture, layers_below_head
from workflow.contract.model import AUTO, MAXIMUM_DETECTIONS, PRECISIONS, USUAL_DETECTIONS
from workflow.contract.reading import ContractError, finite
from workflow.contract.rule import InputError, OneOf, Whole, among, key, rules_of
from workflow.contract.tiles import TILINGS


@dataclass(frozen=True)
class OwnHyperparameters:
    """The hyperparameters that are keys of the execution input; every training is given all of them."""

    model: str = key(Architecture("the architecture"), "yolov8n")
    epochs: int = key(Whole("passes over the training images", 1, 1000), 50)
    image_size: int = key(Whole("longer side in pixels", 32, 1280, multiple=32), 640)
    precision: str = key(
        OneOf(
            "what the model computes in once it serves: 32-bit floats, 16-bit floats where the processor has them "
            "(else 32-bit), 8-bit integers fitted to training images, or 16-bit floats of a GPU, by an engine that its "
            "training builds; auto measures those of a processor on the validation images and takes the fastest that "
            "loses nothing that counts",
            (AUTO, *PRECISIONS),
        ),
        AUTO,
    )
    batch: int = key(Whole("images a step", 1, 512), 16)
    seed: int = key(Whole("seed of every random choice", 0, 2**31 - 1), 0)
    max_detections: int = key(
        Whole(
            "objects of one picture that are found at most: in training, evaluation and service", 1, MAXIMUM_DETECTIONS
        ),
        USUAL_DETECTIONS,
    )
    tiles: str = key(
        OneOf(
            "pictures larger than image_size are looked at whole, or in overlapping tiles of that size as well, in "
            "which small objects stay as large as they are: in evaluation and service",
            TILINGS,
        ),
        "off",
    )


SETTINGS: Mapping[str, str] = {
    **dict.fromkeys(("patience", "close_mosaic", "workers"), "count"),
    **dict.fromkeys(("nbs", "mask_ratio"), "positive"),
    **dict.fromkeys(("cos_lr", "deterministic", "rect", "cls_remap", "single_cls", "overlap_mask"), "bool"),
    **dict.fromkeys(("lr0", "lrf", "weight_decay", "warmup_momentum", "warmup_bias_lr"), "fraction"),
    **dict.fromkeys(("warmup_epochs", "box", "cls", "dfl", "pose", "kobj", "angle"), "amount"),
    **dict.fromkeys(("hsv_h", "hsv_s", "hsv_v", "translate", "perspective", "flipud", "fliplr", "bgr"), "fraction"),
    **dict.fromkeys(("mosaic", "mixup", "cutmix", "copy_paste", "erasing", "dropout"), "fraction"),
    **dict.fromkeys(("cls_pw", "multi_scale", "scale", "iou"), "fraction"),
    **dict.fromkeys(("degrees", "shear"), "amount"),
    "momentum": "momentum",
    "fraction": "share",
    "freeze": "layers",
    "optimizer": "optimizer",
    "amp": "mixed precision",
    "auto_augment": "augmentation policy",
    "copy_paste_mode": "copy-paste mode",
}
"""Every training argument of ultralytics that may be given, and its kind."""

BOUNDS: Mapping[str, tuple[float, float]] = {
    "count": (0, 1_000_000),
    "layers": (0, max(family.layers for family in FAMILIES.values())),
    "positive": (1, 1_000_000),
    "fraction": (0, 1),
    "share": (0.0001, 1),
    "momentum": (0, 0.9999),
    "amount": (0, 1000),
}
"""Kinds that are a number, with both ends. An amount is a loss's weight, epochs or degrees: more is a mistake.
A share of nothing trains on nothing, and at a momentum of 1 Adam does not start."""

WHOLE = ("count", "positive", "layers")
"""Kinds that are a whole number."""

CHOICES: Mapping[str, tuple[str, ...]] = {
    "optimizer": ("auto", "SGD", "MuSGD", "Adam", "Adamax", "AdamW", "NAdam", "RAdam", "RMSProp"),
    "mixed precision": ("fp32", "bf16"),
    "augmentation policy": ("randaugment", "autoaugment", "augmix"),
    "copy-paste mode": ("flip", "mixup"),
}
"""Kinds that are a choice. Mixed precision in fp16 is none: it is taken by itself where a GPU has no bf16."""

ALLOWED: Mapping[str, str] = {
    **{
        kind: f"a {'whole number' if kind in WHOLE else 'number'} from {low} to {high}"
        for kind, (low, high) in BOUNDS.items()
    },
    "bool": "true or false",
    **{kind: "one of " + ", ".join(choices) for kind, choices in CHOICES.items()},
}
"""What each kind allows, in words."""


class HyperparameterError(ContractError):
    """A hyperparameter is unknown, reserved or of the wrong kind: names it and says what is allowed."""


def as_text(value: str | int | float | bool) -> str:
    """A value as SageMaker wants it: text as it is, everything else as JSON (``true``, ``0.002``)."""
    return value if isinstance(value, str) else json.dumps(value)


OWN: Mapping[str, str] = {name: as_text(getattr(OwnHyperparameters, name)) for name in rules_of(OwnHyperparameters)}
"""The hyperparameters that are keys of the execution input, each with its default as SageMaker passes it."""


def read_argument(key: str, text: str) -> Any:
    """One further argument in its kind. Raises HyperparameterError naming the key and what is allowed."""
    if key not in SETTINGS:
        allowed = sorted([*SETTINGS, *OWN])
        raise HyperparameterError(f"hyperparameter {key}: unknown or decided by the flow{among(key, allowed)}")
    value = _convert(text, SETTINGS[key])
    if value is None:
        raise HyperparameterError(f"hyperparameter {key} = {text!r}: must be {ALLOWED[SETTINGS[key]]}")
    return value


def check_hyperparameters(given: Mapping[Any, Any]) -> None:
    """Raise InputError for an argument that ultralytics' training would not take."""
    for name, value in given.items():
        if name in OWN:
            raise InputError(f"hyperparameters.{name}: give it as the input's own key {name}")
        if not isinstance(name, str) or not isinstance(value, (str, int, float, bool)):
            raise InputError(f"hyperparameters.{name} = {value!r}: must be a number, a text, true or false")
        try:
            read_argument(name, as_text(value))
        except HyperparameterError as error:
            raise InputError(str(error).replace("hyperparameter ", "hyperparameters.", 1)) from error


def require_meaning(arguments: Mapping[str, Any], model: str, tiles: str, task: str, classes: int) -> None:
    """Raise HyperparameterError for a setting that this data or architecture makes meaningless, before it costs."""
    if tiles != "off" and task == "classify":
        raise HyperparameterError(f"tiles = {tiles!r}: a classifier names whole pictures; leave it out")
    if arguments.get("single_cls") and classes > 1:
        raise HyperparameterError(
            f"hyperparameter single_cls = true: would merge the dataset's {classes} classes, which the evaluation "
            "judges one by one; leave it out, or label one class"
        )
    if arguments.get("fraction", 1) < 1 and task == "classify":
        raise HyperparameterError(
            "hyperparameter fraction: a classifier learns from all of its pictures; leave it out, or upload fewer"
        )
    layers = layers_below_head(model, task)
    if arguments.get("freeze", 0) > layers:
        network = "a classifier" if task == "classify" else "a network"
        raise HyperparameterError(
            f"hyperparameter freeze = {arguments['freeze']}: {network} of {model} has {layers} layers below its head; "
            "nothing would be left to train"
        )


def _convert(text: str, kind: str) -> Any:
    if kind in CHOICES:
        return text if text in CHOICES[kind] else None
    if kind == "bool":
        return {"true": True, "1": True, "false": False, "0": False}.get(text.lower())
    number = decimal(text)
    low, high = BOUNDS[kind]
    if number is None or not low <= number <= high:
        return None
    if kind in WHOLE:
        return int(number) if number.is_integer() else None
    return number


def decimal(text: str) -> float | None:
    """The number that a text spells, in digits as JSON and SageMaker write them; None for anything else."""
    if not re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?", text):
        return None
    return finite(float(text))  # 1e999 is written well and is infinite
