"""Reads the pictures of files: of held-out ones, and of what production was asked, in every form it may be asked in."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from containers.serving.model.arrays import Pixels
from containers.serving.model.image import decode_array, decode_image, read_as_sent
from containers.serving.model.image_header import ImageError
from containers.serving.model.thresholds import Thresholds
from containers.serving.request.invocation import ARRAY_TYPE, JSON_TYPE, LINES_TYPES, InvocationError, read_invocation
from containers.serving.request.parameters import Parameters
from workflow.contract.model import MAXIMUM_DETECTIONS

Read = Callable[[Path], list[Pixels]]
"""The pictures of a file, each [height, width, blue-green-red]. Raises UnreadableError."""


class UnreadableError(ValueError):
    """A file holds no picture: says why."""


def read_held_out(path: Path) -> list[Pixels]:
    """The picture as a client would send it."""
    try:
        return [decode_image(read_as_sent(path))]
    except ImageError as error:
        raise UnreadableError(str(error)) from None


def captured_reader(classes: tuple[str, ...]) -> Read:
    """Reads the pictures of one request, by the name that was given to its body: a picture, an array, JSON of several.

    ``classes`` are the model's, which a request may name.
    """

    def of_request(content_type: str, body: bytes) -> list[Pixels]:
        asked = Parameters(Thresholds(), most=MAXIMUM_DETECTIONS)
        items = read_invocation(content_type, "", "", body, asked, classes).items
        known = [item for item in items if item.error is None]
        if not known:
            raise UnreadableError(str(items[0].error) if items else "nothing was sent")
        return [decode_array(item.image) if item.kind == "array" else decode_image(item.image) for item in known]

    def read(path: Path) -> list[Pixels]:
        body = path.read_bytes()
        try:
            if path.name.endswith(".npy"):
                return of_request(ARRAY_TYPE, body)
            if not path.name.endswith(".request.json"):
                return [decode_image(body)]
            try:
                return of_request(JSON_TYPE, body)
            except InvocationError:
                return of_request(LINES_TYPES[0], body)
        except (ImageError, InvocationError) as error:
            raise UnreadableError(str(error)) from None

    return read
