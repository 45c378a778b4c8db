"""The sample's benches in another light: what a camera sees once the lamp has changed, with what is true there.

No picture of the sample is drawn so: what learned from the sample alone has never seen that light.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from PIL import Image, ImageFilter

from workflow.demo.sample import QUALITY, rows
from workflow.demo.sample.photograph import photograph

DAY, EVENING = "day", "evening"
"""The sample's own light, and the other."""


def dim(picture: Image.Image) -> Image.Image:
    """The same bench in a dim, yellow light and out of focus."""
    light = np.asarray(picture.filter(ImageFilter.GaussianBlur(2.2)), dtype=float) / 255
    dimmed = light**1.3 * np.array([0.62, 0.5, 0.28])
    return Image.fromarray(np.clip(dimmed * 255, 0, 255).astype(np.uint8))


def take_pictures(folder: Path, seed: int, counts: Mapping[str, int]) -> dict[Path, str]:
    """Draw so many pictures of each light into a folder; what is true of each, in the rows of a YOLO label.

    The same seed gives the same pictures, and another one has none of them.
    """
    folder.mkdir(parents=True)
    truth = {}
    for number, light in enumerate((DAY, EVENING)):
        for index in range(counts.get(light, 0)):
            picture, labelled = photograph(np.random.default_rng([seed, number, index]))
            shown = dim(picture) if light == EVENING else picture
            file = folder / f"{light}-{index:03d}.jpg"
            shown.save(file, quality=QUALITY)
            truth[file] = rows(labelled)
    return truth
