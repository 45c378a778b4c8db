"""Understands what a request asks for besides its images: thresholds, classes, tiles and the form of masks.

The same six names come as text in a header or as values in JSON, and mean the same in both. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from containers.serving.model.thresholds import Thresholds
from containers.serving.request.refusal import InvocationError, quote
from workflow.contract.model import USUAL_DETECTIONS
from workflow.contract.tiles import TILINGS, Tiling

ATTRIBUTES_HEADER = "X-Amzn-SageMaker-Custom-Attributes"
NAMES = ("confidence", "iou", "classes", "max_detections", "masks", "tiles")

Masks = Literal["polygons", "rle", "none"]

_FORMS: dict[object, Masks] = {"polygons": "polygons", "rle": "rle", "none": "none"}
_TILINGS: dict[object, Tiling] = {name: name for name in TILINGS}
_NAMED_CLASSES = 20


@dataclass(frozen=True)
class Parameters:
    """Which detections are answered, and how the masks of a model that has them are written.

    ``most`` is how many detections may be asked for: what the model finds at most. ``tiles`` says whether large
    pictures are looked at in tiles, None where the model only looks at whole ones.
    """

    thresholds: Thresholds
    masks: Masks = "polygons"
    most: int = USUAL_DETECTIONS
    tiles: Tiling | None = "off"


def read_attributes(text: str, base: Parameters, classes: tuple[str, ...]) -> Parameters:
    """``base`` with what the custom-attributes header says, such as ``confidence=0.3,classes=bolt;cap nut,masks=rle``.

    A class is given by its name, or by its id where no class has that name; names with a comma, a semicolon or a
    letter beyond ASCII can only be given by id, for SageMaker passes no others. Raises InvocationError (400).
    """
    given: dict[str, Any] = {}
    for part in filter(None, map(str.strip, text.split(","))):
        name, equals, value = (piece.strip() for piece in part.partition("="))
        if name not in NAMES or not equals:
            raise InvocationError(
                400, f"{ATTRIBUTES_HEADER}: {quote(part)}: write name=value, where name is one of {', '.join(NAMES)}"
            )
        if name in given:
            raise InvocationError(400, f"{ATTRIBUTES_HEADER}: {name} is given twice")
        given[name] = _read_value(name, value, classes)
    try:
        return override(base, given, classes)
    except InvocationError as error:
        raise InvocationError(400, f"{ATTRIBUTES_HEADER}: {error}") from None


def override(base: Parameters, given: Mapping[str, Any], classes: tuple[str, ...]) -> Parameters:
    """``base`` with the values of ``given`` that are parameters; ``classes`` are the names the model knows.

    Raises InvocationError (400) that says which value is wrong and what it may be.
    """
    new: dict[str, Any] = {name: _check_fraction(name, given[name]) for name in ("confidence", "iou") if name in given}
    if "max_detections" in given:
        new["max_detections"] = _check_count(given["max_detections"], base.most)
    if "classes" in given:
        new["classes"] = _find_classes(given["classes"], classes)
    masks = _check_masks(given["masks"]) if "masks" in given else base.masks
    tiles = _check_tiles(given["tiles"], base.tiles) if "tiles" in given else base.tiles
    return Parameters(replace(base.thresholds, **new), masks, base.most, tiles)


def _read_value(name: str, text: str, classes: tuple[str, ...]) -> object:
    """What the text of a header would be in JSON; text that is no number where one belongs stays text."""
    if name in ("confidence", "iou"):
        try:
            return float(text)
        except ValueError:
            return text
    if name == "max_detections":
        return _read_whole(text)
    if name == "classes":
        known = set(classes)
        return [part if part in known else _read_whole(part) for part in map(str.strip, text.split(";")) if part]
    return text


def _read_whole(text: str) -> int | str:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else text


def _check_fraction(name: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= 1:
        raise InvocationError(400, f"{name} = {quote(value)}: must be a number from 0 to 1")
    return float(value)


def _check_count(value: object, most: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= most:
        raise InvocationError(400, f"max_detections = {quote(value)}: must be a whole number from 1 to {most}")
    return value


def _find_classes(value: object, classes: tuple[str, ...]) -> tuple[int, ...]:
    if not isinstance(value, list) or not value:
        raise InvocationError(400, f"classes = {quote(value)}: must name at least one class, or be left out for all")
    ids = {name: at for at, name in enumerate(classes)}
    chosen = set()
    for one in value:
        at = ids.get(one) if isinstance(one, str) else one
        if isinstance(at, bool) or not isinstance(at, int) or not 0 <= at < len(classes):
            raise InvocationError(
                400, f"classes: {quote(one)} is neither name nor id of a class; {_list_classes(classes)}"
            )
        chosen.add(at)
    return tuple(sorted(chosen))


def _list_classes(classes: tuple[str, ...]) -> str:
    names = ", ".join(map(quote, classes[:_NAMED_CLASSES]))
    more = len(classes) - _NAMED_CLASSES
    return f"the model knows {names}" + (f" and {more} more" if more > 0 else "")


def _check_masks(value: object) -> Masks:
    form = _FORMS.get(value) if isinstance(value, str) else None
    if form is None:
        raise InvocationError(400, f"masks = {quote(value)}: must be one of {', '.join(map(str, _FORMS))}")
    return form


def _check_tiles(value: object, base: Tiling | None) -> Tiling | None:
    tiling = _TILINGS.get(value) if isinstance(value, str) else None
    if tiling is None:
        raise InvocationError(400, f"tiles = {quote(value)}: must be one of {', '.join(TILINGS)}")
    if base is None and tiling != "off":
        raise InvocationError(400, f"tiles = {quote(value)}: a classifier names whole pictures: leave tiles out")
    return None if base is None else tiling
