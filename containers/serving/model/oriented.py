"""From the raw output of a graph of oriented boxes to their corners in pixels of the picture.

Two oriented boxes are compared as the two normal distributions that fit them: the probabilistic overlap of Llerena and
others, "Gaussian Bounding Boxes and Probabilistic Intersection-over-Union for Object Detection", arXiv 2106.06072.
"""

from __future__ import annotations

import numpy as np

from containers.serving.model.arrays import Doubles, Flags, Floats, Indices, Integers
from containers.serving.model.detection import Detections, Letterbox, candidates
from containers.serving.model.thresholds import Thresholds

BLOCK = 128
"""Candidates that are judged at a time."""
BETTER = 512
"""How many better ones each of them is compared with at a time, so that memory stays bounded."""
TINY = 1e-7
"""Keeps a division by a determinant of 0, of a box without area, from happening."""


def decode(output: Floats, classes: int, letterbox: Letterbox, thresholds: Thresholds) -> Detections:
    """Turn ``output`` [4 + classes + 1, n], the angle in radians last, into corners [n, 4, 2] and angles [n].

    The corners may lie outside the picture, where a part of the object does; the upright box around them is clipped.
    """
    found, columns = candidates(output, classes, thresholds)
    angles = output[4 + classes, columns].astype(np.float32)
    finite = np.flatnonzero(np.isfinite(angles))
    found, columns, angles = found.keep(finite), columns[finite], angles[finite]
    rectangles = np.concatenate((output[:4, columns].T, angles[:, None]), axis=1)
    kept = suppress(rectangles.astype(np.float64), found.classes, thresholds.iou, thresholds.max_detections)
    rectangles = rectangles[kept]
    rectangles[:, :2] = letterbox.to_picture(rectangles[:, :2])
    rectangles[:, 2:4] /= letterbox.gain
    around = corners(rectangles)
    boxes = letterbox.clip(np.stack((around.min(axis=1), around.max(axis=1)), axis=1)).reshape(-1, 4)
    return Detections(boxes, found.scores[kept], found.classes[kept], corners=around, angles=angles[kept])


def corners(rectangles: Floats) -> Floats:
    """Corners [n, 4, 2] of rectangles [n, 5] given as centre x, centre y, width, height, angle in radians.

    Around the rectangle, beginning at the end of both its width and its height.
    """
    centre, (width, height, angle) = rectangles[:, None, :2], rectangles[:, 2:].T
    cosine, sine = np.cos(angle), np.sin(angle)
    along = np.stack((cosine, sine), axis=1) * (width / 2)[:, None]
    across = np.stack((-sine, cosine), axis=1) * (height / 2)[:, None]
    signs = np.array([(1, 1), (1, -1), (-1, -1), (-1, 1)], rectangles.dtype)
    found: Floats = centre + signs[:, :1] * along[:, None] + signs[:, 1:] * across[:, None]
    return found


def suppress(rectangles: Doubles, classes: Integers, iou: float, most: int) -> Indices:
    """Indices that stay, best first: a rectangle goes when a better one of its class overlaps it by more than ``iou``.

    Even by one that went itself, as in training's own framework ("fast" suppression, arXiv 1904.02689). In blocks, so
    that whoever comes after the last one kept is never looked at; those kept send most away, so they are asked first.
    """
    shapes = np.concatenate((rectangles[:, :2].T, covariances(rectangles)))
    kept = np.zeros(0, np.intp)
    gone = np.zeros(0, np.intp)
    for first in range(0, len(rectangles), BLOCK):
        if len(kept) >= most:
            break
        block = np.arange(first, min(first + BLOCK, len(rectangles)))
        free = block
        for better in (kept, *np.split(gone, range(BETTER, len(gone), BETTER))):
            if len(free):
                free = free[~_covers(shapes, classes, better, free, iou).any(axis=0)]
        among = _covers(shapes, classes, block, free, iou) & (block[:, None] < free)
        free = free[~among.any(axis=0)]
        kept = np.concatenate((kept, free))
        gone = np.concatenate((gone, np.setdiff1d(block, free, assume_unique=True)))
    return kept[:most]


def covariances(rectangles: Doubles) -> Doubles:
    """Variance along x, variance along y and covariance [3, n] of the points of rectangles [n, 5]."""
    width, height = rectangles[:, 2] ** 2 / 12, rectangles[:, 3] ** 2 / 12
    cosine, sine = np.cos(rectangles[:, 4]), np.sin(rectangles[:, 4])
    across = width * cosine**2 + height * sine**2
    down = width * sine**2 + height * cosine**2
    return np.stack((across, down, (width - height) * cosine * sine))


def shapes(corners: Floats) -> Doubles:
    """Centre x, centre y and ``covariances`` [5, n] of rectangles given by their ``corners`` [n, 4, 2]."""
    corner = corners.astype(np.float64)
    # Both sides as vectors: the variances of a rectangle's points are those along each of them, added up.
    sides = (corner[:, [0, 0]] - corner[:, [1, 3]]) / np.sqrt(12)
    across, down = (sides**2).sum(axis=1).T
    return np.stack((*corner.mean(axis=1).T, across, down, sides.prod(axis=2).sum(axis=1)))


def overlaps(shapes: Doubles, others: Doubles) -> Doubles:
    """Probabilistic overlap [n] of each of ``shapes`` [5, n] with its own of ``others``.

    A shape is centre x, centre y and ``covariances``. The overlap is 1 less the Hellinger distance of the two normal
    distributions, which follows from their Bhattacharyya distance.
    """
    x, y = shapes[:2] - others[:2]
    a, b, c = shapes[2:] + others[2:]
    both = (a * b - c**2).clip(0)
    between = (a * y**2 + b * x**2 - 2 * c * x * y) / (both + TINY) / 4
    own, other = ((each[2] * each[3] - each[4] ** 2).clip(0) for each in (shapes, others))
    distance = between + np.log(both / (4 * np.sqrt(own * other) + TINY) + TINY) / 2
    found: Doubles = 1 - np.sqrt(1 - np.exp(-distance.clip(TINY, 100)) + TINY)
    return found


def _covers(shapes: Doubles, classes: Integers, better: Indices, others: Indices, iou: float) -> Flags:
    """Whether each of ``better`` overlaps each of ``others`` in its class by more than ``iou``."""
    covers: Flags = classes[better, None] == classes[others]
    row, column = np.nonzero(covers)
    covers[row, column] = overlaps(shapes[:, better[row]], shapes[:, others[column]]) > iou
    return covers
