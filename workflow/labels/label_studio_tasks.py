"""What a task of Label Studio says: its picture, the annotation that counts, and the objects of that. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import unquote

from workflow.labels.alike import compose
from workflow.labels.files import is_image
from workflow.labels.geometry import Numbers, box_between, corners
from workflow.labels.pixel_labels import UNKNOWN, read_numbers, read_side
from workflow.labels.shapes import Shape, ellipse, turn

NO_TASK = (
    "must be a task with data and annotations: of Label Studio's exports, JSON is read, and COCO and YOLO, but not"
    " JSON-MIN"
)
_ASIDE = ("choices", "textarea", "rating", "number", "taxonomy", "datetime", "pairwise", "relation")
"""Results that draw nothing: they say something of the picture, or of an object that is drawn beside them."""
_LOCAL = re.compile(r"/data/local-files/\?(?:.*&)?d=([^&]*)")
_HASHED = re.compile(r"(.*/)?[0-9a-f]{8}-([^/]+)")

Results = Sequence[Any]
"""The results of an annotation, as the export has them."""


def list_names(data: Mapping[str, Any]) -> list[str]:
    """What a task's picture may be called in this dataset, likeliest first; empty where no one picture is named.

    Label Studio serves its own copy under another name, with eight digits before a picture that was uploaded.
    """
    said = [data["image"]] if isinstance(data.get("image"), str) else [text for text in data.values() if _names(text)]
    return _names(said[0]) if len(said) == 1 else []


def choose_annotation(task: Mapping[str, Any]) -> tuple[Results | None, str]:
    """The results that count, None where there are none, and what is in doubt: a sentence, or ``cancelled``.

    Of several that are left, the one that is marked as ground truth counts; otherwise the last one, in doubt.
    """
    given = task.get("annotations")
    found = [one for one in given if isinstance(one, dict)] if isinstance(given, list) else []
    left = [one for one in found if not one.get("was_cancelled")]
    if not left:
        return None, "cancelled" if found else ""
    true = [one for one in left if one.get("ground_truth")]
    chosen = true if len(true) == 1 else left
    doubt = f"has {len(left)} annotations: mark the one that counts as ground truth, or delete the others"
    results = max(chosen, key=lambda one: str(one.get("updated_at", ""))).get("result")
    if not isinstance(results, list):
        return [], "has an annotation without a list of results"
    return results, doubt if len(chosen) > 1 else ""


def read_size(results: Results) -> tuple[int, int]:
    """The size in pixels of the picture on which the results were drawn, 0 where they do not say."""
    for result in results:
        if isinstance(result, dict) and result.get("original_width"):
            return read_side(result["original_width"]), read_side(result.get("original_height"))
    return 0, 0


def read_shapes(results: Results, size: tuple[int, int]) -> Iterator[Shape]:
    """The objects of an annotation in pixels of a picture of ``size``, 0 where unknown."""
    width, height = (side or UNKNOWN for side in size)
    labelled = {str(result.get("id")) for result in results if isinstance(result, dict) and _is_labelled(result)}
    for result in results:
        if not isinstance(result, dict) or not isinstance(result.get("type"), str):
            yield Shape("", "", (), "result", broken="must be an object with a type")
        elif result["type"] not in _ASIDE and (_is_labelled(result) or str(result.get("id")) not in labelled):
            yield _read_shape(result, width / 100, height / 100)


def _is_labelled(result: Mapping[str, Any]) -> bool:
    """Whether a result is a region with its label; where tools are apart from labels, there is one without as well."""
    return str(result.get("type")).endswith("labels")


def _read_shape(result: Mapping[str, Any], across: float, down: float) -> Shape:
    """One region; a percent of the picture has so many pixels ``across`` and ``down``."""
    given, value = result["type"], result.get("value")
    drawn_as = given.removesuffix("labels")[:40] or "region"
    said = value.get(given) if isinstance(value, dict) else None
    names = [compose(name.strip()) for name in said if isinstance(name, str)] if isinstance(said, list) else []
    name = names[0] if names else ""
    try:
        if not isinstance(value, dict) or len(names) != 1 or not name:
            raise ValueError(f"an object must have one label, found {', '.join(names) or 'none'}")
        if result.get("image_rotation"):
            raise ValueError("was drawn on a picture that had been turned in Label Studio: turn the picture's file")
        kind, numbers = _draw(value, across, down)
    except ValueError as error:
        return Shape(name, "", (), drawn_as, broken=str(error))
    return Shape(name, kind, numbers, "turned rectangle" if kind == "obb" else drawn_as)


def _draw(value: Mapping[str, Any], across: float, down: float) -> tuple[str, Numbers]:
    """The task that a region speaks of and its numbers in pixels. Raises ValueError for one that lacks them."""
    if "points" in value:
        points = value["points"]
        pairs = [read_numbers(point) for point in points] if isinstance(points, list) else []
        if len(pairs) < 3 or any(pair is None or len(pair) != 2 for pair in pairs):
            raise ValueError("points must be three or more pairs of numbers")
        if value.get("closed") is False:
            raise ValueError("the outline is not closed")
        return "segment", tuple(v for pair in pairs if pair for v in (pair[0] * across, pair[1] * down))
    if "radiusX" in value:
        x, y, wide, high, degrees = _read(value, "x", "y", "radiusX", "radiusY")
        return "segment", turn(ellipse(x * across, y * down, wide * across, high * down), degrees, x * across, y * down)
    if "height" in value and "rle" not in value:
        x, y, wide, high, degrees = _read(value, "x", "y", "width", "height")
        box = box_between(x * across, y * down, (x + wide) * across, (y + high) * down)
        return ("obb", turn(corners(box), degrees, x * across, y * down)) if degrees else ("detect", box)
    return "", ()  # a brush, a key point


def _read(value: Mapping[str, Any], *keys: str) -> Numbers:
    """The numbers under some keys, and the rotation in degrees, 0 where none is said."""
    numbers = read_numbers([*(value.get(key) for key in keys), value.get("rotation") or 0])
    if numbers is None:
        raise ValueError(f"{', '.join(keys)} and rotation must be numbers")
    return numbers


def _names(said: Any) -> list[str]:
    """What the picture of an address may be called; empty where it is none."""
    if not isinstance(said, str):
        return []
    local = _LOCAL.search(said)
    path = local[1] if local else said.partition("?")[0] if said.startswith(("http://", "https://", "/")) else said
    hashed = _HASHED.fullmatch(path)
    names = dict.fromkeys([path, unquote(path)])
    names |= dict.fromkeys([hashed[2], unquote(hashed[2])] if hashed else [])
    return [name for name in names if is_image(name)]
