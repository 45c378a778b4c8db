"""The thresholds of a plan, read by the rules of the execution input they come from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

from workflow.contract.run_input import RULES, InputError, check_floors


class LimitsError(ValueError):
    """Thresholds are missing, no numbers or out of range; ``reasons`` names each."""

    def __init__(self, reasons: list[str]) -> None:
        super().__init__("; ".join(reasons))
        self.reasons = reasons


@dataclass(frozen=True)
class Limits:
    """What the gate asks, under the names of the execution input. Figures and losses are fractions of 1.

    ``class_floors`` replace ``minimum_class_map50`` for the classes they name. ``maximum_latency_ms`` is of the median
    and ``maximum_model_mb`` counts 1,000,000 bytes; 0 asks nothing of either.
    """

    minimum_map50: float
    minimum_map50_95: float
    minimum_keypoint_map50_95: float
    minimum_mask_map50_95: float
    minimum_top1: float
    minimum_class_map50: float
    class_floors: Mapping[str, float]
    minimum_images: int
    minimum_class_objects: int
    maximum_regression: float
    maximum_class_regression: float
    maximum_latency_ms: float
    maximum_model_mb: float

    @staticmethod
    def read(thresholds: object) -> Limits:
        """Read a plan's thresholds. Raises LimitsError that names every one which is missing or cannot be."""
        given = thresholds if isinstance(thresholds, Mapping) else {}
        values, reasons = {}, []
        for field in fields(Limits):
            try:
                values[field.name] = RULES[field.name].read(field.name, given.get(field.name))
            except InputError as error:
                reasons.append(f"the threshold {error}")
        try:
            check_floors(values.get("class_floors", {}))
        except InputError as error:
            reasons.append(f"the threshold {error}")
        if reasons:
            raise LimitsError(reasons)
        return Limits(**values)
