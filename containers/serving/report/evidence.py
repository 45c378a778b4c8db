"""What an evaluation found out beside the figures of ``metrics.json``: curves, confusions, pictures and counts.

Plain data; knows neither how it was measured nor how it is shown.
"""

from __future__ import annotations

from dataclasses import dataclass

from workflow.contract.glance import GlancePicture
from workflow.contract.outcome import Counted, Outcome
from workflow.contract.scores import Metrics

Point = tuple[float, float]
"""x and y as fractions of the picture's width and height."""


@dataclass(frozen=True)
class Curve:
    """Precision [101] at recalls [101] from 0 to 1, boxes at overlap 0.5; ``name`` is a class or ``all``.

    As average precision sees them: precision made falling, 0 where the recall is never reached.
    """

    name: str
    recall: tuple[float, ...]
    precision: tuple[float, ...]


@dataclass(frozen=True)
class Confusion:
    """How often an object of one class was mistaken for another, at the served confidence and overlap 0.5.

    ``counts``: rows are what is true, columns what was said, both in the order of ``names``. Where things are found, a
    last row and a last column more stand for nothing: there nothing is, or nothing was found. A classifier has neither.
    """

    names: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class ReportBox:
    """A box on a picture: ``right``, ``wrong`` or ``missed``, its label, its sides as fractions of the picture.

    ``sides`` are left, top, right, bottom. ``outlines`` are the closed lines of a mask, or the one of a turned box;
    ``keypoints`` those that are visible.
    """

    kind: str
    label: str
    sides: tuple[float, float, float, float]
    outlines: tuple[tuple[Point, ...], ...] = ()
    keypoints: tuple[Point, ...] = ()


@dataclass(frozen=True)
class ReportPicture:
    """A held-out picture: its name, its size in pixels, a small JPEG of it, every box.

    A classifier's has no boxes but a ``caption``: ``labelled cat, named dog 0.83``.
    """

    name: str
    width: int
    height: int
    jpeg: bytes
    boxes: tuple[ReportBox, ...]
    caption: str = ""


@dataclass(frozen=True)
class Evidence:
    """The measurement as the page shows it. ``pictures`` has those with most mistakes first.

    ``missed`` and ``wrong`` count, over all held-out images at the served confidence and overlap 0.5, the true boxes
    that nothing finds and the detections that find none; of a classifier ``wrong`` counts pictures and ``missed`` is 0.
    ``production`` counts the same for the model beside it, None where there is none. ``curves`` is empty for a
    classifier; otherwise ``all`` comes first, then every class that has objects. ``worst`` are the first of
    ``pictures``, smaller, with what production's model said of each.
    """

    metrics: Metrics
    missed: int
    wrong: int
    curves: tuple[Curve, ...]
    confusion: Confusion
    pictures: tuple[ReportPicture, ...]
    production: Counted | None = None
    worst: tuple[GlancePicture, ...] = ()

    @property
    def outcome(self) -> Outcome:
        """Both models' counts, as they are told in a sentence."""
        metrics = self.metrics
        return Outcome(
            task=metrics.task,
            images=metrics.images,
            objects=metrics.objects,
            candidate=count_right(metrics, self.missed, self.wrong),
            production=self.production,
        )


def count_right(metrics: Metrics, missed: int, wrong: int) -> Counted:
    """What a model got right of everything that is labelled, and what it got wrong."""
    return Counted(metrics.images - wrong if metrics.task == "classify" else metrics.objects - missed, wrong)
