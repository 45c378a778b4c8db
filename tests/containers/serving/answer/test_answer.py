"""The forms of an answer, from predictions whose numbers are known."""

from __future__ import annotations

import csv
import io
import json
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from containers.serving.answer.answer import render
from containers.serving.model.detection import Detections
from containers.serving.model.manifest import Manifest
from containers.serving.model.mask import Mask
from containers.serving.model.thresholds import Thresholds
from containers.serving.request.invocation import Invocation, Item

NAMES = ("bolt", 'cap "nut", 7 mm', "größe")
DIGEST = "d" * 64
NAME = "20261130T120001-dddddddddddd-00000000000000ff"
BOXES = np.array([[10.126, 20, 30, 40.004], [0, 0, 0.1, 200]], np.float32)
FOUND = Detections(BOXES, np.array([0.9312349, 0.25], np.float32), np.array([1, 2]))
NOTHING = Detections.none()
TIMES = {"decode": 2.61, "inference": 15.2}


class Outline(Mask):
    """A mask of known form, kept as its only logit; a real one needs OpenCV to find it."""

    def __init__(self, corner: float) -> None:
        super().__init__(0, 0, 1, 1, np.array([[corner]], np.float32), (0.0, 0.0), (1.0, 1.0))

    def polygons(self) -> list[np.ndarray]:
        return [np.array([[self.logits[0, 0], 2], [3.14159, 4], [5, 6]], np.float32)]

    def rle(self, width: int, height: int) -> dict[str, object]:
        return {"size": [height, width], "counts": "0"}


POSES = Detections(
    BOXES, FOUND.scores, FOUND.classes, keypoints=np.arange(12, dtype=np.float32).reshape(2, 2, 3) / np.float32(7)
)
MASKED = Detections(BOXES, FOUND.scores, FOUND.classes, masks=(Outline(0.1), Outline(7)))
TURNED = Detections(
    BOXES,
    FOUND.scores,
    FOUND.classes,
    corners=np.arange(16, dtype=np.float32).reshape(2, 4, 2) / np.float32(7),
    angles=np.array([0.1234567, -1], np.float32),
)


def model(task: str = "detect", keypoints: tuple[int, int] | None = None) -> Manifest:
    return Manifest(NAMES, 640, 640, DIGEST, task=task, keypoints=keypoints)


def seen(found: Detections | None = FOUND, scores: list[float] | None = None, tiles: int = 0) -> Any:
    """A prediction for a picture of 100 x 200 pixels."""
    class_scores = None if scores is None else np.array(scores, np.float32)
    detections = None if scores is not None else found
    said = {"detections": detections, "class_scores": class_scores, "tiles": tiles}
    return SimpleNamespace(width=100, height=200, timings_ms=TIMES, **said)


def answer(
    *predictions: Any, accept: str = "application/json", manifest: Manifest | None = None, **options: Any
) -> Any:
    """The body of the answer to one picture, or to as many as were seen: JSON read, everything else as bytes."""
    shape = options.pop("shape", "one" if len(predictions) == 1 else "many")
    item = Item(b"", "encoded", options.pop("thresholds", Thresholds()), **options)
    asked = Invocation((item,) * len(predictions), shape, accept)
    body, content_type = render(asked, predictions, manifest or model(), NAME)
    assert content_type.startswith(accept)
    return json.loads(body) if accept == "application/json" else body


def test_json_names_every_detection_with_its_box_in_pixels_and_in_fractions() -> None:
    """Rounded to what a box is good for, in the order of the scores, with the model that saw it."""
    assert answer(seen()) == {
        "inference_id": NAME,
        "model_digest": DIGEST,
        "width": 100,
        "height": 200,
        "detections": [
            {
                "class_id": 1,
                "class": 'cap "nut", 7 mm',
                "score": 0.93123,
                "box": [10.13, 20, 30, 40],
                "box_normalised": [0.10126, 0.1, 0.3, 0.20002],
            },
            {
                "class_id": 2,
                "class": "größe",
                "score": 0.25,
                "box": [0, 0, 0.1, 200],
                "box_normalised": [0, 0, 0.001, 1],
            },
        ],
        "timings_ms": TIMES,
    }


def test_a_list_is_answered_by_a_list() -> None:
    """Under one digest, in the order sent; a picture without anything in it has an empty list."""
    found = answer(seen(), seen(NOTHING))
    assert (found["model_digest"], sorted(found)) == (DIGEST, ["images", "inference_id", "model_digest"])
    assert [len(image["detections"]) for image in found["images"]] == [2, 0]
    assert answer(seen(), shape="many")["images"] == found["images"][:1]


@pytest.mark.parametrize("accept", ["application/jsonlines", "application/x-ndjson"])
def test_each_line_is_answered_by_a_line_of_its_own(accept: str) -> None:
    """With the digest on each; the error of a line stands where its answer would."""
    lines = answer(seen(), "line 2: the line is not JSON", seen(NOTHING), accept=accept, shape="lines").split(b"\n")
    first, second, third = map(json.loads, lines)
    assert first == answer(seen())
    assert second == {"inference_id": NAME, "model_digest": DIGEST, "error": "line 2: the line is not JSON"}
    assert third["detections"] == []


def test_keypoints_are_told_as_points_with_their_visibility() -> None:
    """Coordinates with two decimals, visibility with five."""
    found = answer(seen(POSES), manifest=model("pose", (2, 3)))
    assert found["detections"][1]["keypoints"] == [[0.86, 1, 1.14286], [1.29, 1.43, 1.57143]]


def test_masks_are_told_in_the_form_asked_for() -> None:
    """As outlines in pixels, as COCO's run lengths, or not at all."""
    masked = seen(MASKED)
    outlines, lengths, nothing = (
        answer(masked, manifest=model("segment"), masks=form)["detections"][0] for form in ("polygons", "rle", "none")
    )
    assert outlines["polygons"] == [[[0.1, 2], [3.14, 4], [5, 6]]]
    assert lengths["mask"] == {"size": [200, 100], "counts": "0"}
    assert ["polygons" in one or "mask" in one for one in (outlines, lengths, nothing)] == [True, True, False]
    assert ("mask" in outlines, "polygons" in lengths) == (False, False)


def test_a_turned_box_is_told_by_corners_and_angle() -> None:
    """Beside the upright box around it."""
    first = answer(seen(TURNED), manifest=model("obb"))["detections"][0]
    assert (first["corners"], first["angle"]) == ([[0, 0.14], [0.29, 0.43], [0.57, 0.71], [0.86, 1]], 0.12346)


@pytest.mark.parametrize(
    ("thresholds", "ids"),
    [
        (Thresholds(), [1, 0, 2]),
        (Thresholds(max_detections=2), [1, 0]),
        (Thresholds(classes=(0, 2)), [0, 2]),
        (Thresholds(confidence=0.99), [1, 0, 2]),
    ],
    ids=repr,
)
def test_a_classifier_names_its_best_classes(thresholds: Thresholds, ids: list[int]) -> None:
    """Best first, as many and of those asked for, whatever their scores."""
    found = answer(seen(scores=[0.2, 0.7123456, 0.1]), manifest=model("classify"), thresholds=thresholds)
    assert [one["class_id"] for one in found["classification"]] == ids
    scores = {one["class"]: one["score"] for one in found["classification"]}
    assert scores.items() <= {"bolt": 0.2, 'cap "nut", 7 mm': 0.71235, "größe": 0.1}.items()
    assert "detections" not in found


def table(*predictions: Any, **options: Any) -> list[list[str]]:
    text = answer(*predictions, accept="text/csv", **options).decode()
    assert text.count("\n") == text.count("\r\n"), "RFC 4180 ends a row with both"
    return list(csv.reader(io.StringIO(text, newline="")))


def test_csv_has_a_row_a_detection_under_its_columns() -> None:
    """The number of the picture first; names with quotes, commas and letters beyond ASCII arrive as they are."""
    head = ["image", "class_id", "class", "score", "left", "top", "right", "bottom"]
    rows = [
        ["1", "1", 'cap "nut", 7 mm', "0.93123", "10.13", "20.0", "30.0", "40.0"],
        ["1", "2", "größe", "0.25", "0.0", "0.0", "0.1", "200.0"],
    ]
    assert table(seen(NOTHING), seen()) == [head, *rows]
    assert table(seen(NOTHING)) == [head]


def test_csv_of_a_task_has_its_columns_after_the_box() -> None:
    """The same ones where nothing was found."""
    pose, turned = model("pose", (2, 2)), model("obb")
    points = table(seen(POSES), manifest=pose)
    corners = table(seen(TURNED), manifest=turned)
    assert points[0][8:] == ["x0", "y0", "v0", "x1", "y1", "v1"]
    assert points[2][8:] == ["0.86", "1.0", "1.14286", "1.29", "1.43", "1.57143"]
    assert corners[0][8:] == ["x0", "y0", "x1", "y1", "x2", "y2", "x3", "y3", "angle"]
    assert corners[1][8:] == ["0.0", "0.14", "0.29", "0.43", "0.57", "0.71", "0.86", "1.0", "0.12346"]
    assert table(seen(NOTHING), manifest=pose) == points[:1]
    assert table(seen(NOTHING), manifest=turned) == corners[:1]


def test_csv_of_a_classifier_has_a_row_a_class() -> None:
    """Best first within each picture."""
    two = table(
        *[seen(scores=[0.2, 0.7, 0.1])] * 2, manifest=model("classify"), thresholds=Thresholds(max_detections=1)
    )
    assert two == [["image", "class_id", "class", "score"], *([at, "1", 'cap "nut", 7 mm', "0.7"] for at in "01")]


def array(*predictions: Any, **options: Any) -> np.ndarray:
    return np.load(io.BytesIO(answer(*predictions, accept="application/x-npy", **options)), allow_pickle=False)


def test_an_array_has_a_row_a_detection_in_full_precision() -> None:
    """Picture, box, score, class, and what a task adds; no detection is no row of the same width."""
    found = array(seen(NOTHING), seen())
    assert found.dtype == np.float32
    assert np.array_equal(found[:, 1:5], BOXES)
    assert np.array_equal(found[:, [0, 6]], [[1, 1], [1, 2]])
    assert np.array_equal(found[:, 5], FOUND.scores)
    assert array(seen(NOTHING)).shape == (0, 7)
    posed, turned = model("pose", (2, 3)), model("obb")
    assert np.array_equal(array(seen(POSES), manifest=posed)[:, 7:], np.asarray(POSES.keypoints).reshape(2, 6))
    assert np.array_equal(array(seen(TURNED), manifest=turned)[:, 7:15], np.asarray(TURNED.corners).reshape(2, 8))
    assert np.array_equal(array(seen(TURNED), manifest=turned)[:, 15], np.asarray(TURNED.angles))
    assert array(seen(NOTHING), manifest=turned).shape == (0, 16)


def test_an_array_of_a_classifier_is_its_scores() -> None:
    """All of them: a row a picture, a column a class."""
    scores: list[list[float]] = [[0.2, 0.7, 0.1], [1, 0, 0]]
    found = array(*[seen(scores=one) for one in scores], manifest=model("classify"), thresholds=Thresholds(0.5))
    assert np.array_equal(found, np.array(scores, np.float32))


@given(st.lists(st.floats(0, 65_535, width=32), min_size=1, max_size=20))
def test_a_coordinate_is_written_with_two_decimals_and_never_more(sides: list[float]) -> None:
    """No 12.340000152587890625: what is written is the nearest hundredth."""
    boxes = np.array([[side] * 4 for side in sides], np.float32)
    found = Detections(boxes, np.ones(len(sides), np.float32), np.zeros(len(sides), np.int64))
    for one, side in zip(answer(seen(found))["detections"], boxes[:, 0].tolist(), strict=True):
        assert one["box"] == [round(one["box"][0], 2)] * 4
        assert abs(one["box"][0] - side) <= 0.005000001
