"""Reads what was sent to ``/invocations``: pictures, and what to answer about each, out of three headers and a body.

Pure: knows no server and no model, opens no picture. Everything it refuses is an InvocationError, which has a status
from 400 to 499 and says what is wrong, where, and what to send instead.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import Any, Literal

from containers.serving.model.array_header import read_array_header, split_stack
from containers.serving.model.image_header import ImageError
from containers.serving.model.thresholds import Thresholds
from containers.serving.request.accept import choose_media_type
from containers.serving.request.parameters import NAMES, Masks, Parameters, override, read_attributes
from containers.serving.request.refusal import InvocationError, quote
from containers.serving.request.strict_json import read_object
from workflow.contract.tiles import Tiling

__all__ = ["Invocation", "InvocationError", "Item", "read_invocation"]

MAXIMUM_IMAGES = 32
MAXIMUM_LINES = 256
IMAGE_TYPES = ("image/jpeg", "image/png", "image/webp", "image/bmp", "image/tiff", "application/x-image")
ARRAY_TYPE = "application/x-npy"
JSON_TYPE = "application/json"
LINES_TYPES = ("application/jsonlines", "application/x-ndjson")
VIDEO_TYPES = ("video/mp4", "video/quicktime", "video/webm", "video/x-matroska", "video/x-msvideo")

Kind = Literal["encoded", "array", "video"]
Shape = Literal["one", "many", "lines", "video"]
OFFERED: dict[Shape, tuple[str, ...]] = {
    "one": (JSON_TYPE, "text/csv", ARRAY_TYPE, "image/jpeg", *LINES_TYPES),
    "many": (JSON_TYPE, "text/csv", ARRAY_TYPE, *LINES_TYPES),
    "lines": LINES_TYPES,
    "video": (*LINES_TYPES, "video/webm", "video/mp4"),
}
"""The forms an answer can take, the usual one first: a drawing shows one picture, only lines can hold an error, and of
a video there is a line for each frame."""


@dataclass(frozen=True)
class Item:
    """One picture, and what to answer about it.

    ``image`` is an encoded picture or, by its ``kind``, a NumPy array (.npy) of one, or a video. With an ``error``, for
    the caller, there is no picture: a line could not be understood.
    """

    image: bytes
    kind: Kind
    thresholds: Thresholds
    error: str | None = None
    masks: Masks = "polygons"
    tiles: Tiling = "off"


@dataclass(frozen=True)
class Invocation:
    """What one request asks: the pictures, whether one, a list or lines were sent, and the media type of the answer."""

    items: tuple[Item, ...]
    shape: Shape
    accept: str


def read_invocation(
    content_type: str,
    accept: str,
    attributes: str,
    body: bytes,
    defaults: Parameters,
    classes: tuple[str, ...],
) -> Invocation:
    """Understand one request.

    The first three are the headers Content-Type, Accept and X-Amzn-SageMaker-Custom-Attributes, empty where not sent;
    ``classes`` are the names the model knows. What the body asks for outranks the header, which outranks ``defaults``.
    Raises InvocationError: 400 for what makes no sense, 406 and 415 for forms that do not exist.
    """
    parameters = read_attributes(attributes, defaults, classes)
    media_type = content_type.partition(";")[0].strip().lower()
    shape: Shape = "one"
    if media_type in IMAGE_TYPES:
        items: tuple[Item, ...] = (_make_item(body, "encoded", parameters),)
    elif media_type in VIDEO_TYPES:
        items, shape = (_make_item(body, "video", parameters),), "video"
    elif media_type == ARRAY_TYPE:
        items, shape = _read_array(body, parameters)
    elif media_type == JSON_TYPE:
        items, shape = _read_json(body, parameters, classes)
    elif media_type in LINES_TYPES:
        items, shape = _read_lines(body, parameters, classes), "lines"
    else:
        known = ", ".join((*IMAGE_TYPES, ARRAY_TYPE, JSON_TYPE, *LINES_TYPES))
        raise InvocationError(
            415, f"Content-Type {quote(content_type)} is not understood: send one of {known}, or a video as video/mp4"
        )
    form = choose_media_type(accept, OFFERED[shape])
    if form is None:
        sent = {"one": "one picture", "many": "several pictures", "lines": "lines", "video": "a video"}[shape]
        known = ", ".join(OFFERED[shape])
        raise InvocationError(406, f"Accept {quote(accept)}: the answer to {sent} comes as one of {known}")
    return Invocation(items, shape, form)


def _make_item(image: bytes, kind: Kind, parameters: Parameters) -> Item:
    return Item(image, kind, parameters.thresholds, masks=parameters.masks, tiles=parameters.tiles or "off")


def _read_array(body: bytes, parameters: Parameters) -> tuple[tuple[Item, ...], Shape]:
    try:
        header = read_array_header(body)
    except ImageError as error:
        raise InvocationError(400, str(error)) from None
    if len(header.shape) < 4:
        return (_make_item(body, "array", parameters),), "one"
    if header.shape[0] > MAXIMUM_IMAGES:
        raise InvocationError(400, f"the array holds {header.shape[0]} pictures: send at most {MAXIMUM_IMAGES}")
    return tuple(_make_item(picture, "array", parameters) for picture in split_stack(body, header)), "many"


def _read_json(body: bytes, parameters: Parameters, classes: tuple[str, ...]) -> tuple[tuple[Item, ...], Shape]:
    document = read_object(body, "the body")
    if ("image" in document) == ("images" in document):
        raise InvocationError(400, 'the body must hold either "image" or "images"')
    _check_keys(document, ("image", "images"))
    parameters = override(parameters, document, classes)
    if "image" in document:
        return (_make_item(_decode_base64(document["image"], "image"), "encoded", parameters),), "one"
    images = document["images"]
    if not isinstance(images, list) or not 1 <= len(images) <= MAXIMUM_IMAGES:
        raise InvocationError(400, f"images = {quote(images)}: must be a list of 1 to {MAXIMUM_IMAGES} pictures")
    found = (_decode_base64(image, f"images[{at}]") for at, image in enumerate(images))
    return tuple(_make_item(image, "encoded", parameters) for image in found), "many"


def _read_lines(body: bytes, parameters: Parameters, classes: tuple[str, ...]) -> tuple[Item, ...]:
    """One item a line, so that the answers stay in step; only empty lines at the end are no lines."""
    lines = body.rstrip().split(b"\n", MAXIMUM_LINES)
    if len(lines) > MAXIMUM_LINES:
        raise InvocationError(400, f"the body has more than {MAXIMUM_LINES} lines: send fewer at a time")
    if lines == [b""]:
        raise InvocationError(400, 'the body is empty: send lines such as {"image": "…"}')
    return tuple(_read_line(line, f"line {at}", parameters, classes) for at, line in enumerate(lines, 1))


def _read_line(line: bytes, where: str, parameters: Parameters, classes: tuple[str, ...]) -> Item:
    try:
        document = read_object(line, "the line")
        if "image" not in document:
            raise InvocationError(400, 'the line must hold "image"')
        _check_keys(document, ("image",))
        image = _decode_base64(document["image"], "image")
        return _make_item(image, "encoded", override(parameters, document, classes))
    except InvocationError as error:
        return Item(b"", "encoded", parameters.thresholds, f"{where}: {error}")


def _check_keys(document: dict[str, Any], pictures: tuple[str, ...]) -> None:
    unknown = sorted(document.keys() - {*pictures, *NAMES})
    if unknown:
        raise InvocationError(400, f"unknown key {quote(unknown[0])}: allowed are {', '.join((*pictures, *NAMES))}")


def _decode_base64(value: object, where: str) -> bytes:
    if isinstance(value, str):
        try:
            return base64.b64decode(value, validate=True)
        except (binascii.Error, ValueError):
            pass
    raise InvocationError(
        400, f'{where} = {quote(value)}: must be a picture in base64, without line breaks or "data:…," before it'
    )
