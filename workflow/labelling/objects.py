"""The objects of a picture between an endpoint's answer, a labelling tool's file and a dataset: one form for all. Pure.

Places are pixels of the upright picture. What an object is drawn as is the task's: a box of left, top, right and
bottom, or an outline or four turned corners as a flat list of x and y.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from workflow.contract.reading import ContractError
from workflow.labels.geometry import join_outlines


@dataclass(frozen=True)
class Drawn:
    """One object; ``points`` are a box of four numbers, or a flat outline of more; none of a sorted picture."""

    name: str
    points: tuple[float, ...]
    score: float = 1.0

    @property
    def is_box(self) -> bool:
        """Whether it is a box that nobody turned."""
        return len(self.points) == 4


@dataclass(frozen=True)
class Pictured:
    """One picture: the name of its file, its size, and what is drawn on it."""

    name: str
    width: int
    height: int
    objects: tuple[Drawn, ...]


def read_answer(answer: Mapping[str, Any], name: str) -> Pictured:
    """What an endpoint answered about the picture of that name. Raises ContractError where that is no such answer."""
    try:
        width, height = int(answer["width"]), int(answer["height"])
        if "classification" in answer:
            best = max(answer["classification"], key=lambda item: float(item["score"]))
            return Pictured(name, width, height, (Drawn(str(best["class"]), (), float(best["score"])),))
        objects = tuple(Drawn(str(item["class"]), _points(item), float(item["score"])) for item in answer["detections"])
    except (KeyError, TypeError, ValueError) as error:
        raise ContractError(f"{name}: is no answer of an endpoint: {type(error).__name__}: {error}") from error
    return Pictured(name, width, height, objects)


def fit(one: Drawn, task: str) -> Drawn:
    """The object as the task draws it: what says more is made a box, and a box has its corners as its outline."""
    if task == "detect" and not one.is_box:
        across, down = one.points[0::2], one.points[1::2]
        return replace(one, points=(min(across), min(down), max(across), max(down)))
    if task in ("segment", "obb") and one.is_box:
        left, top, right, bottom = one.points
        return replace(one, points=(left, top, right, top, right, bottom, left, bottom))
    return one


def _points(item: Mapping[str, Any]) -> tuple[float, ...]:
    if parts := item.get("polygons"):
        # As the answer has it: a list of outlines, each a list of x and y, flat or in pairs.
        return join_outlines([_flat(part) for part in parts])
    return tuple(_flat(item["corners"])) if "corners" in item else tuple(map(float, item["box"]))


def _flat(values: Sequence[Any]) -> list[float]:
    if values and isinstance(values[0], (list, tuple)):
        return [float(value) for pair in values for value in pair]
    return [float(value) for value in values]
