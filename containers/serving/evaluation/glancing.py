"""The few worst pictures that the approval page shows: small, with what the candidate and production's model said.

Chosen and judged as those of the report; only lighter, because a phone loads them with the page.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Sequence

from containers.serving.evaluation.held_out import HeldOut, Picture
from containers.serving.evaluation.pictures import look_with
from containers.serving.model.image import make_thumbnail
from containers.serving.model.predictor import Predictor
from containers.serving.report.evidence import Point, ReportBox, ReportPicture
from workflow.contract.glance import LARGEST_JPEG, MOST_PICTURES, RIGHT, GlancePicture, Shape, View

SIDES, QUALITY = (480, 360, 240, 160, 80), 72
"""Longest sides in pixels, the largest first, and quality: about 30 kB a picture."""
MOST_BOXES, MOST_OUTLINED = 60, 20
"""Of one model on a picture, mistakes first: a small picture with more of them shows nothing."""
DIGITS = 3
"""Of a place as a fraction: half a pixel of a picture this small."""


def glance_at(
    shown: Sequence[ReportPicture], champion: Predictor | None, held_out: HeldOut, confidence: float
) -> tuple[GlancePicture, ...]:
    """The first pictures of the report, each beside what ``champion`` says of it."""
    look = None if champion is None else look_with(champion, held_out, confidence)
    named = {picture.name: picture for picture in held_out.pictures}
    return tuple(_beside(one, named[one.name], look) for one in shown[:MOST_PICTURES])


def _beside(shown: ReportPicture, picture: Picture, look: Callable[[Picture], ReportPicture] | None) -> GlancePicture:
    return GlancePicture(
        name=shown.name,
        width=shown.width,
        height=shown.height,
        jpeg=base64.b64encode(_make_light(shown.jpeg)).decode(),
        candidate=_view(shown),
        production=None if look is None else _view(look(picture)),
    )


def _make_light(jpeg: bytes) -> bytes:
    """As large as it may be."""
    smaller = (make_thumbnail(jpeg, side, QUALITY) for side in SIDES)
    return next(light for light in smaller if len(light) <= LARGEST_JPEG)


def _view(picture: ReportPicture) -> View:
    ranked = sorted(picture.boxes, key=lambda box: box.kind == RIGHT)[:MOST_BOXES]
    return View(tuple(_shape(box, at < MOST_OUTLINED) for at, box in enumerate(ranked)), picture.caption)


def _shape(box: ReportBox, outlined: bool) -> Shape:
    return Shape(
        kind=box.kind,
        label=box.label,
        sides=tuple(round(side, DIGITS) for side in box.sides),
        outlines=tuple(_flatten(outline[:: 1 + len(outline) // 32]) for outline in box.outlines) if outlined else (),
        points=_flatten(box.keypoints) if outlined else (),
    )


def _flatten(points: Iterable[Point]) -> tuple[float, ...]:
    return tuple(round(place, DIGITS) for point in points for place in point)
