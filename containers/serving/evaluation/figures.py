"""From what was right and wrong on each picture to the figures of ``metrics.json``, for any draws of the pictures.

A draw is a column of weights [pictures, draws]: how often each picture is taken. Knows no model and no file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from containers.serving.evaluation.average_precision import Matches, average_precision, mean_over_present
from containers.serving.model.arrays import Doubles, Flags, Integers, Reals
from workflow.contract.scores import QUALITY, figures_of


@dataclass(frozen=True)
class Figures:
    """``overall`` [draws] by the names of ``figures_of``; ``per_class`` [classes, draws] by those of ``ClassScore``.

    ``objects`` [classes, draws]: how many true objects of each class were drawn.
    """

    overall: Mapping[str, Doubles]
    per_class: Mapping[str, Doubles]
    objects: Doubles


class Record(Protocol):
    """What a model said of every picture, right and wrong."""

    def figures(self, weights: Doubles) -> Figures:
        """Every figure of the model's task, for ``weights`` [pictures, draws]."""


@dataclass(frozen=True)
class Found:
    """Of a model that finds objects. ``everything`` are its matches at nearly any score, ``shapes`` the same by the
    task's own likeness (keypoints, masks) where it has one, ``served`` those above the served confidence.

    ``classes`` is how many the held-out data has.

    Precision and recall are those of boxes at overlap 0.5, of obb of turned boxes, whatever the task.
    """

    task: str
    classes: int
    everything: Matches
    shapes: Matches | None
    served: Matches

    def figures(self, weights: Doubles) -> Figures:
        """See ``Record``; every figure is the mean over the classes that have objects."""
        served = self.served
        objects = _count(served.true_classes, served.true_pictures, self.classes, weights)
        per_class = _ratios(
            _count(served.classes[served.right[:, 0]], served.pictures[served.right[:, 0]], self.classes, weights),
            _count(served.classes, served.pictures, self.classes, weights),
            objects,
        )
        for matches, prefix in ((self.everything, ""), (self.shapes, _OWN.get(self.task, ""))):
            if matches is not None:
                table = average_precision(matches, self.classes, weights)
                per_class |= {f"{prefix}map50": table[:, 0], f"{prefix}map50_95": table.mean(axis=1)}
        overall = {name: mean_over_present(per_class[name], objects) for name in figures_of(self.task)}
        return Figures(overall, {**per_class, "quality": per_class[QUALITY[self.task]]}, objects)


_OWN = {"pose": "keypoint_", "segment": "mask_"}


@dataclass(frozen=True)
class Named:
    """Of a classifier: for each picture [n] the class it has and the one it was given, -1 for one that is not known
    here, and whether its own was among the five best.

    A classifier always answers, whatever the confidence. Precision, recall and F1 are means over the classes.
    """

    classes: int
    true: Integers
    given: Integers
    among_five: Flags

    def figures(self, weights: Doubles) -> Figures:
        """See ``Record``."""
        everywhere = np.arange(len(self.true))
        right = self.true == self.given
        known = self.given >= 0
        objects = _count(self.true, everywhere, self.classes, weights)
        per_class = _ratios(
            _count(self.true[right], everywhere[right], self.classes, weights),
            _count(self.given[known], everywhere[known], self.classes, weights),
            objects,
        )
        pictures = np.maximum(weights.sum(axis=0), 1)
        overall = {name: mean_over_present(values, objects) for name, values in per_class.items()}
        overall |= {
            "top1": weights[right].sum(axis=0) / pictures,
            "top5": weights[self.among_five].sum(axis=0) / pictures,
        }
        return Figures(overall, {**per_class, "quality": per_class["recall"]}, objects)


def _count(classes: Integers, pictures: Integers, count: int, weights: Doubles) -> Doubles:
    """How many [classes, draws] things there are, each of a class and on a picture."""
    counted = np.zeros((count, weights.shape[1]))
    for class_id in np.unique(classes):
        on = np.bincount(pictures[classes == class_id], minlength=len(weights)).astype(np.float64)
        counted[class_id] = on @ weights
    return counted


def _ratios(right: Reals, shown: Reals, objects: Reals) -> dict[str, Doubles]:
    """Precision, recall and F1 from counts; nothing shown is precision 0."""
    return {
        "precision": _divide(right, shown),
        "recall": _divide(right, objects),
        "f1": _divide(2 * right, shown + objects),
    }


def _divide(above: Reals, below: Reals) -> Doubles:
    return np.divide(above, below, out=np.zeros(above.shape), where=below > 0)
