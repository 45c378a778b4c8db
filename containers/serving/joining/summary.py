"""What a batch's answers come to: how many, of which classes, how sure, how slow, and what was refused why.

Grows with the number of classes, not with the number of pictures.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field
from typing import Any

from containers.serving.joining.answers import Answered

BINS = 20
"""Of the histogram of scores, from 0 to 1."""
SLOWEST = 10
REFUSED = 100
"""Refused pictures that are named; all of them are in the tables."""


@dataclass
class ClassCount:
    """How often a class was seen, in how many pictures, and the sum of its scores."""

    class_id: int
    name: str
    objects: int = 0
    pictures: int = 0
    scores: float = 0.0

    @property
    def mean(self) -> float:
        """Its usual score."""
        return self.scores / self.objects if self.objects else 0.0


@dataclass
class Summary:
    """The counts so far. ``empty`` pictures were answered, and nothing was found on them."""

    answered: int = 0
    empty: int = 0
    refused: int = 0
    objects: int = 0
    milliseconds: float = 0.0
    classes: dict[int, ClassCount] = field(default_factory=dict)
    histogram: list[int] = field(default_factory=lambda: [0] * BINS)
    reasons: list[tuple[str, str]] = field(default_factory=list)
    _slowest: list[tuple[float, str]] = field(default_factory=list)

    def add(self, one: Answered) -> None:
        """Count one answer."""
        if one.error:
            self.refused += 1
            if len(self.reasons) < REFUSED:
                self.reasons.append((one.picture, one.error))
            return
        self.answered += 1
        self.empty += not one.found
        self.objects += len(one.found)
        self.milliseconds += one.milliseconds
        keep = heapq.heappush if len(self._slowest) < SLOWEST else heapq.heappushpop
        keep(self._slowest, (one.milliseconds, one.picture))
        for thing in one.found:
            score = float(thing["score"])
            count = self.classes.setdefault(thing["class_id"], ClassCount(thing["class_id"], str(thing["class"])))
            count.objects += 1
            count.scores += score
            self.histogram[min(BINS - 1, max(0, int(score * BINS)))] += 1
        for class_id in {thing["class_id"] for thing in one.found}:
            self.classes[class_id].pictures += 1

    @property
    def pictures(self) -> int:
        """How many there are."""
        return self.answered + self.refused

    def ranked(self) -> list[ClassCount]:
        """The classes, the one seen most first."""
        return sorted(self.classes.values(), key=lambda one: (-one.objects, one.name))

    def slowest(self) -> list[tuple[float, str]]:
        """Milliseconds and name of the pictures that took longest, the slowest first."""
        return sorted(self._slowest, reverse=True)

    def line(self) -> str:
        """All of it on one line."""
        said = f"{self.answered:,} of {self.pictures:,} pictures answered, {self.objects:,} found"
        return f"{said}, {self.refused:,} refused" if self.refused else said

    def document(self) -> dict[str, Any]:
        """``summary.json``."""
        return {
            "pictures": self.pictures,
            "answered": self.answered,
            "empty": self.empty,
            "refused": self.refused,
            "objects": self.objects,
            "milliseconds": round(self.milliseconds, 1),
            "classes": [
                {
                    "class_id": one.class_id,
                    "class": one.name,
                    "objects": one.objects,
                    "pictures": one.pictures,
                    "mean_score": round(one.mean, 5),
                }
                for one in self.ranked()
            ],
            "scores": self.histogram,
            "slowest": [{"picture": name, "ms": round(ms, 1)} for ms, name in self.slowest()],
            "reasons": [{"picture": name, "error": why} for name, why in self.reasons],
            "line": self.line(),
        }
