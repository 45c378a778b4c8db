"""How alike two things are: cases worked out by hand, and ultralytics' own functions."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest

from containers.serving.evaluation.likeness import (
    COCO_SPREADS,
    keypoint_likeness,
    keypoint_spreads,
    smallest_rectangles,
    turned_overlap,
)
from containers.serving.model.oriented import corners
from containers.serving.model.overlap import overlap
from tests.containers.serving.conftest import ROOT


def test_turned_boxes_that_are_the_same_are_alike_and_far_ones_are_not() -> None:
    """A turn by a quarter of two equal sides is the same box."""
    here = corners(np.array([[50.0, 40, 30, 30, 0.7]]))
    there = corners(np.array([[50.0, 40, 30, 30, 0.7 + np.pi / 2], [500, 40, 30, 30, 0.7]]))
    found = turned_overlap(here, there)[0]
    assert found[0] > 0.999
    assert found[1] < 0.01


def test_the_smallest_rectangle_around_a_turned_box_is_the_box() -> None:
    """Whatever the order of its corners."""
    box = corners(np.array([[50, 40, 30, 10, 0.7]], np.float32))
    assert turned_overlap(box, smallest_rectangles(box[:, [2, 1, 0, 3]]))[0, 0] > 0.999


def test_keypoints_count_where_they_are_labelled() -> None:
    """One exact, one a hundred pixels off, one not labelled; an object without a label is like nothing."""
    true = np.array([[[10, 10, 2], [20, 20, 1], [0, 0, 0]], [[0, 0, 0]] * 3], float)
    found = np.array([[[10, 10, 0.9], [120, 20, 0.9], [90, 90, 0.9]]])
    box = np.array([[0, 0, 30, 30], [0, 0, 30, 30]], float)
    likeness = keypoint_likeness(found, true, box, keypoint_spreads((3, 3)))
    assert likeness[0] == pytest.approx([0.5, 0], abs=1e-3)


def test_only_coco_s_own_keypoints_have_its_spreads() -> None:
    """Seventeen points of three numbers."""
    assert keypoint_spreads((17, 3)) is COCO_SPREADS
    assert keypoint_spreads((17, 2)).tolist() == [1 / 17] * 17
    assert keypoint_spreads((4, 3)).tolist() == [0.25] * 4


@pytest.mark.training
def test_likeness_is_ultralytics(training_python: Path) -> None:
    """Boxes, turned boxes and keypoints of two sorts, all pairs of 30 and 20."""
    random = np.random.default_rng(2)
    corner, size = random.uniform(0, 100, (50, 2)), random.uniform(10, 90, (50, 2))
    boxes = np.concatenate((corner, corner + size), axis=1)
    turned = np.column_stack(
        (random.uniform(0, 100, (50, 2)), random.uniform(10, 90, (50, 2)), random.uniform(0, 3, 50))
    )
    places = corners(turned.astype(np.float32))
    given: dict[str, object] = {"boxes": boxes.tolist(), "corners": places.tolist()}
    points = {}
    for count in (17, 4):
        near = corner[:, None] + random.uniform(0, 1, (50, count, 2)) * size[:, None]
        points[count] = np.concatenate((near, random.choice([0, 2], (50, count, 1))), axis=2)
        points[count][:20, :, :2] = points[count][30:, :, :2] + random.normal(0, 4, (20, count, 2))
        given[f"keypoints{count}"] = points[count].tolist()
    program = [str(training_python), "-m", "tests.containers.serving.evaluation.ultralytics_likeness"]
    done = subprocess.run(
        program, input=json.dumps(given), capture_output=True, text=True, cwd=ROOT, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    theirs = {name: np.array(table) for name, table in json.loads(done.stdout.splitlines()[-1]).items()}
    found, true = slice(0, 30), slice(30, 50)
    assert np.allclose(overlap(boxes[found], boxes[true]), theirs["boxes"], atol=1e-5)
    ours = turned_overlap(places[found], smallest_rectangles(places[true]))
    assert np.allclose(ours, theirs["corners"], atol=1e-3)
    for count, sort in ((17, (17, 3)), (4, (4, 3))):
        alike = keypoint_likeness(points[count][found], points[count][true], boxes[true], keypoint_spreads(sort))
        assert alike.max() > 0.3
        assert np.allclose(alike, theirs[f"keypoints{count}"], atol=1e-5)
