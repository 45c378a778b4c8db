"""What a search varies, from the execution input to SageMaker's ParameterRanges.

A training argument of ultralytics becomes a continuous, an integer or a categorical range by its kind in the contract.
Knows nothing of the run around it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from workflow.contract.hyperparameters import BOUNDS, SETTINGS, WHOLE, HyperparameterError, as_text, read_argument
from workflow.contract.reading import finite
from workflow.contract.rule import InputError

DEFAULT: Mapping[str, Mapping[str, Any]] = {
    "lr0": {"min": 0.0001, "max": 0.01, "scaling": "Logarithmic"},
    "weight_decay": {"min": 0.00001, "max": 0.001, "scaling": "Logarithmic"},
    "mosaic": {"min": 0, "max": 1, "scaling": "Linear"},
}
"""What a search varies unless the input names ranges of its own or fixes one of these."""

SCALINGS = ("Auto", "Linear", "Logarithmic")
MOST = 30
"""Hyperparameters a search may vary, and values a categorical one may have (CreateHyperParameterTuningJob)."""

KINDS = ("ContinuousParameterRanges", "IntegerParameterRanges", "CategoricalParameterRanges")


def render_ranges(given: Mapping[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """SageMaker's ParameterRanges for ranges such as ``{"lr0": {"min": 0.001, "max": 0.01}}``.

    Raises InputError naming the argument, what was found and what is allowed.
    """
    if len(given) > MOST:
        raise InputError(f"tuning_ranges: names {len(given)} training arguments; SageMaker varies {MOST} at most")
    rendered: dict[str, list[dict[str, Any]]] = {kind: [] for kind in KINDS}
    for name, range_ in given.items():
        kind, entry = _render_range(name, range_)
        rendered[kind].append(entry)
    return rendered


def _render_range(name: str, given: Any) -> tuple[str, dict[str, Any]]:
    where = f"tuning_ranges.{name}"
    if name not in SETTINGS:
        raise InputError(f"{where}: no training argument a search may vary; those are {', '.join(sorted(SETTINGS))}")
    if isinstance(given, Mapping) and set(given) == {"values"}:
        return "CategoricalParameterRanges", {"Name": name, "Values": _read_values(where, name, given["values"])}
    numeric = SETTINGS[name] in BOUNDS
    if not numeric or not isinstance(given, Mapping) or not {"min", "max"} <= set(given) <= {"min", "max", "scaling"}:
        ends = " or {'min': …, 'max': …, 'scaling': 'Linear' or 'Logarithmic'}" if numeric else ""
        raise InputError(f"{where} = {given!r}: must be {{'values': […]}}{ends}")
    low, high = (_read_end(where, name, given[key]) for key in ("min", "max"))
    scaling = given.get("scaling", "Auto")
    if scaling not in SCALINGS:
        raise InputError(f"{where}.scaling = {scaling!r}: must be one of {', '.join(SCALINGS)}")
    if low >= high:
        raise InputError(f"{where}: min {low} is not below max {high}")
    if scaling == "Logarithmic" and low <= 0:
        raise InputError(f"{where}: a logarithmic range starts above 0, found min {low}")
    kind = "IntegerParameterRanges" if SETTINGS[name] in WHOLE else "ContinuousParameterRanges"
    return kind, {"Name": name, "MinValue": as_text(low), "MaxValue": as_text(high), "ScalingType": scaling}


def _read_end(where: str, name: str, given: Any) -> int | float:
    """One end of a range, of the argument's own kind."""
    if finite(given) is None:
        raise InputError(f"{where}: min and max must be numbers, found {given!r}")
    value: int | float = _check(where, name, given)
    return value


def _read_values(where: str, name: str, given: Any) -> list[str]:
    if not isinstance(given, list) or not 2 <= len(given) <= MOST:
        raise InputError(f"{where}.values = {given!r}: must be a list of 2 to {MOST} values")
    if not all(isinstance(value, (str, int, float, bool)) for value in given):
        raise InputError(f"{where}.values = {given!r}: must be numbers, texts, true or false")
    for value in given:
        _check(where, name, value)
    return [as_text(value) for value in given]


def _check(where: str, name: str, value: Any) -> Any:
    try:
        return read_argument(name, as_text(value))
    except HyperparameterError as error:
        raise InputError(f"{where}: {error}") from error
