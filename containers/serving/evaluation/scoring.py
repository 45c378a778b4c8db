"""From a measured model to its score, and from two of them to how they compare."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from containers.serving.evaluation.figures import Figures, Record
from containers.serving.evaluation.held_out import HeldOut
from containers.serving.evaluation.interval import draw_pictures, middle, middle_where
from containers.serving.model.arrays import Doubles
from workflow.contract.scores import QUALITY, ClassScore, Comparison, Interval, Lead, figures_of


@dataclass(frozen=True)
class Standing:
    """A model's figures on the held-out pictures as they are, and for draws of them; None where those are too few."""

    now: Figures
    drawn: Figures | None

    @staticmethod
    def of(record: Record, pictures: int) -> Standing:
        """Take the figures of a record of so many pictures."""
        weights = draw_pictures(pictures)
        drawn = None if weights is None else record.figures(weights)
        return Standing(record.figures(np.ones((pictures, 1))), drawn)

    def overall(self, task: str) -> dict[str, float]:
        """Every figure of the task."""
        return {name: _number(self.now.overall[name]) for name in figures_of(task)}

    def intervals(self, task: str) -> dict[str, Interval]:
        """The interval of every figure of the task; none where too few pictures were held out."""
        drawn = self.drawn
        return {} if drawn is None else {name: middle(drawn.overall[name]) for name in figures_of(task)}

    def class_scores(self, held_out: HeldOut) -> tuple[ClassScore, ...]:
        """The figures of each class, in the order of the held-out data."""
        shown = _pictures_that_show(held_out)
        scores = []
        for at, name in enumerate(held_out.classes):
            figures = {key: _number(values[at]) for key, values in self.now.per_class.items()}
            scores.append(
                ClassScore(
                    name=name,
                    objects=int(self.now.objects[at, 0]),
                    map50=figures.get("map50"),
                    map50_95=figures.get("map50_95"),
                    precision=figures["precision"],
                    recall=figures["recall"],
                    f1=figures["f1"],
                    quality=figures["quality"],
                    interval=None
                    if self.drawn is None
                    else middle_where(self.drawn.per_class["quality"][at], self.drawn.objects[at], shown[at]),
                )
            )
        return tuple(scores)


def compare(candidate: Standing, champion: Standing, held_out: HeldOut, shared: frozenset[str]) -> Comparison:
    """How far the candidate is ahead of the champion, on the same draws for both.

    ``shared`` are the classes both know; only those that have objects are compared one by one.
    """
    name = QUALITY[held_out.task]
    lead = _number(candidate.now.overall[name]) - _number(champion.now.overall[name])
    overall = Lead(lead, None, None)
    if candidate.drawn is not None and champion.drawn is not None:
        between = middle(candidate.drawn.overall[name] - champion.drawn.overall[name])
        overall = Lead(lead, between.low, between.high)
    shown = _pictures_that_show(held_out)
    return Comparison(
        overall,
        {
            name: _class_lead(candidate, champion, at, shown[at])
            for at, name in enumerate(held_out.classes)
            if name in shared and shown[at]
        },
    )


def _class_lead(candidate: Standing, champion: Standing, at: int, pictures: int) -> Lead:
    lead = _number(candidate.now.per_class["quality"][at]) - _number(champion.now.per_class["quality"][at])
    if candidate.drawn is None or champion.drawn is None:
        return Lead(lead, None, None)
    ahead = candidate.drawn.per_class["quality"][at] - champion.drawn.per_class["quality"][at]
    between = middle_where(ahead, candidate.drawn.objects[at], pictures)
    return Lead(lead, None, None) if between is None else Lead(lead, between.low, between.high)


def _pictures_that_show(held_out: HeldOut) -> list[int]:
    """On how many pictures each class is."""
    shown = [0] * len(held_out.classes)
    for picture in held_out.pictures:
        for class_id in set(picture.classes.tolist()):
            shown[class_id] += 1
    return shown


def _number(values: Doubles) -> float:
    """The one value of a figure taken on the pictures as they are."""
    return float(values[0])
