"""What both versions see in one picture, held against what is true there. Pure.

A detection is right where an object of its class lies under it by half, intersection over union; the best-scored
chooses first, and an object is found once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from workflow.contract.box_pairs import SAME_PLACE
from workflow.contract.smoke import overlap
from workflow.predictions.prediction import Prediction

RIGHT, WRONG, MISSED = "right", "wrong", "missed"


@dataclass(frozen=True)
class Box:
    """A box of a picture: RIGHT, WRONG or MISSED, its class, and left, top, right and bottom in pixels."""

    kind: str
    name: str
    sides: tuple[float, ...]


@dataclass(frozen=True)
class Seen:
    """What one version answered to a picture, and its boxes as they were judged."""

    answer: Prediction
    boxes: tuple[Box, ...]

    def count(self, kind: str) -> int:
        """How many boxes are of a kind."""
        return sum(box.kind == kind for box in self.boxes)


@dataclass(frozen=True)
class Pair:
    """The old version's answer to a picture, and the new one's."""

    before: Seen
    after: Seen

    @staticmethod
    def of(before: Prediction, after: Prediction, rows: str, classes: Sequence[str]) -> Pair:
        """Hold both answers against the ``rows`` of the picture's YOLO label."""
        return Pair(*(Seen(one, judge(one, _read(rows, classes, one.width, one.height))) for one in (before, after)))

    @property
    def gain(self) -> int:
        """How many mistakes fewer the new version makes."""
        mistakes = [one.count(WRONG) + one.count(MISSED) for one in (self.before, self.after)]
        return mistakes[0] - mistakes[1]


def judge(answer: Prediction, true: Sequence[Box]) -> tuple[Box, ...]:
    """The answer's boxes, right or wrong, and after them the true ones that none finds."""
    left, boxes = list(true), []
    for one in sorted(answer.detections, key=lambda found: -float(found["score"])):
        sides, name = tuple(map(float, one["box"])), str(one["class"])
        alike = [box for box in left if box.name == name and overlap(sides, box.sides) >= SAME_PLACE]
        if alike:
            left.remove(max(alike, key=lambda box: overlap(sides, box.sides)))
        boxes.append(Box(RIGHT if alike else WRONG, name, sides))
    return (*boxes, *left)


def _read(rows: str, classes: Sequence[str], width: int, height: int) -> list[Box]:
    boxes = []
    for row in rows.splitlines():
        number, *places = row.split()
        x, y, across, down = (float(place) * (height if at % 2 else width) for at, place in enumerate(places))
        sides = (x - across / 2, y - down / 2, x + across / 2, y + down / 2)
        boxes.append(Box(MISSED, classes[int(number)], sides))
    return boxes
