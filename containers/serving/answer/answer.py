"""Writes what was predicted in the form that was asked for: JSON, lines of JSON, CSV, an ``.npy`` array, a drawing.

Coordinates are pixels of the picture, from its upper left corner, and angles radians. In text, coordinates have two
decimals; scores, visibilities, angles and fractions of the picture's size have five.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from containers.serving.answer.table import COORDINATES, extra_columns, rows
from containers.serving.model.arrays import Floats
from containers.serving.model.detection import Detections
from containers.serving.model.manifest import Manifest
from containers.serving.model.thresholds import Thresholds
from containers.serving.request.invocation import ARRAY_TYPE, LINES_TYPES, Invocation, Item
from containers.serving.request.parameters import Masks
from containers.serving.request.refusal import InvocationError
from workflow.contract.answer_name import ANSWER_ID

if TYPE_CHECKING:
    from containers.serving.model.predictor import Prediction

PIXEL_DECIMALS = 2
FINE_DECIMALS = 5
LONGEST_JPEG_SIDE = 65_500
"""Pixels; libjpeg writes no longer one, though the format could count to 65,535."""

_encode = json.JSONEncoder(separators=(",", ":"), allow_nan=False).encode


def render(
    invocation: Invocation, predictions: Iterable[Prediction | str], manifest: Manifest, name: str
) -> tuple[bytes, str]:
    """The body of the answer and its content type, from a prediction for each item, or the error of a line.

    ``name`` is what the answer is called (AnswerName), all of its lines alike. ``predictions`` may be made one by one:
    none is kept longer than its own part of the answer needs it. Raises InvocationError (406) for the drawing of a
    picture that is too long for a JPEG.
    """
    asked = zip(invocation.items, predictions, strict=True)
    head = {ANSWER_ID: name, "model_digest": manifest.model_digest}
    if invocation.accept in LINES_TYPES:
        return "\n".join(_write_line(item, one, manifest, head) for item, one in asked).encode(), invocation.accept
    # Only a line can be an error, and lines have no other form.
    answered = ((item, one) for item, one in asked if not isinstance(one, str))
    if invocation.accept == "text/csv":
        return _write_csv([(item, _drop_masks(one)) for item, one in answered], manifest), "text/csv; charset=utf-8"
    if invocation.accept == ARRAY_TYPE:
        return _write_npy([_drop_masks(one) for _, one in answered], manifest), ARRAY_TYPE
    if invocation.accept == "image/jpeg":
        return _draw(*next(answered), manifest), "image/jpeg"
    pictures = [_describe_picture(item, one, manifest) for item, one in answered]
    found = pictures[0] if invocation.shape == "one" else {"images": pictures}
    return _encode({**head, **found}).encode(), "application/json"


def _drop_masks(one: Prediction) -> Prediction:
    """Tables have no column for masks, which hold a hundred times the memory of the rest."""
    if one.detections is None or one.detections.masks is None:
        return one
    return replace(one, detections=replace(one.detections, masks=None))


def best_classes(scores: Floats, thresholds: Thresholds) -> list[tuple[int, float]]:
    """Ids and rounded scores of a classifier's answer, best first: at most ``max_detections``, of ``classes`` only."""
    order = np.argsort(-scores, kind="stable")
    if thresholds.classes is not None:
        order = order[np.isin(order, thresholds.classes)]
    order = order[: thresholds.max_detections]
    return list(zip(order.tolist(), _round(scores[order], FINE_DECIMALS), strict=True))


def _write_line(item: Item, one: Prediction | str, manifest: Manifest, head: Mapping[str, str]) -> str:
    document = {"error": one} if isinstance(one, str) else _describe_picture(item, one, manifest)
    return _encode({**head, **document})


def _describe_picture(item: Item, one: Prediction, manifest: Manifest) -> dict[str, Any]:
    document: dict[str, Any] = {"width": one.width, "height": one.height}
    if one.class_scores is not None:
        document["classification"] = describe_classes(one.class_scores, item.thresholds, manifest.classes)
    if one.detections is not None:
        document["detections"] = describe(one.detections, one.width, one.height, manifest.classes, item.masks)
    if one.tiles:
        document["tiles"] = one.tiles
    return {**document, "timings_ms": one.timings_ms}


def describe_classes(scores: Floats, thresholds: Thresholds, names: Sequence[str]) -> list[dict[str, Any]]:
    """The classes of ``best_classes`` as they are answered."""
    best = best_classes(scores, thresholds)
    return [{"class_id": class_id, "class": names[class_id], "score": score} for class_id, score in best]


def describe(
    found: Detections, width: int, height: int, names: Sequence[str], masks: Masks = "polygons"
) -> list[dict[str, Any]]:
    """Detections as they are answered for a picture of ``width`` x ``height`` pixels, best first.

    Rounded and turned to lists all at once: number by number it would take ten times as long.
    """
    fractions = found.boxes / np.array([width, height] * 2, np.float64)
    columns = (
        found.classes.tolist(),
        _round(found.scores, FINE_DECIMALS),
        _round(found.boxes, PIXEL_DECIMALS),
        _round(fractions, FINE_DECIMALS),
    )
    documents = [
        {"class_id": class_id, "class": names[class_id], "score": score, "box": box, "box_normalised": fraction}
        for class_id, score, box, fraction in zip(*columns, strict=True)
    ]
    for name, values in _describe_extras(found, width, height, masks).items():
        for document, value in zip(documents, values, strict=True):
            document[name] = value
    return documents


def _describe_extras(found: Detections, width: int, height: int, masks: Masks) -> dict[str, list[Any]]:
    """What a task adds to its boxes, by the name it has in the answer: a value a detection."""
    extras: dict[str, list[Any]] = {}
    if found.keypoints is not None:
        points = found.keypoints.astype(np.float64)
        points[..., :2] = points[..., :2].round(PIXEL_DECIMALS)
        extras["keypoints"] = _round(points, FINE_DECIMALS)
    if found.masks is not None and masks == "polygons":
        extras["polygons"] = [[_round(part, PIXEL_DECIMALS) for part in mask.polygons()] for mask in found.masks]
    if found.masks is not None and masks == "rle":
        extras["mask"] = [mask.rle(width, height) for mask in found.masks]
    if found.corners is not None and found.angles is not None:
        extras["corners"] = _round(found.corners, PIXEL_DECIMALS)
        extras["angle"] = _round(found.angles, FINE_DECIMALS)
    return extras


def _write_csv(answered: Sequence[tuple[Item, Prediction]], manifest: Manifest) -> bytes:
    """A row a detection, or a row a class, under a row of names; quoted as RFC 4180 says, in UTF-8."""
    text = io.StringIO()
    writer = csv.writer(text)
    head = ("image", "class_id", "class", "score")
    if manifest.task == "classify":
        writer.writerow(head)
        for at, (item, one) in enumerate(answered):
            if one.class_scores is not None:
                best = best_classes(one.class_scores, item.thresholds)
                writer.writerows((at, class_id, manifest.classes[class_id], score) for class_id, score in best)
    else:
        extras = extra_columns(manifest)
        writer.writerow((*head, *COORDINATES, *extras))
        table = rows([one.detections for _, one in answered], manifest).astype(np.float64)
        fine = [5, *(7 + at for at, name in enumerate(extras) if name.startswith(("v", "a")))]
        coarse = np.setdiff1d(np.arange(table.shape[1]), fine)
        table[:, fine] = table[:, fine].round(FINE_DECIMALS)
        table[:, coarse] = table[:, coarse].round(PIXEL_DECIMALS)
        for at, left, top, right, bottom, score, class_id, *others in table.tolist():
            name = manifest.classes[int(class_id)]
            writer.writerow((int(at), int(class_id), name, score, left, top, right, bottom, *others))
    return text.getvalue().encode(errors="replace")


def _write_npy(predictions: Sequence[Prediction], manifest: Manifest) -> bytes:
    """float32: ``table.rows`` of detections, or a classifier's scores [pictures, classes]."""
    if manifest.task == "classify":
        table = np.stack([one.class_scores for one in predictions if one.class_scores is not None])
    else:
        table = rows([one.detections for one in predictions], manifest)
    stream = io.BytesIO()
    np.save(stream, table.astype(np.float32), allow_pickle=False)
    return stream.getvalue()


def _draw(item: Item, one: Prediction, manifest: Manifest) -> bytes:
    """The picture as a JPEG with everything that was seen in it."""
    from containers.serving.answer import drawing  # here, because the other forms need no OpenCV

    if one.pixels is None:
        raise ValueError("a drawing needs the pixels of the prediction")
    if max(one.width, one.height) > LONGEST_JPEG_SIDE:
        raise InvocationError(
            406, f"image/jpeg holds no picture of {one.width} x {one.height} pixels: accept application/json instead"
        )
    if one.class_scores is not None:
        best = best_classes(one.class_scores, item.thresholds)
        return drawing.encode(drawing.draw_classes(one.pixels, best, manifest.classes))
    return drawing.encode(drawing.draw_detections(one.pixels, one.detections or Detections.none(), manifest.classes))


def _round(values: NDArray[Any], decimals: int) -> list[Any]:
    """As lists of numbers; in double precision, so that 0.1 is written as 0.1."""
    rounded: list[Any] = values.astype(np.float64).round(decimals).tolist()
    return rounded
