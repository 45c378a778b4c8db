"""Sets of pictures that are alike without being copies: the same table, water or wall, with something else in each.

Every set is drawn the same way every time. Photographs come from a folder; without it there are none of those sets.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFilter

from infra.local.environments import REPOSITORY
from workflow.demo.sample.bench import bench
from workflow.demo.sample.fasteners import CLASSES, Lamp, draw
from workflow.demo.sample.photograph import SIDE, photograph

DATA = REPOSITORY.parent / "shared" / "data"
WATER = (640, 480)
Field = npt.NDArray[np.float64]
Pictures = list[Image.Image]


def sample(count: int) -> Pictures:
    """Pictures of ``make demo``: other benches, other fasteners."""
    return [photograph(np.random.default_rng([7, 0, at]))[0] for at in range(count)]


def one_table(count: int) -> Pictures:
    """Four benches under a lamp each, with other small fasteners on them in every picture."""
    benches = [bench(SIDE, np.random.default_rng([5, at])) for at in range(4)]
    return [_put_fasteners(benches[at % 4], np.random.default_rng([6, at]), 1 + at % 5) for at in range(count)]


def one_fastener(count: int) -> Pictures:
    """Pictures of ``make demo``, each six times with one more fastener on it, in another place."""
    random = np.random.default_rng(8)
    found = []
    for picture in sample(count // 6):
        table = np.asarray(picture, np.float64) / 255
        found += [_put_fasteners(table, random, 1) for _ in range(6)]
    return found


def _put_fasteners(table: Field, random: np.random.Generator, count: int) -> Image.Image:
    scene = table.copy()
    for _ in range(count):
        kind = CLASSES[random.integers(len(CLASSES))]
        stamp = draw(kind, SIDE * random.uniform(0.1, 0.2), random.uniform(0, 6), Lamp(0.4, 0.4, 0.82), random)
        height, width = stamp.coverage.shape
        left, top = random.integers(0, SIDE - width), random.integers(0, SIDE - height)
        window = scene[top : top + height, left : left + width]
        window += (stamp.colour - window) * stamp.coverage[..., None]
    return _to_image(scene * 255 + random.normal(0, 3, scene.shape))


def dark_water(count: int) -> Pictures:
    """A fish on black, larger than what is too small to be seen at all."""
    return [_to_image(8 + _fish(at, 0.15, 0.3) + _noise(at, 2)) for at in range(count)]


def lit_tank(count: int) -> Pictures:
    """A tank with a lamp above it and one fish, a tenth as wide as the picture or more, in another place each time."""
    y, x = np.mgrid[: WATER[1], : WATER[0]]
    tank = 20 + 85 * np.exp(-(((x - 320) / 300) ** 2 + ((y - 100) / 200) ** 2)) + 7 * np.sin(x / 30)
    return [_to_image(tank + 0.7 * _fish(at, 0.1, 0.2) + _noise(at, 2)) for at in range(count)]


def _fish(seed: int, least: float, most: float) -> Field:
    random = np.random.default_rng([3, seed])
    layer = Image.new("L", WATER)
    wide = WATER[0] * random.uniform(least, most)
    high = wide * random.uniform(0.3, 0.5)
    left, top = random.uniform(0, WATER[0] - wide), random.uniform(0, WATER[1] - high)
    pen = ImageDraw.Draw(layer)
    pen.ellipse((left, top, left + wide, top + high), fill=255)
    pen.polygon([(left, top + high / 2), (left - wide / 4, top), (left - wide / 4, top + high)], fill=255)
    turned = layer.rotate(random.uniform(-40, 40), Image.Resampling.BICUBIC, center=(left + wide / 2, top + high / 2))
    return np.asarray(turned.filter(ImageFilter.GaussianBlur(1)), np.float64) * random.uniform(0.4, 0.8)


def hands(count: int) -> Pictures:
    """A hand in the middle of one wall, with other fingers stretched out."""
    y, x = np.mgrid[: WATER[1], : WATER[0]]
    wall = 150 + 40 * (x / WATER[0]) + 20 * (y / WATER[1])
    return [_to_image(wall + (90 - wall) * _hand(at) + _noise(at, 3)) for at in range(count)]


def _hand(seed: int) -> Field:
    random = np.random.default_rng([21, seed])
    layer = Image.new("L", WATER)
    pen = ImageDraw.Draw(layer)
    x, y = 320 + random.normal(0, 10), 280 + random.normal(0, 10)
    pen.ellipse((x - 70, y - 70, x + 70, y + 90), fill=255)
    for finger in range(5):
        if random.random() < 0.6:
            angle, length = np.deg2rad(-150 + 30 * finger + random.normal(0, 6)), random.uniform(110, 180)
            pen.line((x, y, x + np.cos(angle) * length, y + np.sin(angle) * length), fill=255, width=26)
    return np.asarray(layer.filter(ImageFilter.GaussianBlur(2)), np.float64) / 255


def field(count: int) -> Pictures:
    """Crops of one field of plants, which overlap by half."""
    random = np.random.default_rng(4)
    grey = Image.fromarray(random.integers(60, 110, (40, 100), dtype=np.uint8))
    ground = grey.resize((300 * (count + 1), 480), Image.Resampling.BICUBIC)
    pen = ImageDraw.Draw(ground)
    for row in range(6):
        for column in range(6 * (count + 1)):
            x, y, side = column * 50 + random.normal(0, 6), row * 80 + 40 + random.normal(0, 6), random.uniform(10, 22)
            pen.ellipse((x - side, y - side, x + side, y + side), fill=int(random.integers(130, 200)))
    return [ground.crop((300 * at, 0, 300 * at + 600, 480)) for at in range(count)]


def photographs() -> Pictures:
    """Photographs of COCO and of one tower, one of each."""
    every = sorted(DATA.glob("coco8/images/*/*.jpg")) + sorted(DATA.glob("empire-state/*/images/*.jpg"))
    # Of the tower each photograph is there three times, turned and cut by who published it.
    single = {file.name.partition("_jpg")[0]: file for file in every}
    return [Image.open(file).convert("RGB") for file in single.values()]


def neighbours(pictures: Pictures) -> Pictures:
    """Crops of half of a photograph's width and height, each a tenth of it further than the one before."""
    found = []
    for picture in pictures[:10]:
        wide, high = picture.width // 2, picture.height // 2
        for left in range(0, wide + 1, picture.width // 10):
            found.append(picture.crop((left, high // 2, left + wide, high // 2 + high)))
    return found


def one_moved(pictures: Pictures) -> Pictures:
    """Photographs, each six times with an eighth of its height pasted somewhere else."""
    found = []
    for number, picture in enumerate(pictures[:10]):
        random = np.random.default_rng([8, number])
        side = picture.height // 8
        thing = picture.resize((side, side))
        for _ in range(6):
            copy = picture.copy()
            x, y = random.integers(0, picture.width - side), random.integers(0, picture.height - side)
            copy.paste(thing, (int(x), int(y)))
            found.append(copy)
    return found


def every_set(count: int) -> Mapping[str, Callable[[], Pictures]]:
    """The sets by name; those that are drawn have ``count`` pictures."""
    drawn = (sample, one_table, one_fastener, dark_water, lit_tank, hands, field)
    sets: dict[str, Callable[[], Pictures]] = {make.__name__.replace("_", " "): partial(make, count) for make in drawn}
    if DATA.is_dir():
        sets["photographs"] = photographs
        sets["crops of photographs"] = lambda: neighbours(photographs())
        sets["one moved on photographs"] = lambda: one_moved(photographs())
    return sets


def _noise(seed: int, levels: float) -> Field:
    return np.random.default_rng([1, seed]).normal(0, levels, (WATER[1], WATER[0]))


def _to_image(levels: Field) -> Image.Image:
    return Image.fromarray(levels.clip(0, 255).astype(np.uint8))
