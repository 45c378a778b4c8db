"""Says how training goes: one line for each epoch, which people read and CloudWatch's metric patterns match.

Pure: figures in, text out. Knows nothing of ultralytics but the names of its figures.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

LOSSES = ("box_loss", "cls_loss", "dfl_loss")
METRICS: Mapping[str, str] = {
    "precision": "metrics/precision(B)",
    "recall": "metrics/recall(B)",
    "map50": "metrics/mAP50(B)",
    "map50_95": "metrics/mAP50-95(B)",
}
"""The names in the line, and ultralytics' own."""


class DivergedError(RuntimeError):
    """The loss is no longer a number; nothing that follows would be a model."""


def require_finite(losses: Mapping[str, float], epoch: int) -> None:
    """Raise DivergedError if a loss of this epoch is NaN or infinite."""
    for name, value in losses.items():
        if not math.isfinite(value):
            raise DivergedError(f"{name} became {value} in epoch {epoch}: try a smaller lr0")


def epoch_line(
    epoch: int, epochs: int, losses: Mapping[str, float], metrics: Mapping[str, float], lr: float, seconds: float
) -> str:
    """The one line of an epoch, counted from 1; metrics are those of the validation images."""
    parts = [f"epoch={epoch} epochs={epochs}"]
    parts += [f"{name}={losses.get(name, 0.0):.5f}" for name in LOSSES]
    parts += [f"{name}={metrics.get(key, 0.0):.5f}" for name, key in METRICS.items()]
    return " ".join([*parts, f"lr={lr:.6g} seconds={seconds:.1f}"])
