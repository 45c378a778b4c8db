"""Fades training pictures towards grey, as dust and haze do. An example of an augmentation of one's own.

Knows numpy and the form in which ultralytics hands a picture on: ``labels["img"]`` is [height, width, 3], uint8.
"""

from __future__ import annotations

import random
from typing import Any

import numpy as np

SHARE = 0.3
"""Of the pictures; the others stay as they are."""
MOST = 0.6
"""How far a picture fades at most; at 1 nothing would be left."""
GREY = 114.0
"""What ultralytics pads pictures with."""


class Fade:
    """One step of a picture's way into training; its labels stay, since nothing moves."""

    def __call__(self, labels: dict[str, Any]) -> dict[str, Any]:
        """The same picture with less contrast, or untouched."""
        if random.random() < SHARE:  # noqa: S311 - no secret is drawn
            left = 1 - random.uniform(0, MOST)  # noqa: S311
            labels["img"] = (GREY + (labels["img"].astype(np.float32) - GREY) * left).astype(np.uint8)
        return labels


def transforms(steps: list[Any], task: str) -> list[Any]:
    """Fade before the last step, which makes a tensor of the picture; of classification nothing is changed."""
    return steps if task == "classify" else [*steps[:-1], Fade(), steps[-1]]
