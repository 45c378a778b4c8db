"""Judges what a model found on one picture against what is true there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from containers.serving.evaluation.average_precision import match
from containers.serving.evaluation.held_out import HeldOut, Picture
from containers.serving.evaluation.likeness import (
    keypoint_likeness,
    keypoint_spreads,
    smallest_rectangles,
    turned_overlap,
)
from containers.serving.evaluation.mask_overlap import Grid, mask_overlap
from containers.serving.model.arrays import Doubles, Flags, Floats, Integers
from containers.serving.model.detection import Detections
from containers.serving.model.overlap import overlap

if TYPE_CHECKING:
    from containers.serving.model.sight import Sight


@dataclass(frozen=True)
class Truth:
    """The true objects of a picture in its pixels; see ``held_out.Picture``.

    ``grid`` says how the picture lay in what the model looked at.
    """

    width: int
    height: int
    boxes: Floats
    classes: Integers
    keypoints: Floats | None
    outlines: tuple[Floats, ...] | None
    grid: Grid

    @staticmethod
    def of(picture: Picture, sight: Sight) -> Truth:
        """What is true of a picture that a model has looked at."""
        width, height = sight.width, sight.height
        size = np.array([width, height], np.float32)
        points, lines = picture.keypoints, picture.outlines
        return Truth(
            width,
            height,
            picture.boxes * np.tile(size, 2),
            picture.classes,
            None if points is None else points * np.append(size, np.float32(1)),
            None if lines is None else tuple(line * size for line in lines),
            Grid(sight.letterbox, *sight.input_size[::-1]),
        )


@dataclass(frozen=True)
class Pairs:
    """Which true object each detection finds, and on which of another class it lies: both [found], -1 for none.

    ``missed`` [true]: which objects nothing finds.
    """

    finds: Integers
    mistakes: Integers
    missed: Flags

    @property
    def right(self) -> Flags:
        """Which detections find an object."""
        return self.finds >= 0


@dataclass(frozen=True)
class Judge:
    """Knows by which rules the things of a task are alike; ``spreads`` [k] are those of the keypoints of pose."""

    task: str
    spreads: Doubles | None

    @staticmethod
    def of(held_out: HeldOut) -> Judge:
        """The judge of the held-out data's task."""
        points = held_out.keypoints
        return Judge(held_out.task, None if points is None else keypoint_spreads(points))

    def places(self, found: Detections, truth: Truth) -> Doubles:
        """How alike boxes are, [found, true]; of obb the turned ones."""
        if found.corners is not None and truth.outlines is not None:
            lines = np.array(truth.outlines, np.float64).reshape(-1, 4, 2)
            return turned_overlap(found.corners, smallest_rectangles(lines))
        return overlap(found.boxes, truth.boxes)

    def shapes(self, found: Detections, truth: Truth, places: Doubles) -> Doubles | None:
        """How alike keypoints or masks are, [found, true]; None for a task that has neither.

        Masks only where the classes are the same and the boxes overlap, as ``places`` [found, true] says.
        """
        if self.spreads is not None and found.keypoints is not None and truth.keypoints is not None:
            return keypoint_likeness(found.keypoints, truth.keypoints, truth.boxes, self.spreads)
        if found.masks is not None and truth.outlines is not None:
            wanted = (found.classes[:, None] == truth.classes[None]) & (places > 0)
            return mask_overlap(found.masks, found.boxes, truth.outlines, wanted, truth.grid)
        return None

    def right(self, found: Detections, truth: Truth) -> tuple[Flags, Flags | None]:
        """Which detections are right at each of the ten overlaps, [found, 10]: by their boxes, and by their shapes."""
        places = self.places(found, truth)
        shapes = self.shapes(found, truth, places)
        by_place = match(places, found.classes, truth.classes) >= 0
        return by_place, None if shapes is None else match(shapes, found.classes, truth.classes) >= 0

    def pairs(self, found: Detections, truth: Truth) -> Pairs:
        """Who is who among boxes at overlap 0.5."""
        places = self.places(found, truth)
        finds = match(places, found.classes, truth.classes)[:, 0]
        # A detection left over that lies on an object left over gave it another name.
        rest, free = np.flatnonzero(finds < 0), np.setdiff1d(np.arange(len(truth.classes)), finds)
        taken = match(places[np.ix_(rest, free)], np.zeros(len(rest), np.int64), np.zeros(len(free), np.int64))[:, 0]
        mistakes = np.full(len(finds), -1)
        mistakes[rest[taken >= 0]] = free[taken[taken >= 0]]
        return Pairs(finds, mistakes, ~np.isin(np.arange(len(truth.classes)), finds))
