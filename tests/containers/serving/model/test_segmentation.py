"""From the raw outputs of a segmentation graph to masks."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from containers.serving.model import segmentation
from containers.serving.model.detection import Detections, Letterbox
from containers.serving.model.thresholds import Thresholds

PLAIN = Letterbox(64, 32, 64, 32, 0, 0)
"""A picture of 64 x 32 that fills its input: 16 x 8 prototypes."""
RIGHT = np.broadcast_to(np.arange(16) - 7.5, (8, 16))
"""A prototype that is positive right of the middle, x = 32."""
BELOW = np.broadcast_to(np.arange(8)[:, None] - 3.5, (8, 16))
"""A prototype that is positive below y = 16."""


def decode(*candidates: tuple[float, ...], place: Letterbox = PLAIN) -> Detections:
    """Candidates of one class and two weights, of ``RIGHT`` and of ``BELOW``."""
    prototypes = np.stack((RIGHT, BELOW)).astype(np.float32)
    return segmentation.decode(np.array(candidates, np.float32).T, prototypes, 1, place, Thresholds())


def painted(found: Detections, width: int, height: int) -> list[np.ndarray]:
    """Each mask in the whole picture."""
    assert found.masks is not None
    wholes = []
    for mask in found.masks:
        whole = np.zeros((height, width), bool)
        whole[mask.top : mask.top + mask.height, mask.left : mask.left + mask.width] = mask.pixels
        wholes.append(whole)
    return wholes


def test_a_mask_is_the_weighed_prototypes_within_the_box() -> None:
    """Right of the middle; then what is not below the middle, in another box."""
    found = decode((32, 16, 20, 10, 0.9, 1, 0), (10, 16, 8, 20, 0.8, 0, -2))
    right, above = painted(found, 64, 32)
    expected = np.zeros((2, 32, 64), bool)
    expected[0, 11:21, 32:42] = True
    expected[1, 6:16, 6:14] = True
    assert np.array_equal(right, expected[0])
    assert np.array_equal(above, expected[1])


def test_a_pixel_belongs_to_the_box_that_it_begins_in() -> None:
    """From 11.5 to 20.25 these are the rows 12 to 20."""
    (mask,) = decode((48, 15.875, 10.5, 8.75, 0.9, 1, 0)).masks or ()
    assert (mask.left, mask.top, mask.width, mask.height) == (43, 12, 11, 9)


def test_masks_lie_in_pixels_of_the_picture() -> None:
    """A picture of 160 x 40 at 0.4 of its size, with a border of 8 above and below: x = 32 of the input is its 80."""
    place = Letterbox.fit(160, 40, 64, 32)
    assert (place.left, place.top) == (0, 8)
    (whole,) = painted(decode((32, 16, 20, 60, 0.9, 1, 0), place=place), 160, 40)
    expected = np.zeros((40, 160), bool)
    expected[:, 80:105] = True
    assert np.array_equal(whole, expected)


def test_the_border_of_the_input_does_not_reach_into_the_picture() -> None:
    """What the prototypes say of the grey above is nothing to the picture's first rows."""
    prototypes = np.full((1, 8, 16), 1, np.float32)
    prototypes[:, :2] = -100
    output = np.array([[32, 16, 60, 30, 0.9, 1]], np.float32).T
    place = Letterbox.fit(160, 40, 64, 32)
    (mask,) = segmentation.decode(output, prototypes, 1, place, Thresholds()).masks or ()
    assert (mask.top, mask.height) == (0, 40)
    assert mask.pixels.all()


def test_a_detection_without_a_pixel_of_mask_is_left_out() -> None:
    """Left of the middle nothing is right of it; and a box beside the picture has no pixel."""
    found = decode((10, 16, 8, 8, 0.9, 1, 0), (50, 16, 8, 8, 0.8, 1, 0), (70, 16, 8, 8, 0.7, 1, 0))
    assert np.allclose(found.scores, [0.8])
    assert len(painted(found, 64, 32)) == 1


@pytest.mark.parametrize("weight", [np.nan, np.inf])
def test_a_weight_of_no_number_leaves_its_detection_out(weight: float) -> None:
    """And no other."""
    assert np.allclose(decode((50, 16, 8, 8, 0.9, weight, 0), (40, 16, 8, 8, 0.8, 1, 0)).scores, [0.8])


def test_nothing_found_has_no_masks() -> None:
    """But is an answer of a model that gives masks."""
    assert decode((50, 16, 8, 8, 0.1, 1, 0)).masks == ()


def test_300_masks_of_a_50_megapixel_picture_stay_below_200_megabytes() -> None:
    """Each fills the picture: 15 GB of pixels, of which those of one mask are held at a time."""
    width, height = 8660, 5774
    place = Letterbox.fit(width, height, 640, 448)
    random = np.random.default_rng(5)
    output = np.zeros((4 + 1 + 32, 5880), np.float32)
    output[:4] = np.array([[320, 224, 700, 500]]).T
    output[4, :300] = np.linspace(0.9, 0.5, 300)
    output[5:] = random.normal(0, 1, (32, 5880))
    prototypes = random.normal(0, 1, (32, 112, 160)).astype(np.float32)
    tracemalloc.start()
    try:
        found = segmentation.decode(output, prototypes, 1, place, Thresholds(iou=1))
        assert found.masks is not None
        assert len(found.masks) == 300
        assert found.masks[0].pixels.shape == (height, width)
        assert found.masks[-1].rle(width, height)["size"] == [height, width]
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 200e6
