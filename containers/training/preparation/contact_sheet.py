"""Draws one picture of many: samples of a dataset with their labels on them, for people to look at."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageOps

from containers.training.preparation.catalogue import Array, Catalogue
from containers.training.preparation.thumbnails import read_small
from workflow.labels.source import Source
from workflow.marks.colours import RIM, Colour, colour_of
from workflow.marks.labels import Label, Sizes
from workflow.marks.places import place_labels

COLUMNS = 6
SAMPLES = 24
"""Pictures on a sheet; more where so many classes need them."""
MOST = 60
TILE = 260
"""Width and height in pixels of a sample."""
BYTES = 600_000
DRAWN = 300
"""Objects that are drawn of one picture: more cover it, and each takes a millisecond."""
_QUALITIES = (88, 75, 60, 45, 30)
_SIZES = Sizes(line=2, rim=1, em=12, space=2)
"""Of what is drawn on a sample, which is small, and shown as large as it is."""
_NAMED = 40
"""Objects of one picture whose names are written: more of them would hide it."""


def write_sheet(source: Source, catalogue: Catalogue, root: Path, present: Array, file: Path) -> None:
    """Draw the sheet from pictures that are ``present`` below ``root``; none where no picture is."""
    chosen = choose(catalogue, present)
    if not chosen:
        return
    columns = min(COLUMNS, len(chosen))
    sheet = Image.new("RGB", (columns * TILE, -(-len(chosen) // columns) * TILE), "#202020")
    for number, at in enumerate(chosen):
        tile = _tile(source, catalogue, at, root)
        left, top = number % columns * TILE, number // columns * TILE
        sheet.paste(tile, (left + (TILE - tile.width) // 2, top + (TILE - tile.height) // 2))
    for quality in _QUALITIES:
        stream = io.BytesIO()
        sheet.save(stream, "JPEG", quality=quality)
        if stream.tell() <= BYTES:
            break
    file.write_bytes(stream.getvalue())


def choose(catalogue: Catalogue, present: Array) -> list[int]:
    """The places of the samples: one for every class first, the rarest first, then any; the content alone decides."""
    usable = np.flatnonzero(catalogue.rows["kept"] & present)
    order = usable[np.argsort(catalogue.rows["digest"][usable], kind="stable")]
    rank = np.full(len(catalogue.rows), len(order))
    rank[order] = np.arange(len(order))
    pictures, seen, _ = catalogue.pairs()
    shown = rank[pictures] < len(order)
    pictures, seen = pictures[shown], seen[shown]
    by_rank = np.argsort(rank[pictures], kind="stable")
    classes, first, counts = np.unique(seen[by_rank], return_index=True, return_counts=True)
    chosen: list[int] = []
    covered: set[int] = set()
    for which in np.lexsort((classes, counts)).tolist():
        if int(classes[which]) not in covered and len(chosen) < MOST:
            at = int(pictures[by_rank[first[which]]])
            chosen.append(at)
            covered |= set(seen[pictures == at].tolist())
    taken = set(chosen)
    more = [at for at in order[: SAMPLES + len(chosen)].tolist() if at not in taken]
    return chosen + more[: max(0, SAMPLES - len(chosen))]


def _tile(source: Source, catalogue: Catalogue, at: int, root: Path) -> Image.Image:
    # A small picture is enlarged: its labels, which no one could read any smaller, would cover it.
    tile = ImageOps.contain(read_small(root / catalogue.entries[at].image, TILE - 6), (TILE - 6, TILE - 6))
    draw = ImageDraw.Draw(tile)
    labels: list[Label] = []
    boxes: list[tuple[float, float, float, float]] = []
    for line in catalogue.label(at).decode().splitlines()[:DRAWN]:
        number, *numbers = line.split()
        class_id = int(number)
        box = _draw(draw, source, [float(one) for one in numbers], tile.size, colour_of(class_id))
        if len(labels) < _NAMED:
            labels.append(Label(class_id, source.classes[class_id], None, _SIZES, tile.width))
            boxes.append(box)
    sides = [tile.width - 1, tile.height - 1] * 2
    whole = np.array(boxes).reshape(-1, 4).round().astype(np.int64).clip(0, sides)
    places = place_labels(whole, [label.size for label in labels], *tile.size)
    for label, place in zip(labels, places, strict=True):
        tile.paste(Image.fromarray(label.tile()), place)
    return tile


def _draw(
    draw: ImageDraw.ImageDraw, source: Source, numbers: Sequence[float], size: tuple[int, int], colour: Colour
) -> tuple[float, float, float, float]:
    """Draw one object within a dark rim; the box at which its name goes, in pixels."""
    width, height = size
    if not numbers:
        return (0.0, 0.0, 0.0, 0.0)
    if source.task in ("segment", "obb"):
        points = [(x * width, y * height) for x, y in zip(numbers[0::2], numbers[1::2], strict=True)]
        _outline(draw, points, colour)
        across, down = zip(*points, strict=True)
        return (min(across), min(down), max(across), max(down))
    x, y, w, h = numbers[:4]
    left, top, right, bottom = (x - w / 2) * width, (y - h / 2) * height, (x + w / 2) * width, (y + h / 2) * height
    _outline(draw, [(left, top), (right, top), (right, bottom), (left, bottom)], colour)
    if source.keypoints:
        step = source.keypoints[1]
        for start in range(4, len(numbers), step):
            px, py, *seen = numbers[start : start + step]
            if (seen and seen[0] > 0) or (not seen and (px or py)):
                draw.ellipse((px * width - 2, py * height - 2, px * width + 2, py * height + 2), fill=colour)
    return (left, top, right, bottom)


def _outline(draw: ImageDraw.ImageDraw, points: Sequence[tuple[float, float]], colour: Colour) -> None:
    for ink, thick in ((RIM, _SIZES.line + 2 * _SIZES.rim), (colour, _SIZES.line)):
        draw.line([*points, points[0], points[1]], fill=ink, width=thick, joint="curve")
