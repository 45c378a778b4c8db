"""What a graph says of one picture, and what is seen in it when it is looked at whole and in tiles.

Knows no runtime: whoever looks says how.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from containers.serving.model.arrays import Floats, Pixels
from containers.serving.model.detection import Detections, Letterbox
from containers.serving.model.manifest import Manifest
from containers.serving.model.merging import LateError, View, merge
from containers.serving.model.tasks import decode_outputs
from containers.serving.model.thresholds import Thresholds
from workflow.contract.tiles import Tile


@dataclass(frozen=True)
class Placed:
    """How a picture lies in what was looked at, which has the ``input_size`` (height, width)."""

    letterbox: Letterbox
    input_size: tuple[int, int]

    @property
    def width(self) -> int:
        """Of the picture, in pixels."""
        return self.letterbox.picture_width

    @property
    def height(self) -> int:
        """Of the picture, in pixels."""
        return self.letterbox.picture_height


@dataclass(frozen=True)
class Inference(Placed):
    """What the graph said of one picture, or of one tile, before any threshold."""

    manifest: Manifest
    outputs: tuple[Floats, ...]
    inference_ms: float

    def detections(self, thresholds: Thresholds) -> Detections:
        """What was found, in pixels of the picture."""
        return decode_outputs(self.manifest, self.outputs, self.letterbox, thresholds)


@dataclass(frozen=True)
class Sight(Placed):
    """What a model sees in one picture, by each of the thresholds that were asked for.

    What was looked at is the model's input, or the picture itself where that was looked at in so many ``tiles`` as
    well. Times in milliseconds, of ``boxes_ms`` for each of the thresholds.
    """

    tiles: int
    found: tuple[Detections, ...]
    inference_ms: float
    boxes_ms: tuple[float, ...]


def look(
    infer: Callable[[Pixels], Inference],
    pixels: Pixels,
    tiles: Sequence[Tile],
    asked: Sequence[Thresholds],
    deadline: float,
) -> Sight:
    """The objects in ``pixels`` [height, width, colour], whole and in tiles, by each of the thresholds ``asked``.

    One view is looked at after the other, and of each no more is kept than what was found. Raises LateError where
    ``time.perf_counter()`` has passed the ``deadline`` between two of them.
    """
    height, width = pixels.shape[:2]
    inference = infer(pixels)
    letterbox, input_size, inference_ms = inference.letterbox, inference.input_size, inference.inference_ms
    boxes = [_Boxes(thresholds) for thresholds in asked]
    for each in boxes:
        each.add(Tile(0, 0, width, height), inference)
    for number, tile in enumerate(tiles):
        if time.perf_counter() > deadline:
            raise LateError(f"after {number} of {len(tiles)} tiles")
        inference = infer(pixels[tile.top : tile.top + tile.height, tile.left : tile.left + tile.width])
        inference_ms += inference.inference_ms
        for each in boxes:
            each.add(tile, inference)
    if tiles:
        letterbox, input_size = Letterbox(width, height, width, height, 0, 0), (height, width)
    found = tuple(each.merge(deadline) for each in boxes)
    return Sight(letterbox, input_size, len(tiles), found, inference_ms, tuple(each.milliseconds for each in boxes))


class _Boxes:
    """What one set of thresholds makes of every view, and how long that takes."""

    def __init__(self, thresholds: Thresholds) -> None:
        self._thresholds = thresholds
        self._views: list[View] = []
        self.milliseconds = 0.0

    def add(self, tile: Tile, inference: Inference) -> None:
        """Take what was found in a view."""
        started = time.perf_counter()
        found = inference.detections(self._thresholds)
        self._views.append(View(tile, found.move(tile.left, tile.top) if self._views else found))
        self.milliseconds += (time.perf_counter() - started) * 1000

    def merge(self, deadline: float) -> Detections:
        """What was found in all of them."""
        started = time.perf_counter()
        found = self._views[0].found if len(self._views) == 1 else merge(self._views, self._thresholds, deadline)
        self.milliseconds += (time.perf_counter() - started) * 1000
        return found
