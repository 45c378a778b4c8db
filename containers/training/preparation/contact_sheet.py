"""Draws one picture of many: samples of a dataset with their labels on them, for people to look at."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from containers.training.preparation.catalogue import Array, Catalogue
from containers.training.preparation.thumbnails import read_small
from workflow.labels.source import Source

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
_COLOURS = ("#ff5d5d", "#38d430", "#4aa3ff", "#ffb000", "#d67bff", "#00d0c0", "#ff7ac8", "#c8e000")


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
    tile = read_small(root / catalogue.entries[at].image, TILE - 6)
    draw = ImageDraw.Draw(tile)
    for line in catalogue.label(at).decode().splitlines()[:DRAWN]:
        number, *numbers = line.split()
        class_id = int(number)
        colour = _COLOURS[class_id % len(_COLOURS)]
        corner = _draw(draw, source, [float(one) for one in numbers], tile.size, colour)
        _name(draw, source.classes[class_id], corner, colour)
    return tile


def _draw(
    draw: ImageDraw.ImageDraw, source: Source, numbers: Sequence[float], size: tuple[int, int], colour: str
) -> tuple[float, float]:
    """Draw one object; the corner at which its name goes."""
    width, height = size
    if not numbers:
        return (2.0, 2.0)
    if source.task in ("segment", "obb"):
        points = [(x * width, y * height) for x, y in zip(numbers[0::2], numbers[1::2], strict=True)]
        draw.polygon(points, outline=colour, width=2)
        return min(points, key=lambda point: point[1])
    x, y, w, h = numbers[:4]
    left, top, right, bottom = (x - w / 2) * width, (y - h / 2) * height, (x + w / 2) * width, (y + h / 2) * height
    draw.rectangle((left, top, max(left, right), max(top, bottom)), outline=colour, width=2)
    if source.keypoints:
        step = source.keypoints[1]
        for start in range(4, len(numbers), step):
            px, py, *seen = numbers[start : start + step]
            if (seen and seen[0] > 0) or (not seen and (px or py)):
                draw.ellipse((px * width - 2, py * height - 2, px * width + 2, py * height + 2), fill=colour)
    return (left, top)


def _name(draw: ImageDraw.ImageDraw, name: str, corner: tuple[float, float], colour: str) -> None:
    font = ImageFont.load_default(11)
    left, top, right, bottom = draw.textbbox((0, 0), name, font=font)
    width, height = right - left, bottom - top
    x = min(max(0.0, corner[0]), max(0.0, draw.im.size[0] - width - 4))
    y = min(max(0.0, corner[1] - height - 4), max(0.0, draw.im.size[1] - height - 4))
    draw.rectangle((x, y, x + width + 4, y + height + 4), fill=colour)
    draw.text((x + 2 - left, y + 2 - top), name, font=font, fill="black")
