"""What the gate asks of a candidate: the keys of a run's input that decide whether its model may be registered.

Each says in which direction it grows stricter: the stack's are policy, which no run makes milder by itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from workflow.contract.policy import ALLOWANCE, CEILING, FLOOR, HigherForEach
from workflow.contract.reading import finite
from workflow.contract.rule import InputError, Number, Table, Whole, key


@dataclass(frozen=True)
class Thresholds:
    """Figures and losses are fractions of 1; a figure equal to its threshold passes.

    ``class_floors`` replace ``minimum_class_map50`` for the classes they name. ``maximum_latency_ms`` is of the median
    and ``maximum_model_mb`` counts 1,000,000 bytes; 0 asks nothing of either.
    """

    minimum_map50: float = key(Number("floor of mAP50", 0, 1), 0.5, FLOOR)
    minimum_map50_95: float = key(Number("floor of mAP50-95", 0, 1), 0.0, FLOOR)
    minimum_keypoint_map50_95: float = key(Number("floor of pose's keypoint mAP50-95", 0, 1), 0.0, FLOOR)
    minimum_mask_map50_95: float = key(Number("floor of segment's mask mAP50-95", 0, 1), 0.0, FLOOR)
    minimum_top1: float = key(Number("floor of classify's top-1 accuracy", 0, 1), 0.5, FLOOR)
    minimum_class_map50: float = key(Number("floor of every class's mAP50 (classify: recall)", 0, 1), 0.0, FLOOR)
    class_floors: Mapping[str, float] = key(
        Table("class names, each with the floor of its mAP50 (classify: recall) from 0 to 1"),
        {},
        HigherForEach("a run may add classes and raise floors", otherwise="minimum_class_map50"),
    )
    minimum_images: int = key(Whole("held-out images the gate asks for", 1, 1_000_000), 1, FLOOR)
    minimum_class_objects: int = key(Whole("held-out objects of every class the gate asks for", 0, 1_000_000), 1, FLOOR)
    maximum_regression: float = key(Number("what the candidate may lose against production", 0, 1), 0.02, ALLOWANCE)
    maximum_class_regression: float = key(Number("what one class may lose against production", 0, 1), 0.1, ALLOWANCE)
    maximum_latency_ms: float = key(
        Number("ceiling of the median time for a picture, 0 for none", 0, 60_000), 0.0, CEILING
    )
    maximum_model_mb: float = key(
        Number("ceiling of the model's size in megabytes, 0 for none", 0, 10_000), 0.0, CEILING
    )


def check_floors(given: Mapping[Any, Any]) -> None:
    """Raise InputError for a floor that is no fraction of 1."""
    for name, floor in given.items():
        value = finite(floor)
        if not isinstance(name, str) or value is None or not 0 <= value <= 1:
            raise InputError(f"class_floors.{name} = {floor!r}: must be a number from 0 to 1")
