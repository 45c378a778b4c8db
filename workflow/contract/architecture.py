"""The networks that can be trained: families and sizes of the pinned ultralytics, and why others are refused.

Taken is a family whose exported graph gives what YOLOv8's gives, a box and a score for every candidate, in all five
tasks: one program reads them all in evaluation and service.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from workflow.contract.rule import InputError, OneOf


@dataclass(frozen=True)
class Family:
    """How many layers a network of it has below its head, and its classifier: the most that can be frozen."""

    layers: int
    classifier_layers: int


FAMILIES: Mapping[str, Family] = {
    "yolov8": Family(layers=22, classifier_layers=9),
    "yolo11": Family(layers=23, classifier_layers=10),
    "yolo12": Family(layers=21, classifier_layers=9),
    "yolo26": Family(layers=23, classifier_layers=10),
}
"""Every family, by the name that ultralytics gives it; a test counts the layers."""

SIZES = ("n", "s", "m", "l", "x")
"""Each family has all of them, from the fastest to the one that finds most."""

MODELS = tuple(family + size for family in FAMILIES for size in SIZES)
"""Every architecture."""

REFUSED: Mapping[str, str] = {
    "yolov3": "YOLOv3 is older than YOLOv8, which finds more",
    "yolov5": "YOLOv5 is older than YOLOv8, which finds more",
    "yolov6": "YOLOv6 finds boxes alone, and has no pretrained weights of ultralytics",
    "yolov7": "ultralytics has no YOLOv7",
    "yolov9": "YOLOv9's graph does not say how many candidates it gives, so that it cannot be checked",
    "yolov10": "YOLOv10 finds boxes alone; YOLO26 has its two heads for every task",
    "rtdetr": "RT-DETR's graph gives other outputs, which serving does not read",
}
"""Families that people may ask for in vain, and why."""


@dataclass(frozen=True)
class Architecture(OneOf):
    """One of the architectures; a refusal says what was probably meant, or why a family is not taken."""

    choices: tuple[str, ...] = MODELS

    def allowed(self) -> str:
        """The sizes once, for they are each family's."""
        first, *others = FAMILIES
        sizes = ", ".join(first + size for size in SIZES)
        return f"one of {sizes}, or the same sizes of {', '.join(others[:-1])} and {others[-1]}"

    def read(self, key: str, value: object) -> str:
        """As every rule does; the refusal goes on with ``explain``."""
        try:
            return super().read(key, value)
        except InputError as error:
            more = explain(str(value))
            raise InputError(f"{error}; {more}" if more else str(error)) from error


def explain(name: str) -> str:
    """Why the family of this name is not taken, or what was probably meant; empty where neither is known.

    YOLOv8 is the last that ultralytics spells with a v.

    >>> explain("YOLOv11s.pt"), explain("yolo8n-seg"), explain("yolo26")
    ('did you mean yolo11s?', 'did you mean yolov8n?', 'did you mean yolo26n?')
    >>> explain("yolov7-tiny"), explain("resnet")
    ('ultralytics has no YOLOv7', '')
    """
    named = re.match(r"yolo-?v?(\d+)([nsmlx]?)|rt-?(detr)", name.lower())
    if not named:
        return ""
    number, size, transformer = named.groups()
    for family in ["rtdetr"] if transformer else [f"yolov{number}", f"yolo{number}"]:
        if family in FAMILIES:
            return f"did you mean {family}{size or SIZES[0]}?"
        if family in REFUSED:
            return REFUSED[family]
    return ""


def layers_below_head(model: str, task: str) -> int:
    """How many layers of this architecture may be frozen. Raises KeyError for one that is none."""
    family = FAMILIES[model[: -len(SIZES[0])]]
    return family.classifier_layers if task == "classify" else family.layers
