"""Says how training goes: one line for each epoch, which people read and CloudWatch's metric patterns match.

Pure: figures in, text out. Knows nothing of ultralytics but the names of its figures.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from workflow.contract.scores import QUALITY

_BOXES = ("box_loss", "cls_loss", "dfl_loss", "l1_loss")
LOSSES: Mapping[str, tuple[str, ...]] = {
    "detect": _BOXES,
    "pose": (*_BOXES, "pose_loss", "kobj_loss", "rle_loss"),
    "segment": (*_BOXES, "seg_loss", "sem_loss"),
    "classify": ("loss",),
    "obb": (*_BOXES, "angle_loss"),
}
"""The losses of each task; ultralytics calls them the same."""

OF_SOME = ("dfl_loss", "l1_loss", "rle_loss", "sem_loss")
"""Losses that not every family has: YOLO26 learns a box's sides by ``l1_loss`` in place of ``dfl_loss``, and the last
two beside the others. Where a network has none, nothing is said of it."""

NOUGHT = "sem_loss"
"""Ultralytics tells of this one for every family, as 0 where there is none."""

_OF_BOXES: Mapping[str, str] = {
    "precision": "metrics/precision(B)",
    "recall": "metrics/recall(B)",
    "map50": "metrics/mAP50(B)",
    "map50_95": "metrics/mAP50-95(B)",
}
METRICS: Mapping[str, Mapping[str, str]] = {
    "detect": _OF_BOXES,
    "pose": {**_OF_BOXES, "keypoint_map50": "metrics/mAP50(P)", "keypoint_map50_95": "metrics/mAP50-95(P)"},
    "segment": {**_OF_BOXES, "mask_map50": "metrics/mAP50(M)", "mask_map50_95": "metrics/mAP50-95(M)"},
    "classify": {"top1": "metrics/accuracy_top1", "top5": "metrics/accuracy_top5"},
    "obb": _OF_BOXES,
}
"""The figures of each task on the validation images: their names in the line, and ultralytics' own."""


class DivergedError(RuntimeError):
    """The loss is no longer a number; nothing that follows would be a model."""


def require_finite(losses: Mapping[str, float], epoch: int) -> None:
    """Raise DivergedError if a loss of this epoch is NaN or infinite."""
    for name, value in losses.items():
        if not math.isfinite(value):
            raise DivergedError(f"{name} became {value} in epoch {epoch}: try a smaller lr0")


def figures(task: str, losses: Mapping[str, float], metrics: Mapping[str, float]) -> dict[str, float]:
    """What an epoch showed, by the names of its line; ``losses`` and ``metrics`` come by ultralytics' names.

    ``quality`` is the one figure by which models of the task are compared. Raises KeyError where one is missing that
    every family has.
    """
    found = {name: metrics[key] for name, key in METRICS[task].items()}
    none = {name for name in OF_SOME if name not in losses or (name == NOUGHT and losses[name] == 0)}
    told = [name for name in LOSSES[task] if name not in none]
    shown = {name: losses[name] for name in told} | found | {"quality": found[QUALITY[task]]}
    return {name: round(value, 5) for name, value in shown.items()}


def epoch_line(epoch: Mapping[str, float], epochs: int) -> str:
    """The one line of an epoch: its number, counted from 1, and its figures in their order."""
    number, *rest = epoch.items()
    return " ".join([f"{number[0]}={number[1]} epochs={epochs}", *(_format(name, value) for name, value in rest)])


_FORMATS = {"lr": ".6g", "images_per_second": ".1f", "seconds": ".2f"}


def _format(name: str, value: float) -> str:
    return f"{name}={value:{_FORMATS.get(name, '.5f')}}"
