"""A picture is looked at whole and in tiles, one view after the other."""

from __future__ import annotations

import math

import numpy as np
import pytest

from containers.serving.model.arrays import Pixels
from containers.serving.model.detection import Letterbox
from containers.serving.model.manifest import Manifest
from containers.serving.model.merging import LateError
from containers.serving.model.sight import Inference, look
from containers.serving.model.thresholds import Thresholds
from workflow.contract.tiles import cut

MANIFEST = Manifest(("bright",), 64, 64, "d" * 64)
BRIGHT = (30, 70)
"""Row and column of the one pixel that is bright."""


def picture() -> Pixels:
    pixels = np.zeros((64, 112, 3), np.uint8)
    pixels[BRIGHT] = 255
    return pixels


class Eye:
    """Finds a bright pixel in what it is shown, where that is no larger than its input; each look takes 10 ms."""

    def __init__(self) -> None:
        self.shown: list[tuple[int, int]] = []

    def __call__(self, pixels: Pixels) -> Inference:
        height, width = pixels.shape[:2]
        self.shown.append((width, height))
        rows, columns = np.nonzero(pixels[..., 0]) if width <= 64 else ((), ())
        output = np.zeros((1, 5, len(rows)), np.float32)
        output[0] = [columns, rows, [4.0] * len(rows), [4.0] * len(rows), [0.5] * len(rows)]
        return Inference(Letterbox.fit(width, height, width, height), (height, width), MANIFEST, (output,), 10.0)


def test_what_a_tile_shows_is_found_in_pixels_of_the_picture() -> None:
    """Whole first, then both tiles, each in full resolution; the time is that of all three."""
    eye = Eye()
    sight = look(eye, picture(), cut(112, 64, 64, 64), (Thresholds(), Thresholds(0.6)), math.inf)
    assert eye.shown == [(112, 64), (64, 64), (64, 64)]
    assert sight.found[0].boxes.tolist() == [[68, 28, 72, 32]]
    assert len(sight.found[1]) == 0
    assert (sight.width, sight.height, sight.tiles, sight.inference_ms) == (112, 64, 2, 30)
    assert len(sight.boxes_ms) == 2


def test_without_tiles_the_one_look_is_all() -> None:
    """As it lay in the input."""
    sight = look(Eye(), picture()[:, :64], (), (Thresholds(),), math.inf)
    assert (sight.tiles, sight.inference_ms, sight.input_size) == (0, 10, (64, 64))


def test_looking_ends_where_the_time_is_over() -> None:
    """Between two tiles, and it says how far it came."""
    eye = Eye()
    with pytest.raises(LateError, match="after 0 of 2 tiles"):
        look(eye, picture(), cut(112, 64, 64, 64), (Thresholds(),), 0.0)
    assert len(eye.shown) == 1
