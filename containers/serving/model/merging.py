"""Makes one answer of what was found in several views of a picture: the whole of it, and tiles that overlap.

What an edge cuts off is a part; everything else was seen whole. Two findings of a class in two views are one object
where half of the part lies in the other one, as far as both views see (intersection over the smaller, as SAHI merges
slices: Akyon and others, arXiv 2202.06934), or where two that were seen whole overlap by half. SAHI's rule alone makes
neighbours of different sizes one, and lets a wheel take the car along. So a part is held against what the other view
could see of it, what was seen whole is compared as usual, and what one view tells apart stays apart. Pure.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from containers.serving.model import oriented
from containers.serving.model.arrays import Doubles, Flags, Floats, Indices
from containers.serving.model.convex import half_planes, shared_area
from containers.serving.model.detection import Detections
from containers.serving.model.mask import JoinedMask
from containers.serving.model.thresholds import Thresholds
from workflow.contract.tiles import Tile

SAME = 0.5
"""The share that makes two findings one object; where a request asks for less overlap, less makes two whole ones it."""
EDGE = 1 / 80
"""Of a tile's side, 8 pixels of 640: what ends so near to an edge goes on behind it, for boxes are not exact."""
SEEN = 5
"""Findings of an object, at most as a rule: in the whole picture, and in four tiles that meet. So the best of all
findings are enough, so many times as are answered, and a request for everything ends."""
PAIRS = 1 << 18
"""Pairs of findings that are compared at a time, so that memory stays bounded."""
TINY = 1e-9
"""Keeps a division by an area of 0 from happening."""
_AROUND = (0, 1, 2, 1, 2, 3, 0, 3)
"""Left, top, right and bottom as the corners of a box."""


class LateError(Exception):
    """The time was over before all of a picture was looked at and understood."""


@dataclass(frozen=True)
class View:
    """What was found in one part of a picture, in pixels of the picture, best first."""

    tile: Tile
    found: Detections


@dataclass(frozen=True)
class Links:
    """Pairs of findings that may be one object, the most alike first: the index of either, [pairs]."""

    first: Indices
    second: Indices


def merge(views: Sequence[View], thresholds: Thresholds, deadline: float) -> Detections:
    """The objects of a picture, best first, at most ``max_detections``. The first view is the whole picture.

    An object scores as it does where it scores best. It looks as in the best tile that shows it whole, else as in the
    whole picture; where every view cuts it, its parts are put together. Raises LateError where
    ``time.perf_counter()`` has passed the ``deadline`` between two views.
    """
    found = Detections.join([view.found for view in views])
    best = np.sort(np.argsort(-found.scores, kind="stable")[: SEEN * thresholds.max_detections])
    found, of = found.keep(best), np.repeat(np.arange(len(views)), [len(view.found) for view in views])[best]
    tiles = np.array([view.tile for view in views], np.float64)
    parts = cut_off(found.boxes, tiles[of], views[0].tile)
    links = find_links(found, of, parts, tiles, min(SAME, thresholds.iou), deadline)
    groups = find_groups(links, of, parts)
    best = np.argsort([-found.scores[group].max() for group in groups], kind="stable")[: thresholds.max_detections]
    return Detections.join([found.keep(of[:0]), *(_unite(found, groups[at], of, parts, tiles) for at in best)])


def cut_off(boxes: Floats, tiles: Doubles, picture: Tile) -> Flags:
    """Which boxes [n, 4] end at an edge of their own tile [n, 4] that is none of the picture."""
    first, last = tiles[:, :2], tiles[:, :2] + tiles[:, 2:]
    near = tiles[:, 2:] * EDGE
    before = (first > 0) & (boxes[:, :2] <= first + near)
    after = (last < (picture.width, picture.height)) & (boxes[:, 2:] >= last - near)
    return np.asarray((before | after).any(axis=1))


def find_links(found: Detections, of: Indices, parts: Flags, tiles: Doubles, overlap: float, deadline: float) -> Links:
    """Who may be one object with whom, of what the views ``of`` [n] have found, some of them ``parts`` [n].

    ``overlap`` makes two that were seen whole one. Raises LateError, see ``merge``.
    """
    pairs: list[tuple[Indices, Indices]] = [(of[:0], of[:0])]
    likenesses = [np.zeros(0)]
    starts = np.searchsorted(of, np.arange(len(tiles) + 1))
    boxes, limits = found.boxes.astype(np.float64), _sides(tiles[of])
    for view in range(len(tiles) - 1):
        if time.perf_counter() > deadline:
            raise LateError(f"before what {len(tiles) - 1} tiles show was one answer")
        rows = np.arange(starts[view], starts[view + 1])
        columns = starts[view + 1] + np.flatnonzero(_meet(boxes[starts[view + 1] :], _sides(tiles[view])))
        step = max(1, PAIRS // max(1, len(columns)))
        for some in np.split(rows, range(step, len(rows), step)):
            row, column = np.nonzero(
                _meet(boxes[some, None], boxes[columns]) & (found.classes[some, None] == found.classes[columns])
            )
            first, second = some[row], columns[column]
            shared, own, others = _areas(found, first, second, limits)
            smaller = np.minimum(np.where(parts[first], own, np.inf), np.where(parts[second], others, np.inf))
            whole = np.isinf(smaller)
            alike = shared > SAME * smaller
            alike[whole] = _overlap(found, first[whole], second[whole]) > overlap
            pairs.append((first[alike], second[alike]))
            likenesses.append(shared[alike] / (own + others - shared)[alike].clip(TINY))
    first, second = (np.concatenate(side) for side in zip(*pairs, strict=True))
    order = np.lexsort((second, first, -np.concatenate(likenesses)))
    return Links(first[order], second[order])


def find_groups(links: Links, of: Indices, parts: Flags) -> list[Indices]:
    """The findings of each object; what only shows parts of objects that others show whole is left out.

    The most alike are joined first, and never two of one view.
    """
    leader, views = list(range(len(of))), [1 << view for view in of.tolist()]

    def find(at: int) -> int:
        while leader[at] != at:
            leader[at] = at = leader[leader[at]]
        return at

    pairs = list(zip(links.first.tolist(), links.second.tolist(), strict=True))
    for first, second in pairs:
        one, other = sorted((find(first), find(second)))
        if one != other and not views[one] & views[other]:
            leader[other] = one
            views[one] |= views[other]
    leaders = np.array([find(at) for at in range(len(of))], np.intp)
    shown = np.ones(len(of), bool)
    shown[links.first[parts[links.first] & ~parts[links.second]]] = False
    shown[links.second[parts[links.second] & ~parts[links.first]]] = False
    order = np.argsort(leaders, kind="stable")
    groups = np.split(order, np.flatnonzero(np.diff(leaders[order])) + 1) if len(order) else []
    return [group for group in groups if shown[group].any() or not parts[group].all()]


def _unite(found: Detections, group: Indices, of: Indices, parts: Flags, tiles: Doubles) -> Detections:
    """One object of what the members of a group show of it."""
    by_score = group[np.argsort(-found.scores[group], kind="stable")]
    whole = by_score[~parts[by_score]]
    finest = whole[of[whole] > 0]
    best = (finest if len(finest) else whole if len(whole) else by_score)[:1]
    object_ = replace(found.keep(best), scores=found.scores[by_score[:1]])
    return (
        object_ if len(whole) or len(group) == 1 else _put_together(object_, found.keep(by_score), tiles[of[by_score]])
    )


def _put_together(best: Detections, parts: Detections, tiles: Doubles) -> Detections:
    """``best`` with the outlines of all of an object's parts, best first, each cut off by its own tile."""
    box = np.concatenate((parts.boxes[:, :2].min(axis=0), parts.boxes[:, 2:].max(axis=0)))[None]
    joined = replace(best, boxes=box)
    if parts.masks is not None:
        joined = replace(joined, masks=(JoinedMask.of(parts.masks),))
    if parts.keypoints is not None:
        joined = replace(joined, keypoints=_best_seen(parts.keypoints, tiles)[None])
    if parts.corners is not None and parts.angles is not None:
        turned, angle = _around(parts.corners, parts.angles)
        low, high = turned.min(axis=0), turned.max(axis=0)
        # The upright box is clipped to the picture, as those of the parts are.
        box = np.concatenate((np.maximum(low, box[0, :2]), np.minimum(high, box[0, 2:])))[None].astype(np.float32)
        joined = replace(joined, boxes=box, corners=turned[None], angles=angle[None])
    return joined


def _best_seen(points: Floats, tiles: Doubles) -> Floats:
    """Of each keypoint [members, k, 3] the member's that sees it: one on its tile's edge lies behind it, or nowhere.

    Of several the most visible one, of equals that of the better member.
    """
    first, last = tiles[:, None, :2], (tiles[:, :2] + tiles[:, 2:])[:, None]
    inside = ((points[..., :2] > first) & (points[..., :2] < last)).all(axis=2)
    chosen = (inside * 2 + points[..., 2]).argmax(axis=0)
    found: Floats = points[chosen, np.arange(points.shape[1])]
    return found


def _around(corners: Floats, angles: Floats) -> tuple[Floats, Floats]:
    """The rectangle around the corners [members, 4, 2] of all, turned as the largest of them: corners and angle."""
    sides = np.linalg.norm(corners[:, [0, 0]] - corners[:, [1, 3]], axis=2)
    angle = angles[sides.prod(axis=1).argmax()]
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    along = corners.reshape(-1, 2).astype(np.float64) @ turn
    low, high = along.min(axis=0), along.max(axis=0)
    rectangle = np.concatenate((turn @ ((low + high) / 2), high - low, [angle]))[None]
    return oriented.corners(rectangle)[0].astype(np.float32), angle


def _sides(tiles: Doubles) -> Doubles:
    """Left, top, right and bottom [..., 4] of tiles [..., 4]."""
    return np.concatenate((tiles[..., :2], tiles[..., :2] + tiles[..., 2:]), axis=-1)


def _meet(boxes: Doubles, others: Doubles) -> Flags:
    """Whether boxes [..., 4] share any area with others."""
    return np.asarray(_shared_sides(boxes, others).min(axis=-1) > 0)


def _shared_sides(boxes: Doubles, others: Doubles) -> Doubles:
    """Width and height [..., 2] of what boxes [..., 4] share with others, not above 0 where that is nothing."""
    sides: Doubles = np.minimum(boxes[..., 2:], others[..., 2:]) - np.maximum(boxes[..., :2], others[..., :2])
    return sides


def _areas(found: Detections, first: Indices, second: Indices, tiles: Doubles) -> tuple[Doubles, Doubles, Doubles]:
    """The area that two findings share, and what of either the other one's view could see: three times [pairs].

    ``tiles`` [n, 4] are the sides of the view of each. An upright box ends where its view does.
    """
    own_tile, other_tile = tiles[first], tiles[second]
    if found.corners is not None:
        one, other = half_planes(found.corners[first]), half_planes(found.corners[second])
        both = np.concatenate([half_planes(each[:, _AROUND].reshape(-1, 4, 2)) for each in (own_tile, other_tile)], 1)
        shapes = ((one, other, both), (one, both), (other, both))
        shared, own, others = (shared_area(np.concatenate(each, axis=1)) for each in shapes)
        return shared, own, others
    one, other = found.boxes[first].astype(np.float64), found.boxes[second].astype(np.float64)
    pairs = ((one, other), (one, other_tile), (other, own_tile))
    shared, own, others = (_shared_sides(*each).clip(0).prod(axis=1) for each in pairs)
    return shared, own, others


def _overlap(found: Detections, first: Indices, second: Indices) -> Doubles:
    """How alike whole findings are, by pairs: intersection over union, of turned boxes as ``oriented`` has it."""
    if found.corners is not None:
        return oriented.overlaps(oriented.shapes(found.corners[first]), oriented.shapes(found.corners[second]))
    one, other = found.boxes[first].astype(np.float64), found.boxes[second].astype(np.float64)
    shared = _shared_sides(one, other).clip(0).prod(axis=1)
    union = sum((box[:, 2:] - box[:, :2]).prod(axis=1) for box in (one, other)) - shared
    return np.asarray(shared / union.clip(TINY))
