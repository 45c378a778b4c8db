"""The worst held-out pictures on the page, what this model says beside what production's does.

Drawn anew from numbers and escaped names: nothing of the report's own markup comes here. A picture's bytes stand in the
page once, also where both models are shown.
"""

from __future__ import annotations

from lambdas.decide.markup import escape
from workflow.contract.glance import MISSED, RIGHT, WRONG, GlancePicture, Shape, View

LABEL_LENGTH = 24
NAMED_MISTAKES = 2
"""Mistakes of one kind that a caption names."""
MOST_NAMED_BOXES = 4
"""A picture with more mistakes than this shows no names at its boxes, so that something is still seen of it."""

LEGEND = ((RIGHT, "found"), (WRONG, "wrong"), (MISSED, "missed"))
MARKS = {WRONG: "✗ ", MISSED: "? "}


def render_pictures(pictures: tuple[GlancePicture, ...], production_version: int) -> str:
    """The section of the pictures; empty where there are none."""
    if not pictures:
        return ""
    drawn = any(view.shapes for one in pictures for view in (one.candidate, one.production) if view)
    legend = f'<ul class="legend">{"".join(_sample(kind, text) for kind, text in LEGEND)}</ul>\n' if drawn else ""
    other = f"production v{production_version}" if production_version else "production"
    figures = "\n".join(_figure(one, at, other) for at, one in enumerate(pictures, 1))
    alone = "" if any(one.production for one in pictures) else " alone"
    return f'<h2>Worst pictures</h2>\n{legend}<div class="pictures{alone}">\n{figures}\n</div>'


def _sample(kind: str, text: str) -> str:
    return f'<li><svg aria-hidden="true"><rect class="{kind}" x="2" y="2" width="18" height="10"/></svg>{text}</li>'


def _figure(picture: GlancePicture, at: int, other: str) -> str:
    size = f'width="{picture.width}" height="{picture.height}"'
    photo = f'<image id="picture-{at}" {size} href="data:image/jpeg;base64,{picture.jpeg}"/>'
    if picture.production is None:
        sides = [_side(picture, picture.candidate, "", photo)]
    else:
        again = f'<use href="#picture-{at}"/>'
        sides = [
            _side(picture, picture.candidate, "this model", photo),
            _side(picture, picture.production, other, again),
        ]
    return f'<div class="sides">{"".join(sides)}</div>'


def _side(picture: GlancePicture, view: View, whose: str, photo: str) -> str:
    """One model's picture; ``whose`` is empty where there is no other beside it."""
    said = _say(view)
    label = escape(f"{picture.name}, {whose}: {said}" if whose else f"{picture.name}: {said}")
    name = f"<strong>{escape(whose)}</strong> " if whose else ""
    mistakes = [shape for shape in view.shapes if shape.kind != RIGHT]
    names = map(_name, mistakes) if len(mistakes) <= MOST_NAMED_BOXES else ()
    shapes = "".join((*map(_shape, view.shapes), *names))
    return (
        f'<figure><div class="shot" role="img" aria-label="{label}">'
        f'<svg viewBox="0 0 {picture.width} {picture.height}" aria-hidden="true">{photo}</svg>'
        f'<svg class="drawn" aria-hidden="true">{shapes}</svg></div>'
        f"<figcaption>{name}{escape(said)}</figcaption></figure>"
    )


def _say(view: View) -> str:
    """What a model says of a picture, in words: its mistakes by their names."""
    if view.said:
        return view.said
    right = sum(shape.kind == RIGHT for shape in view.shapes)
    parts = []
    for kind in (MISSED, WRONG):
        labels = [_shorten(shape.label) for shape in view.shapes if shape.kind == kind]
        if labels:
            more = f" and {len(labels) - NAMED_MISTAKES} more" if len(labels) > NAMED_MISTAKES else ""
            parts.append(f"{len(labels)} {kind} ({', '.join(labels[:NAMED_MISTAKES])}{more})")
    if parts:
        return f"{right} found, {', '.join(parts)}"
    return f"all {right} found" if right else "nothing there, nothing found"


def _shape(shape: Shape) -> str:
    """The outline where there is one, otherwise the box; key points as dots."""
    left, top, right, bottom = shape.sides
    if shape.outlines:
        lines = "".join(f'<polygon points="{_corners(outline)}"/>' for outline in shape.outlines)
        # Corners cannot be given in percent, so outlines have a scale of their own, stretched over the picture.
        drawn = f'<svg class="{shape.kind}" viewBox="0 0 1000 1000" preserveAspectRatio="none">{lines}</svg>'
    else:
        drawn = (
            f'<rect class="{shape.kind}" x="{left:.1%}" y="{top:.1%}" '
            f'width="{max(0, right - left):.1%}" height="{max(0, bottom - top):.1%}"/>'
        )
    pairs = zip(shape.points[::2], shape.points[1::2], strict=False)
    return drawn + "".join(f'<circle class="{shape.kind}" cx="{x:.1%}" cy="{y:.1%}" r="2.5"/>' for x, y in pairs)


def _corners(outline: tuple[float, ...]) -> str:
    return " ".join(f"{x * 1000:.0f},{y * 1000:.0f}" for x, y in zip(outline[::2], outline[1::2], strict=False))


def _name(shape: Shape) -> str:
    """The name of a mistake at its box: what is missed below it, what is wrong inside it."""
    left, top, right, bottom = shape.sides
    y, down = (bottom, -4 if bottom > 0.9 else 12) if shape.kind == MISSED else (top, 12)
    place = f'x="{right:.1%}" text-anchor="end"' if left + right > 1 else f'x="{left:.1%}"'
    return f'<text {place} y="{y:.1%}" dy="{down}">{MARKS[shape.kind]}{escape(_shorten(shape.label))}</text>'


def _shorten(label: str) -> str:
    return label if len(label) <= LABEL_LENGTH else f"{label[: LABEL_LENGTH - 1]}…"
