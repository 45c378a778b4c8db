"""Reads the pictures of files: of held-out ones, and of what production was asked, in every form it may be asked in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from containers.serving.model.arrays import Pixels
from containers.serving.model.image import decode_array, decode_image, read_as_sent
from containers.serving.model.image_header import ImageError
from containers.serving.model.thresholds import Thresholds
from containers.serving.request.invocation import (
    ARRAY_TYPE,
    JSON_TYPE,
    LINES_TYPES,
    InvocationError,
    Item,
    read_invocation,
)
from containers.serving.request.parameters import Parameters
from workflow.contract.model import MAXIMUM_DETECTIONS

Read = Callable[[Path], Iterator[Pixels]]
"""The pictures of a file, each [height, width, blue-green-red], one after the other: a request of a few kilobytes may
hold more of them than fit the memory at one time. Raises UnreadableError.
"""


class UnreadableError(ValueError):
    """A file holds no picture: says why."""


def read_held_out(path: Path) -> Iterator[Pixels]:
    """The picture as a client would send it."""
    try:
        yield decode_image(read_as_sent(path))
    except ImageError as error:
        raise UnreadableError(str(error)) from None


def captured_reader(classes: tuple[str, ...]) -> Read:
    """Reads the pictures of one request, by the name that was given to its body: a picture, an array, JSON of several.

    ``classes`` are the model's, which a request may name.
    """

    def items_of(content_type: str, body: bytes) -> list[Item]:
        asked = Parameters(Thresholds(), most=MAXIMUM_DETECTIONS)
        items = read_invocation(content_type, "", "", body, asked, classes).items
        known = [item for item in items if item.error is None]
        if not known:
            raise UnreadableError(str(items[0].error) if items else "nothing was sent")
        return known

    def items_in(path: Path, body: bytes) -> list[Item]:
        if path.name.endswith(".npy"):
            return items_of(ARRAY_TYPE, body)
        try:
            return items_of(JSON_TYPE, body)
        except InvocationError:
            return items_of(LINES_TYPES[0], body)

    def read(path: Path) -> Iterator[Pixels]:
        body = path.read_bytes()
        try:
            if not path.name.endswith((".npy", ".request.json")):
                yield decode_image(body)
                return
            for item in items_in(path, body):
                yield decode_array(item.image) if item.kind == "array" else decode_image(item.image)
        except (ImageError, InvocationError) as error:
            raise UnreadableError(str(error)) from None

    return read
