"""What a model scored, as it is shown to people: figures by their names, beside the task they are of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from workflow.contract import reading
from workflow.contract.document import read
from workflow.contract.model import TASKS
from workflow.contract.reading import finite, mapping
from workflow.contract.scores import FIGURE_NAMES, Interval

DIGITS = 3
"""Decimals of a figure wherever people read one: terminal, mail, page, report and gate say the same of the same."""


def format_figure(value: float) -> str:
    """A fraction of 1 as people read it, a figure of a model or an end of its interval.

    >>> format_figure(0.8024)
    '0.802'
    """
    return f"{value:.{DIGITS}f}"


def tell_figure(value: float | None) -> str:
    """A figure as people read it, known or not."""
    return "unknown" if value is None else format_figure(value)


@dataclass(frozen=True)
class Figures:
    """What a model of ``task`` scored, by the names of FIGURE_NAMES: fractions of 1, None for what nobody knows."""

    task: str
    values: Mapping[str, float | None]

    def document(self) -> dict[str, Any]:
        """The figures beside their task."""
        return {"task": self.task, **self.values}

    @classmethod
    def parse(cls, value: object) -> Self:
        """Read the figures that are there. Raises ContractError on an unknown task; what is no number is unknown."""
        found = mapping(value, "metrics")
        return cls(task=reading.choice(found, "task", "metrics", TASKS), values=_values(found))


@dataclass(frozen=True)
class CandidateFigures(Figures):
    """Those of the candidate, on ``images`` held-out images; ``intervals`` maps figures to theirs."""

    images: int
    intervals: Mapping[str, Interval]

    def document(self) -> dict[str, Any]:
        """The figures beside their task, on how many images, with their intervals."""
        intervals = {name: {"low": found.low, "high": found.high} for name, found in self.intervals.items()}
        return {**super().document(), "images": self.images, "intervals": intervals}

    @classmethod
    def parse(cls, value: object) -> Self:
        """Read the figures with their intervals. Raises ContractError naming what is missing or wrong."""
        found = mapping(value, "metrics")
        return cls(
            task=reading.choice(found, "task", "metrics", TASKS),
            values=_values(found),
            images=reading.count(found, "images", "metrics"),
            intervals={
                name: read(Interval, entry, f"metrics.intervals.{name}")
                for name, entry in mapping(found.get("intervals"), "metrics.intervals").items()
            },
        )


@dataclass(frozen=True)
class ChampionFigures:
    """Those of production's model on the same images; ``package_version`` is its version in the registry."""

    values: Mapping[str, float | None]
    package_version: int

    def document(self) -> dict[str, Any]:
        """The figures beside the version."""
        return {**self.values, "package_version": self.package_version}

    @classmethod
    def parse(cls, value: object) -> Self:
        """Read the figures and the version. Raises ContractError on a version that is no whole number."""
        found = mapping(value, "champion")
        return cls(values=_values(found), package_version=reading.count(found, "package_version", "champion"))


def _values(found: Mapping[str, Any]) -> dict[str, float | None]:
    return {name: finite(found[name]) for name in FIGURE_NAMES if name in found}
