"""One of COCO's annotations as a row of a task. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from workflow.labels.geometry import area, box_around, box_between, join_outlines
from workflow.labels.outlines import mask_outlines
from workflow.labels.pixel_labels import UNKNOWN, read_numbers, to_fractions


def guess_task(annotation: Mapping[str, Any]) -> str:
    """The task that an annotation speaks of: a rectangle around its own box is no outline."""
    if any((read_numbers(annotation.get("keypoints")) or ())[2::3]):
        return "pose"
    outline = annotation.get("segmentation")
    if isinstance(outline, dict):
        return "segment"
    if not isinstance(outline, list) or not outline:
        return "detect"
    part, box = read_numbers(outline[0]), read_numbers(annotation.get("bbox"))
    if len(outline) == 1 and part and box and len(box) == 4 and len(part) in (8, 10):
        return "detect" if abs(area(part) - box[2] * box[3]) <= 0.01 * abs(box[2] * box[3]) else "segment"
    return "segment"


def make_row(annotation: Mapping[str, Any], task: str, size: tuple[int, int]) -> tuple[float, ...]:
    """The numbers of a row of the task. Raises ValueError for an annotation that lacks them."""
    width, height = size
    if task in ("segment", "obb") and annotation.get("segmentation"):
        return to_fractions(join_outlines(_read_parts(annotation["segmentation"], size)), width, height)
    box = read_numbers(annotation.get("bbox"))
    if box is None or len(box) != 4:
        if not annotation.get("segmentation"):
            raise ValueError(f"bbox must be four numbers, found {annotation.get('bbox')!r}")
        row = box_around(to_fractions(join_outlines(_read_parts(annotation["segmentation"], size)), width, height))
    else:
        left, top, across, down = box
        row = to_fractions(box_between(left, top, left + across, top + down), width, height)
    if task != "pose":
        return row
    points = read_numbers(annotation.get("keypoints")) or ()
    return (*row, *(value / (width, height, 1)[at % 3] for at, value in enumerate(points)))


def _read_parts(outline: Any, size: tuple[int, int]) -> list[Sequence[float]]:
    if isinstance(outline, dict):
        drawn = outline.get("size")
        # Of another picture, or of this one in another size: nobody knows which part of it the mask means.
        if isinstance(drawn, list) and len(drawn) == 2 and drawn != [*reversed(size)] and max(size) < UNKNOWN:
            raise ValueError(f"a mask of {drawn[1]}x{drawn[0]} pixels, and the picture has {size[0]}x{size[1]}")
        parts: list[Sequence[float]] = list(mask_outlines(outline))
    else:
        read = [read_numbers(part) for part in outline] if isinstance(outline, list) else []
        parts = [part for part in read if part is not None and len(part) >= 6 and len(part) % 2 == 0]
        if len(parts) < len(read):
            raise ValueError("segmentation must be lists of x and y of three corners or more")
    if not parts:
        raise ValueError("segmentation holds no outline")
    return parts
