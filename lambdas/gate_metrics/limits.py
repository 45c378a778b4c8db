"""The thresholds of a plan, read by the rules of the execution input they come from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from workflow.contract.rule import InputError, rules_of
from workflow.contract.thresholds import Thresholds, check_floors


class LimitsError(ValueError):
    """Thresholds are missing, no numbers or out of range; ``reasons`` names each."""

    def __init__(self, reasons: list[str]) -> None:
        super().__init__("; ".join(reasons))
        self.reasons = reasons


@dataclass(frozen=True)
class Limits(Thresholds):
    """What the gate asks, as it was read from a plan: nothing of it by default."""

    @staticmethod
    def read(thresholds: object) -> Limits:
        """Read a plan's thresholds. Raises LimitsError that names every one which is missing or cannot be."""
        given = thresholds if isinstance(thresholds, Mapping) else {}
        values, reasons = {}, []
        for name, rule in rules_of(Limits).items():
            try:
                values[name] = rule.read(name, given.get(name))
            except InputError as error:
                reasons.append(f"the threshold {error}")
        try:
            check_floors(values.get("class_floors", {}))
        except InputError as error:
            reasons.append(f"the threshold {error}")
        if reasons:
            raise LimitsError(reasons)
        return Limits(**values)
