"""Held-out pictures with what was found on them, right and wrong, most mistakes first."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from containers.page.document import embed
from containers.serving.report.evidence import Point, ReportBox, ReportPicture

MOST_NAMED_BOXES = 12
"""A picture with more boxes than this names only the mistakes, so that something is still seen of it."""
LARGEST_PICTURES = 1_500_000
"""Bytes of JPEG on a page, so that a phone still loads it; text adds a third to them."""
LEGEND = (
    ("right", "found, as labelled"),
    ("wrong", "wrong: nothing of that class is labelled there"),
    ("missed", "missed: labelled, not found"),
)


def pictures(shown: Sequence[ReportPicture]) -> str:
    """The pictures with a legend, as many as fit."""
    fitting = within(shown, LARGEST_PICTURES)
    if not fitting:
        return ""
    legend = "".join(
        f'<li><svg aria-hidden="true"><rect class="{kind}" x="2" y="2" width="22" height="12"/></svg>{text}</li>'
        for kind, text in LEGEND
    )
    drawn = any(picture.boxes for picture in fitting)
    above = f'<ul class="legend">{legend}</ul>\n' if drawn else ""
    return (
        f"<section>\n<h2>Pictures, most mistakes first</h2>\n{above}"
        f'<div class="pictures">\n{"".join(map(_figure, fitting))}</div>\n</section>\n'
    )


def within(shown: Sequence[ReportPicture], most: int) -> list[ReportPicture]:
    """The first pictures whose JPEGs have at most so many bytes together."""
    fitting, total = [], 0
    for picture in shown:
        total += len(picture.jpeg)
        if total > most:
            break
        fitting.append(picture)
    return fitting


def _figure(picture: ReportPicture) -> str:
    named = [box for box in picture.boxes if box.kind != "right" or len(picture.boxes) <= MOST_NAMED_BOXES]
    shapes = "".join(map(_shape, picture.boxes)) + "".join(map(_label, named))
    drawing = f'<svg aria-hidden="true">{shapes}</svg>' if shapes else ""
    said = picture.caption or _verdict(picture.boxes)
    return (
        f'<figure><div class="picture"><img alt="held-out picture {escape(picture.name)}" width="{picture.width}" '
        f'height="{picture.height}" src="{embed(picture.jpeg)}">{drawing}</div>'
        f"<figcaption>{escape(said)}<span>{escape(picture.name)}</span></figcaption></figure>\n"
    )


def _verdict(boxes: tuple[ReportBox, ...]) -> str:
    right = sum(box.kind == "right" for box in boxes)
    parts = [f"{right} right"]
    for kind in ("missed", "wrong"):
        labels = [box.label for box in boxes if box.kind == kind]
        if labels:
            more = f" and {len(labels) - 4} more" if len(labels) > 4 else ""
            parts.append(f"{len(labels)} {kind} ({', '.join(labels[:4])}{more})")
    return " · ".join(parts) if len(parts) > 1 else f"all {right} right" if right else "empty, and nothing was found"


def _shape(box: ReportBox) -> str:
    """The outline where there is one, otherwise the box; key points as dots."""
    left, top, right, bottom = (side * 100 for side in box.sides)
    if box.outlines:
        lines = "".join(f'<polygon points="{_corners(outline)}"/>' for outline in box.outlines)
        # Corners cannot be given in percent, so outlines have a scale of their own, stretched over the picture.
        shape = f'<svg class="{box.kind}" viewBox="0 0 1000 1000" preserveAspectRatio="none">{lines}</svg>'
    else:
        shape = (
            f'<rect class="{box.kind}" x="{left:.2f}%" y="{top:.2f}%" '
            f'width="{right - left:.2f}%" height="{bottom - top:.2f}%"/>'
        )
    dots = "".join(f'<circle class="{box.kind}" cx="{x:.2%}" cy="{y:.2%}" r="3.5"/>' for x, y in box.keypoints)
    return shape + dots


def _corners(outline: Sequence[Point]) -> str:
    return " ".join(f"{x * 1000:.0f},{y * 1000:.0f}" for x, y in outline)


def _label(box: ReportBox) -> str:
    """The name at its box, by kind at another edge, so that a wrong and a missed box of one object stay readable."""
    left, top, right, bottom = (side * 100 for side in box.sides)
    if box.kind == "missed":
        y, down = bottom, -5 if bottom > 92 else 14
    else:
        y, down = top, 14 if top < 8 or box.kind == "wrong" else -5
    place = f'x="{right:.2f}%" text-anchor="end"' if left > 70 else f'x="{left:.2f}%"'
    mark = {"right": "", "wrong": "✗ ", "missed": "? "}[box.kind]
    return f'<text {place} y="{y:.2f}%" dy="{down}">{mark}{escape(box.label)}</text>'
