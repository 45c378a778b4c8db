"""What an element of CVAT's XML draws. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from workflow.labels.alike import compose
from workflow.labels.cvat_xml import Element
from workflow.labels.geometry import Numbers, box_between, corners, join_outlines
from workflow.labels.outlines import mask_outlines
from workflow.labels.shapes import Shape, ellipse, keypoints_row, turn

ASIDE = ("tag", "attribute")
"""Elements that draw nothing."""


def read_shape(part: Element, line: int, points: Mapping[str, Sequence[str]]) -> Shape | None:
    """The object that an element of a picture draws, None where it draws nothing.

    ``line`` is added to the element's own; ``points`` names the key points of each skeleton.
    """
    if part.tag in ASIDE:
        return None
    name = _read_name(part)
    try:
        kind, numbers = _draw(part, points.get(name, ()))
    except ValueError as error:
        return Shape(name, "", (), part.tag, part.line + line, broken=str(error))
    return Shape(name, kind, numbers, "turned box" if kind == "obb" else part.tag, part.line + line)


def _draw(part: Element, points: Sequence[str]) -> tuple[str, Numbers]:
    """The task that an element speaks of and its numbers. Raises ValueError for one that lacks them."""
    said = part.attributes
    if part.tag == "box":
        box = box_between(*(_read(said, edge) for edge in ("xtl", "ytl", "xbr", "ybr")))
        degrees = _read(said, "rotation", "0")
        return ("obb", turn(corners(box), degrees, box[0], box[1])) if degrees else ("detect", box)
    if part.tag == "polygon":
        return "segment", _read_points(said.get("points", ""), least=3)
    if part.tag == "ellipse":
        x, y, across, down = (_read(said, key) for key in ("cx", "cy", "rx", "ry"))
        return "segment", turn(ellipse(x, y, across, down), _read(said, "rotation", "0"), x, y)
    if part.tag == "mask":
        return "segment", _read_mask(said)
    if part.tag == "skeleton":
        return "pose", _read_skeleton(part, points)
    return "", ()


def _read_mask(said: Mapping[str, str]) -> Numbers:
    """The outline of a mask: runs along the rows of its box, background first."""
    left, top, across, down = (round(_read(said, key)) for key in ("left", "top", "width", "height"))
    try:
        runs = [int(run) for run in said.get("rle", "").split(",")]
    except ValueError as error:
        raise ValueError("rle must be whole numbers") from error
    # The columns of the mask that lies on its side are the rows of this.
    parts = mask_outlines({"size": [across, down], "counts": runs})
    if not parts:
        raise ValueError("the mask is empty")
    return join_outlines(
        [[v for y, x in zip(part[0::2], part[1::2], strict=True) for v in (x + left, y + top)] for part in parts]
    )


def _read_skeleton(part: Element, points: Sequence[str]) -> Numbers:
    """The key points of a skeleton; one that is outside is not labelled, and an occluded one is hidden."""
    found: dict[str, tuple[float, float, int]] = {}
    for point in part.parts:
        name = _read_name(point)
        if point.tag != "points" or (points and name not in points) or name in found:
            raise ValueError(f"{name or point.tag} is no key point that the skeleton declares once")
        if point.attributes.get("outside") == "1":
            continue
        x, y = _read_points(point.attributes.get("points", ""), least=1)[:2]
        found[name] = (x, y, 1 if point.attributes.get("occluded") == "1" else 2)
    return keypoints_row([found.get(name, (0.0, 0.0, 0)) for name in points or found])


def _read_name(part: Element) -> str:
    return compose(part.attributes.get("label", "").strip())


def _read_points(text: str, least: int) -> Numbers:
    try:
        pairs = [tuple(map(float, pair.split(","))) for pair in text.split(";")] if text else []
    except ValueError as error:
        raise ValueError("points must be pairs of numbers") from error
    if len(pairs) < least or any(len(pair) != 2 for pair in pairs):
        raise ValueError(f"points must be {least} or more pairs of numbers")
    return tuple(value for pair in pairs for value in pair)


def _read(said: Mapping[str, str], key: str, default: str = "") -> float:
    text = said.get(key, default)
    try:
        number = float(text)
    except ValueError as error:
        raise ValueError(f"{key} is {text!r}, no number") from error
    if not math.isfinite(number):
        raise ValueError(f"{key} is {text}, no finite number")
    return number
