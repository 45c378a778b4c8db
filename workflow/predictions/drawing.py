"""Draws on a picture what an endpoint saw in it: boxes, turned boxes, outlines, key points, or the best classes.

Knows the answer of an endpoint and no endpoint.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from workflow.errors import PictureError
from workflow.marks.colours import RIM, Colour, colour_of
from workflow.marks.labels import Label, Sizes
from workflow.marks.places import place_labels
from workflow.predictions.prediction import Prediction

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageDraw import ImageDraw

VISIBLE = 0.5
"""From which visibility a key point is drawn."""
BEST = 5
"""Classes of a sorted picture that are written on it."""
_VEIL = 80
"""Opacity of the inside of an outline, of 255."""


class Canvas:
    """A picture being drawn on, with lines and letters of a size that suits it."""

    def __init__(self, image: Image) -> None:
        """Draw on ``image``, which is RGB."""
        from PIL import ImageDraw

        self.image = image
        self.draw: ImageDraw.ImageDraw = ImageDraw.Draw(image, "RGBA")
        self.sizes = Sizes.of(*image.size)

    def label(self, item: Mapping[str, Any]) -> Label:
        """The label of a detection or of a class."""
        return Label(int(item["class_id"]), str(item["class"]), float(item["score"]), self.sizes, self.image.width)

    def paste(self, label: Label, place: tuple[int, int]) -> None:
        """Put a label with its left and top at ``place``."""
        from PIL import Image

        self.image.paste(Image.fromarray(label.tile()), place)

    def outline(self, points: list[tuple[float, float]], colour: Colour, veil: bool) -> None:
        """A closed line within a dark rim; a ``veil`` of its colour lies over what it holds."""
        if veil and len(points) > 2:
            self.draw.polygon(points, fill=(*colour, _VEIL))
        for ink, thick in ((RIM, self.sizes.line + 2 * self.sizes.rim), (colour, self.sizes.line)):
            self.draw.line([*points, points[0]], fill=ink, width=thick, joint="curve")

    def dot(self, x: float, y: float, colour: Colour) -> None:
        """A key point."""
        for ink, size in ((RIM, 1.5 * self.sizes.line + self.sizes.rim), (colour, 1.5 * self.sizes.line)):
            self.draw.ellipse((x - size, y - size, x + size, y + size), fill=ink)


def open_picture(file: Path, content: bytes) -> Image:
    """The picture as it is shown: upright, RGB. Raises PictureError where it cannot be read."""
    from PIL import Image, ImageOps, UnidentifiedImageError

    try:
        with Image.open(io.BytesIO(content)) as image:
            return in_eight_bits(ImageOps.exif_transpose(image)).convert("RGB")
    except UnidentifiedImageError as error:
        raise PictureError(file, "is no picture that can be read") from error
    # Of a broken file, Pillow's readers raise whatever their parsing comes upon.
    except Exception as error:
        raise PictureError(file, f"is no picture that can be read ({error})") from error


def in_eight_bits(image: Image) -> Image:
    """Grey of 16 bits by its upper 8, as an endpoint sees it: Pillow would make white of nearly all of it."""
    if not image.mode.startswith("I;16"):
        return image
    return image.convert("I").point(lambda level: level / 256).convert("L")


def draw(prediction: Prediction, target: Path) -> None:
    """Write the picture with what was seen in it to ``target``, in the format of its name.

    Raises PictureError where the picture cannot be read, OSError where the drawing cannot be written.
    """
    canvas = Canvas(open_picture(prediction.file, prediction.file.read_bytes()))
    if prediction.classification is not None:
        top = 0
        for label in map(canvas.label, prediction.classification[:BEST]):
            canvas.paste(label, (0, top))
            top += label.size[1]
    # The best last, so that nothing lies over it, and the labels after all else.
    for item in reversed(prediction.detections):
        _draw_detection(canvas, item)
    _draw_labels(canvas, prediction.detections)
    target.parent.mkdir(parents=True, exist_ok=True)
    canvas.image.save(target, quality=95)


def _draw_detection(canvas: Canvas, item: Mapping[str, Any]) -> None:
    colour = colour_of(int(item["class_id"]))
    left, top, right, bottom = (float(value) for value in item["box"])
    for polygon in item.get("polygons", ()):
        canvas.outline([(float(x), float(y)) for x, y in polygon], colour, veil=True)
    corners = item.get("corners") or ((left, top), (right, top), (right, bottom), (left, bottom))
    canvas.outline([(float(x), float(y)) for x, y in corners], colour, veil=False)
    for x, y, visibility in item.get("keypoints", ()):
        if visibility >= VISIBLE:
            canvas.dot(float(x), float(y), colour)


def _draw_labels(canvas: Canvas, found: Sequence[Mapping[str, Any]]) -> None:
    if not found:
        return
    width, height = canvas.image.size
    labels = [canvas.label(item) for item in found]
    boxes = np.array([item["box"] for item in found], np.float64).round().astype(np.int64)
    places = place_labels(boxes.clip(0, [width - 1, height - 1] * 2), [label.size for label in labels], width, height)
    for label, place in reversed(list(zip(labels, places, strict=True))):
        canvas.paste(label, place)
