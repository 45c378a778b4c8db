"""The same predictions, measured by pycocotools: boxes and keypoints.

COCO and ultralytics match alike but take different areas under the curve: COCO takes at each recall the precision of
the next object found, ultralytics the line between two. ``metrics.json`` holds ultralytics' figure. So COCO's area is
taken here of our own matches, and that must be COCO's figure; how far the two areas are apart is told below.
"""

from __future__ import annotations

import contextlib
import io
from typing import Any

import numpy as np
import pytest

from containers.serving.evaluation.average_precision import RECALLS, Matches, average_precision, match
from containers.serving.evaluation.likeness import keypoint_likeness, keypoint_spreads
from containers.serving.model.overlap import overlap

coco = pytest.importorskip("pycocotools.coco", reason="pycocotools is not installed: pip install -e .[dev]")
cocoeval = pytest.importorskip("pycocotools.cocoeval")

CLASSES, PICTURES, SPREADS = 3, 40, keypoint_spreads((17, 3))
Scene = dict[str, np.ndarray]


def scene(random: np.random.Generator) -> Scene:
    """Objects of a picture, and detections: most near an object, some of another class, some anywhere."""
    objects, found = int(random.integers(0, 9)), 30
    corner, size = random.uniform(0, 300, (objects, 2)), random.uniform(20, 160, (objects, 2))
    true = np.concatenate((corner, corner + size), axis=1)
    points = corner[:, None] + random.uniform(0, 1, (objects, 17, 2)) * size[:, None]
    labelled = random.choice([1, 2], (objects, 17))
    classes = random.integers(0, CLASSES, objects)
    start = random.uniform(0, 300, (found, 2))
    boxes = np.concatenate((start, start + random.uniform(20, 160, (found, 2))), axis=1)
    keypoints, guesses = random.uniform(0, 300, (found, 17, 2)), random.integers(0, CLASSES, found)
    near = random.integers(0, objects, 24) if objects else np.zeros(0, int)
    boxes[: len(near)] = true[near] + random.normal(0, 6, (len(near), 4))
    keypoints[: len(near)] = points[near] + random.normal(0, 5, (len(near), 17, 2))
    guesses[: len(near)] = np.where(random.random(len(near)) < 0.8, classes[near], guesses[: len(near)])
    return {
        "true": true,
        "true_classes": classes,
        "true_points": np.concatenate((points, labelled[..., None]), axis=2),
        "boxes": boxes,
        "classes": guesses,
        "points": np.concatenate((keypoints, np.ones((found, 17, 1))), axis=2),
        "scores": np.sort(random.random(found))[::-1],
    }


@pytest.fixture(scope="module")
def scenes() -> list[Scene]:
    random = np.random.default_rng(11)
    return [scene(random) for _ in range(PICTURES)]


def matched(scenes: list[Scene], kind: str) -> Matches:
    """Our own matches of boxes or keypoints."""
    right = []
    for one in scenes:
        alike = (
            overlap(one["boxes"], one["true"])
            if kind == "bbox"
            else keypoint_likeness(one["points"], one["true_points"], one["true"], SPREADS)
        )
        right.append(match(alike, one["classes"], one["true_classes"]) >= 0)
    return Matches(
        right=np.concatenate(right),
        scores=np.concatenate([one["scores"] for one in scenes]),
        classes=np.concatenate([one["classes"] for one in scenes]),
        pictures=np.repeat(np.arange(PICTURES), [len(one["scores"]) for one in scenes]),
        true_classes=np.concatenate([one["true_classes"] for one in scenes]),
        true_pictures=np.repeat(np.arange(PICTURES), [len(one["true_classes"]) for one in scenes]),
    )


def cocos_area(matches: Matches) -> float:
    """COCO's mean average precision of our matches: at each of 101 recalls the best precision from there on."""
    values = []
    for class_id in range(CLASSES):
        right, _, true = matches.of_class(class_id)
        for level in right.T:
            found = level.cumsum()
            falling = np.maximum.accumulate((found / np.arange(1, len(level) + 1))[::-1])[::-1]
            at = np.searchsorted(found / len(true), RECALLS, side="left")
            values.append(np.where(at < len(falling), falling[at.clip(0, len(falling) - 1)], 0).mean())
    return float(np.mean(values))


def theirs(scenes: list[Scene], kind: str) -> float:
    """What pycocotools says: mean average precision over all overlaps, any size, up to 300 detections a picture."""
    truth: list[dict[str, Any]] = []
    found: list[dict[str, Any]] = []
    for image, one in enumerate(scenes, 1):
        for box, class_id, points in zip(one["true"], one["true_classes"], one["true_points"], strict=True):
            left, top, right, bottom = box.tolist()
            width, height = right - left, bottom - top
            about = {"id": len(truth) + 1, "iscrowd": 0, "area": width * height * (0.53 if kind != "bbox" else 1)}
            known = {"image_id": image, "category_id": int(class_id) + 1, "bbox": [left, top, width, height]}
            truth.append({**about, **known, "keypoints": points.ravel().tolist(), "num_keypoints": 17})
        for box, class_id, points, score in zip(
            *(one[key] for key in ("boxes", "classes", "points", "scores")), strict=True
        ):
            left, top, right, bottom = box.tolist()
            known = {"image_id": image, "category_id": int(class_id) + 1, "score": float(score)}
            if kind == "bbox":
                found.append({**known, "bbox": [left, top, right - left, bottom - top]})
            else:
                found.append({**known, "keypoints": points.ravel().tolist()})
    with contextlib.redirect_stdout(io.StringIO()):
        labelled = coco.COCO()
        labelled.dataset = {
            "info": {},
            "images": [{"id": at + 1, "width": 460, "height": 460} for at in range(PICTURES)],
            "annotations": truth,
            "categories": [{"id": at + 1, "name": str(at)} for at in range(CLASSES)],
        }
        labelled.createIndex()
        evaluation = cocoeval.COCOeval(labelled, labelled.loadRes(found), kind)
        evaluation.params.maxDets = [300]
        evaluation.params.areaRng, evaluation.params.areaRngLbl = [[0, 1e10]], ["all"]
        evaluation.evaluate()
        evaluation.accumulate()
    return float(evaluation.eval["precision"].mean())


@pytest.mark.parametrize("kind", ["bbox", "keypoints"])
def test_the_same_matches_give_cocos_figure_by_cocos_rule(scenes: list[Scene], kind: str) -> None:
    """Within 0.001; what differs is a tie in the last digit, if anything."""
    expected = theirs(scenes, kind)
    assert 0.05 < expected < 0.9
    assert cocos_area(matched(scenes, kind)) == pytest.approx(expected, abs=0.001)


@pytest.mark.parametrize("kind", ["bbox", "keypoints"])
def test_ultralytics_area_is_another_by_little_where_objects_are_many(scenes: list[Scene], kind: str) -> None:
    """Some fifty objects a class: less than 0.005 apart."""
    matches = matched(scenes, kind)
    ours = float(average_precision(matches, CLASSES, np.ones((PICTURES, 1))).mean())
    assert ours == pytest.approx(theirs(scenes, kind), abs=0.005)
