"""How alike what was found and what is true are, from 0 to 1: turned boxes and keypoints.

The rules are those of ultralytics' ``val``. Pure arithmetic on numpy arrays; masks have a file of their own, upright
boxes ``model/overlap.py``.
"""

from __future__ import annotations

import numpy as np

from containers.serving.model import oriented
from containers.serving.model.arrays import Doubles, Reals

COCO_SPREADS = np.array([26, 25, 25, 35, 35, 79, 79, 72, 72, 62, 62, 107, 107, 87, 87, 89, 89]) / 1000
"""How far people are apart when they mark each of COCO's 17 keypoints of a person (cocoeval's ``kpt_oks_sigmas``)."""
SHARE_OF_BOX = 0.53
"""How much of its box an object of COCO fills; where no outline is labelled, this makes its area."""
TINY = 1e-7
"""Keeps a division by an area of 0 from happening."""


def turned_overlap(found: Reals, true: Reals) -> Doubles:
    """Probabilistic overlap [n, m] of turned boxes given by their corners [n, 4, 2] and [m, 4, 2].

    Not the intersection over union: each box is taken as the normal distribution that fits it (``oriented.overlaps``).
    Two equal boxes score 0.9995.
    """
    first, second = oriented.shapes(found), oriented.shapes(true)
    return oriented.overlaps(first[:, :, None], second[:, None])


def smallest_rectangles(quadrangles: Reals) -> Doubles:
    """Corners [n, 4, 2] of the smallest turned rectangle around four points each [n, 4, 2], as training takes labels.

    One side of it lies along a line through two of the points.
    """
    points = quadrangles.astype(np.float64)
    first, second = np.triu_indices(4, 1)
    between = points[:, second] - points[:, first]
    angles = np.arctan2(between[..., 1], between[..., 0])
    cosine, sine = np.cos(angles)[..., None], np.sin(angles)[..., None]
    x, y = points[:, None, :, 0], points[:, None, :, 1]
    turned = np.stack((x * cosine + y * sine, y * cosine - x * sine), axis=3)
    low, high = turned.min(axis=2), turned.max(axis=2)
    best = (high - low).prod(axis=2).argmin(axis=1)
    at = np.arange(len(points))
    (across, down), sides, angle = ((low + high)[at, best] / 2).T, (high - low)[at, best], angles[at, best]
    centre = (across * np.cos(angle) - down * np.sin(angle), across * np.sin(angle) + down * np.cos(angle))
    return oriented.corners(np.column_stack((*centre, sides, angle))).astype(np.float64)


def keypoint_spreads(keypoints: tuple[int, int]) -> Doubles:
    """How far off each keypoint may be: COCO's for its own 17 of 3 numbers, 1 / count for any others."""
    count = keypoints[0]
    return COCO_SPREADS if keypoints == (len(COCO_SPREADS), 3) else np.full(count, 1 / count)


def keypoint_likeness(found: Reals, true: Reals, true_boxes: Reals, spreads: Doubles) -> Doubles:
    """Object keypoint similarity [n, m] of keypoints [n, k, 3] and [m, k, 3] in pixels: x, y, visibility.

    COCO's: of each labelled point exp(-distance² / (2 area (2 spread)²)), the mean over them; an object without one
    scores 0. The area is 0.53 of the true box [m, 4].
    """
    width, height = (true_boxes[:, 2:].astype(np.float64) - true_boxes[:, :2]).T
    area = width * height * SHARE_OF_BOX + TINY
    labelled = true[..., 2] != 0
    distance = ((found[:, None, :, :2].astype(np.float64) - true[None, :, :, :2]) ** 2).sum(axis=3)
    likeness = np.exp(-distance / (2 * (2 * spreads) ** 2 * area[:, None])) * labelled
    shares: Doubles = likeness.sum(axis=2) / (labelled.sum(axis=1) + TINY)
    return shares
