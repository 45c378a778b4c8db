"""From the raw output of a pose graph to keypoints."""

from __future__ import annotations

import numpy as np

from containers.serving.model import pose
from containers.serving.model.detection import Detections, Letterbox
from containers.serving.model.thresholds import Thresholds

HALF = Letterbox(640, 480, 320, 240, 0, 40)
"""A picture of 640 x 480 in an input of 320 x 320."""


def decode(*candidates: tuple[float, ...], keypoints: tuple[int, int], classes: int = 1) -> Detections:
    output = np.array(candidates, np.float32).T
    return pose.decode(output, classes, keypoints, HALF, Thresholds())


def test_keypoints_are_answered_in_pixels_of_the_picture() -> None:
    """x, y and visibility of each, one after the other."""
    found = decode((100, 140, 40, 40, 0.9, 110, 130, 0.75, 90, 150, 0.25), keypoints=(2, 3))
    assert found.boxes.tolist() == [[160, 160, 240, 240]]
    assert found.keypoints is not None
    assert found.keypoints.tolist() == [[[220, 180, 0.75], [180, 220, 0.25]]]


def test_keypoints_without_visibility_are_visible() -> None:
    """A model that tells x and y alone."""
    found = decode((100, 140, 40, 40, 0.9, 110, 130, 90, 150), keypoints=(2, 2))
    assert found.keypoints is not None
    assert found.keypoints.tolist() == [[[220, 180, 1], [180, 220, 1]]]


def test_a_keypoint_beside_the_picture_moves_to_its_edge() -> None:
    """Above it lies the border of the input, and right of it nothing."""
    found = decode((100, 140, 40, 40, 0.9, 330, 20, 1), keypoints=(1, 3))
    assert found.keypoints is not None
    assert found.keypoints[0, 0].tolist() == [640, 0, 1]


def test_keypoints_stay_with_their_object() -> None:
    """The better comes first, with its own points; the one it covers goes with its points; classes are no points."""
    found = decode(
        (100, 140, 40, 40, 0, 0.6, 1, 41),
        (200, 140, 40, 40, 0.9, 0, 2, 42),
        (101, 140, 40, 40, 0, 0.5, 3, 43),
        keypoints=(1, 2),
        classes=2,
    )
    assert found.keypoints is not None
    assert found.keypoints[:, 0, :2].tolist() == [[4, 4], [2, 2]]


def test_an_object_with_a_keypoint_of_no_number_is_left_out() -> None:
    """NaN never reaches an answer."""
    found = decode((100, 140, 40, 40, 0.9, np.nan, 41, 1), (200, 140, 40, 40, 0.8, 2, 42, np.inf), keypoints=(1, 3))
    assert len(found) == 0


def test_nothing_found_has_no_keypoints() -> None:
    """But says how many an object would have."""
    found = decode((100, 140, 40, 40, 0.1, 1, 41, 1), keypoints=(1, 3))
    assert found.keypoints is not None
    assert found.keypoints.shape == (0, 1, 3)
