"""One comparison of a figure with its threshold, and its outcome in words. A figure equal to its threshold passes."""

from __future__ import annotations

from dataclasses import dataclass

from workflow.contract.checks import NOT_CHECKED
from workflow.contract.figures import DIGITS, format_figure

MEASURED_DIGITS = 2
"""Decimals of a time or a size, which is no figure of a model."""


@dataclass(frozen=True)
class Check:
    """One comparison and its outcome in words."""

    passed: bool
    text: str


def at_least(what: str, value: float | None, floor: float, note: str = "", unit: str = "") -> Check:
    """A floor: equal passes, a value that nobody measured does not. Whole numbers are shown as such."""
    if value is None:
        return Check(False, f"{what} unknown, {format_threshold(floor)}{unit} wanted{note}")
    left, right = format_apart(value, floor, DIGITS)
    if isinstance(floor, float) and right == format_figure(floor):
        right = format_threshold(floor)
    passed = value >= floor
    return Check(passed, f"{what} {left}{unit} {'≥' if passed else '<'} {right}{unit}{note}")


def at_most(what: str, value: float, ceiling: float, unit: str) -> Check:
    """A ceiling: equal passes."""
    left, right = format_apart(value, ceiling, MEASURED_DIGITS)
    passed = value <= ceiling
    return Check(passed, f"{what} {left}{unit} {'≤' if passed else '>'} {right}{unit}")


def unchecked(what: str, value: float | None, asks: str, note: str = "", unit: str = "") -> Check:
    """A figure, or with a ``unit`` a measure, of which nothing is asked: never said to have passed.

    A value that nobody measured is refused still.
    """
    if value is None:
        return Check(False, f"{what} unknown{note}")
    digits = MEASURED_DIGITS if unit else DIGITS
    shown = f"{value:.{digits}f}" if isinstance(value, float) else str(value)
    return Check(True, f"{what} {shown}{unit}{note}{NOT_CHECKED}{asks}")


def format_apart(left: float, right: float, fewest: int) -> tuple[str, str]:
    """Both numbers rounded alike, with digits added until unequal numbers look unequal; two counts as they are."""
    if isinstance(left, int) and isinstance(right, int):
        return str(left), str(right)
    for digits in range(fewest, 12):
        pair = f"{left:.{digits}f}", f"{right:.{digits}f}"
        if left == right or pair[0] != pair[1]:
            return pair
    return repr(left), repr(right)


def format_threshold(value: float) -> str:
    """A threshold as people read it: a count as it is, else two digits or as many as it has."""
    return f"{value:.2f}" if isinstance(value, float) and value == round(value, 2) else repr(value)
