"""Draws on a picture what an endpoint saw in it: boxes, turned boxes, outlines, key points, or the best classes.

Knows the answer of an endpoint and no endpoint.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workflow.errors import PictureError
from workflow.predictions.prediction import Prediction

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageDraw import ImageDraw
    from PIL.ImageFont import FreeTypeFont
    from PIL.ImageFont import ImageFont as BitmapFont

COLOURS = ("#E69F00", "#56B4E9", "#009E73", "#F0E442", "#0072B2", "#D55E00", "#CC79A7")
"""One for each class in turn. Okabe and Ito's, which colour-blind people tell apart as well."""
INK = {"#0072B2": "white", "#D55E00": "white"}
"""Text on these is white, on the lighter ones black."""
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
        from PIL import ImageDraw, ImageFont

        self.image = image
        self.draw: ImageDraw.ImageDraw = ImageDraw.Draw(image, "RGBA")
        self.thick = max(2, round(max(image.size) / 320))
        self._font: FreeTypeFont | BitmapFont = ImageFont.load_default(size=max(10, round(max(image.size) / 40)))

    def label(self, text: str, left: float, edge: float, colour: str) -> None:
        """Text on a ground of its own, above an upper ``edge``, or right below it where there is no room above."""
        high = self._high(text)
        self.line_of_text(text, left, edge - high if edge >= high else edge, colour)

    def line_of_text(self, text: str, left: float, top: float, colour: str) -> float:
        """Text on a ground of its own, moved to lie within the picture's width; gives where it ends below."""
        x1, y1, x2, _ = self.draw.textbbox((0, 0), text, font=self._font)
        wide, high = x2 - x1 + 4, self._high(text)
        start = max(0.0, min(left, self.image.width - wide))
        self.draw.rectangle((start, top, start + wide, top + high), fill=colour)
        self.draw.text((start + 2 - x1, top + 2 - y1), text, fill=INK.get(colour, "black"), font=self._font)
        return top + high

    def _high(self, text: str) -> float:
        _, top, _, bottom = self.draw.textbbox((0, 0), text, font=self._font)
        return bottom - top + 4

    def outline(self, points: list[tuple[float, float]], colour: str, veil: bool) -> None:
        """A closed line through these points; a ``veil`` of its colour lies over what it holds."""
        if veil and len(points) > 2:
            self.draw.polygon(points, fill=f"{colour}{_VEIL:02x}")
        self.draw.line([*points, points[0]], fill=colour, width=self.thick, joint="curve")

    def dot(self, x: float, y: float, colour: str) -> None:
        """A key point."""
        size = 1.5 * self.thick
        self.draw.ellipse((x - size, y - size, x + size, y + size), fill=colour, outline="white")


def open_picture(file: Path, content: bytes) -> Image:
    """The picture as it is shown: upright, RGB. Raises PictureError where it cannot be read."""
    from PIL import Image, ImageOps, UnidentifiedImageError

    try:
        with Image.open(io.BytesIO(content)) as image:
            return _in_eight_bits(ImageOps.exif_transpose(image)).convert("RGB")
    except UnidentifiedImageError as error:
        raise PictureError(file, "is no picture that can be read") from error
    # Of a broken file, Pillow's readers raise whatever their parsing comes upon.
    except Exception as error:
        raise PictureError(file, f"is no picture that can be read ({error})") from error


def _in_eight_bits(image: Image) -> Image:
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
        below = 0.0
        for item in prediction.classification[:BEST]:
            below = canvas.line_of_text(_label(item), 0, below, _colour(item))
    # The best last, so that nothing lies over it.
    for item in reversed(prediction.detections):
        _draw_detection(canvas, item)
    target.parent.mkdir(parents=True, exist_ok=True)
    canvas.image.save(target, quality=95)


def _draw_detection(canvas: Canvas, item: Mapping[str, Any]) -> None:
    colour = _colour(item)
    left, top, right, bottom = (float(value) for value in item["box"])
    for polygon in item.get("polygons", ()):
        canvas.outline([(float(x), float(y)) for x, y in polygon], colour, veil=True)
    corners = item.get("corners") or ((left, top), (right, top), (right, bottom), (left, bottom))
    canvas.outline([(float(x), float(y)) for x, y in corners], colour, veil=False)
    for x, y, visibility in item.get("keypoints", ()):
        if visibility >= VISIBLE:
            canvas.dot(float(x), float(y), colour)
    canvas.label(_label(item), left, top, colour)


def _colour(item: Mapping[str, Any]) -> str:
    return COLOURS[int(item["class_id"]) % len(COLOURS)]


def _label(item: Mapping[str, Any]) -> str:
    return f"{item['class']} {float(item['score']):.2f}"
