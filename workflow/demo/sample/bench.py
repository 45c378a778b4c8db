"""Draws the work bench below the fasteners: planks, brushed steel or a cutting mat, and what lies about.

Knows nothing of fasteners; nothing it draws is labelled.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

Field = NDArray[np.float64]


def bench(size: int, rng: np.random.Generator) -> Field:
    """A bench from above: colours (size, size, 3) from 0 to 1."""
    surface = (planks, planks, steel, mat)[rng.integers(4)](size, rng)
    picture = to_picture(surface)
    for clutter in rng.permutation(len(CLUTTER))[: rng.integers(0, 3)]:
        picture = CLUTTER[clutter](picture, rng)
    return to_field(picture)


def to_field(picture: Image.Image) -> Field:
    """A picture's colours from 0 to 1."""
    field: Field = np.asarray(picture) / 255
    return field


def to_picture(field: Field) -> Image.Image:
    """A picture of colours from 0 to 1; the field is used up."""
    np.clip(field, 0, 1, out=field)
    field *= 255
    return Image.fromarray(field.astype(np.uint8))


def smooth_noise(height: int, width: int, rows: int, columns: int, rng: np.random.Generator) -> Field:
    """Smooth noise of about -1 to 1 with ``rows`` by ``columns`` bumps."""
    coarse = rng.standard_normal((rows + 1, columns + 1)).astype(np.float32)
    smooth = Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC)
    return np.asarray(smooth, dtype=float)


def planks(size: int, rng: np.random.Generator) -> Field:
    """Boards with grain, each of a slightly different tone, and dark gaps between them."""
    light, dark = np.array([0.76, 0.58, 0.39]), np.array([0.50, 0.33, 0.19])
    surface = np.empty((size, size, 3))
    edges = [0, *np.cumsum(rng.integers(size // 5, size // 2, 6))]
    for top, bottom in pairwise(edges):
        rows = min(bottom, size) - top
        if rows <= 0:
            break
        bend = smooth_noise(rows, size, 2, 3, rng) * 2.2
        rings = np.sin((np.arange(rows)[:, None] / rng.uniform(5, 9) + bend) * 1.6) * 0.5 + 0.5
        fibre = smooth_noise(rows, size, rows // 2, 6, rng) * 0.11 + smooth_noise(rows, size, rows, 40, rng) * 0.04
        tone = np.clip(rings * 0.35 + 0.25 + fibre + rng.uniform(-0.12, 0.12), 0, 1)[..., None]
        surface[top : top + rows] = (light * (1 - tone) + dark * tone) * rng.uniform(0.9, 1.06)
        surface[top : top + 2] *= 0.45
    return surface if rng.random() < 0.5 else surface.transpose(1, 0, 2)


def steel(size: int, rng: np.random.Generator) -> Field:
    """A brushed plate with a few scratches."""
    brushed = smooth_noise(size, size, size, 8, rng) * 0.025 + smooth_noise(size, size, 4, 4, rng) * 0.03
    picture = to_picture(np.array([0.43, 0.46, 0.50]) * rng.uniform(0.75, 1.1) + brushed[..., None])
    pen = ImageDraw.Draw(picture, "RGBA")
    for _ in range(rng.integers(6, 16)):
        x, y = rng.uniform(0, size, 2)
        angle, length = rng.uniform(0, np.pi), rng.uniform(0.05, 0.35) * size
        end = (x + np.cos(angle) * length, y + np.sin(angle) * length)
        pen.line([(x, y), end], fill=(225, 230, 235, int(rng.integers(30, 80))))
    return to_field(picture)


def mat(size: int, rng: np.random.Generator) -> Field:
    """A cutting mat with its grid."""
    colours = ((0.10, 0.34, 0.30), (0.16, 0.24, 0.38), (0.22, 0.23, 0.25))
    colour = np.array(colours[rng.integers(len(colours))])
    surface: Field = np.ones((size, size, 3)) * colour + (smooth_noise(size, size, 60, 60, rng) * 0.008)[..., None]
    step = size // rng.integers(9, 14)
    first = int(rng.integers(step))
    for at in range(first, size, step):
        strong = 0.16 if (at - first) // step % 5 == 0 else 0.07
        surface[at] += strong
        surface[:, at] += strong
    return surface


# --- what lies about ---------------------------------------------------------------------------


def _lay(picture: Image.Image, layer: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Turn a layer, drop its shadow and put it on the picture, partly over the edge as a rule."""
    turned = layer.rotate(float(rng.uniform(0, 360)), Image.Resampling.BICUBIC, expand=True)
    side = picture.size[0]
    x, y = (int(at) for at in rng.choice([rng.uniform(-0.3, 0.05), rng.uniform(0.6, 0.95)], 2) * side)
    black = Image.new("RGBA", turned.size, (0, 0, 0, 110))
    black.putalpha(turned.getchannel("A").point(lambda value: int(value) * 110 // 255))
    shadow = Image.new("RGBA", picture.size)
    shadow.paste(black, (x + 4, y + 5))
    shadow = shadow.filter(ImageFilter.GaussianBlur(4))
    laid = Image.alpha_composite(picture.convert("RGBA"), shadow)
    laid.paste(turned, (x, y), turned)
    return laid.convert("RGB")


def _pencil(picture: Image.Image, rng: np.random.Generator) -> Image.Image:
    length, width = int(picture.size[0] * rng.uniform(0.5, 0.8)), picture.size[0] // 26
    layer = Image.new("RGBA", (length, width))
    pen = ImageDraw.Draw(layer)
    red, green, blue = ((214, 160, 38), (176, 46, 42), (38, 92, 140))[rng.integers(3)]
    for stripe, light in enumerate((0.72, 1.12, 0.9)):
        fill = tuple(min(255, int(value * light)) for value in (red, green, blue))
        pen.rectangle([0, stripe * width // 3, length - 2 * width, (stripe + 1) * width // 3], fill=fill)
    point = [(length - 2 * width, 0), (length, width // 2), (length - 2 * width, width)]
    pen.polygon(point, fill=(222, 186, 140))
    pen.polygon(
        [(length - width // 2, width // 3), (length, width // 2), (length - width // 2, width * 2 // 3)], (45, 45, 48)
    )
    return _lay(picture, layer, rng)


def _ruler(picture: Image.Image, rng: np.random.Generator) -> Image.Image:
    length, width = int(picture.size[0] * 0.8), picture.size[0] // 9
    layer = Image.new("RGBA", (length, width), (206, 208, 204, 255))
    pen = ImageDraw.Draw(layer)
    for mark, x in enumerate(range(6, length, 6)):
        pen.line([(x, 0), (x, width // (2 if mark % 10 == 0 else 4))], fill=(60, 60, 62))
    return _lay(picture, layer, rng)


def _note(picture: Image.Image, rng: np.random.Generator) -> Image.Image:
    side = int(picture.size[0] * rng.uniform(0.25, 0.35))
    paper = ((244, 226, 120), (238, 238, 230), (178, 214, 232))[rng.integers(3)]
    layer = Image.new("RGBA", (side, side), (*paper, 255))
    pen = ImageDraw.Draw(layer)
    for row in range(4):
        y = side * (row + 1) // 6
        end = side * rng.uniform(0.5, 0.9)
        pen.line([(side // 9, y), (end, y + rng.uniform(-2, 2))], fill=(70, 80, 110, 190), width=2)
    return _lay(picture, layer, rng)


def _stain(picture: Image.Image, rng: np.random.Generator) -> Image.Image:
    size = picture.size[0]
    blot = smooth_noise(size, size, 5, 5, rng)
    x, y = rng.uniform(0, size, 2)
    across, down = np.meshgrid(np.arange(size), np.arange(size))
    reach = np.hypot(across - x, down - y) / (size * rng.uniform(0.12, 0.25))
    darker = 1 - 0.3 / (1 + np.exp(8 * (reach + 0.3 * blot - 1)))
    return Image.fromarray((np.asarray(picture) * darker[..., None]).astype(np.uint8))


CLUTTER: tuple[Callable[[Image.Image, np.random.Generator], Image.Image], ...] = (_pencil, _ruler, _note, _stain)
