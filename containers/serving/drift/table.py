"""What is kept of many pictures: some figures each, what was found, and the features of the model. No picture.

A picture takes some 2 KB, whatever its size, so that ten thousand fit the memory.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from containers.serving.model.arrays import Doubles, Flags, Floats, Indices, Integers, Reals

FIGURES: Mapping[str, tuple[str, str, str]] = {
    "brightness": ("brightness", "darker", "brighter"),
    "contrast": ("contrast", "flatter", "of more contrast"),
    "sharpness": ("sharpness", "less sharp", "sharper"),
    "noise": ("noise", "less noisy", "noisier"),
    "colour": ("colourfulness", "paler", "more colourful"),
    "warmth": ("warmth", "bluer", "redder"),
    "side": ("size", "smaller", "larger"),
    "shape": ("width to height", "narrower", "wider"),
    "objects": ("objects a picture", "emptier", "fuller"),
    "score": ("score", "seen less surely", "seen more surely"),
}
"""Every figure: what people call it, and what pictures are whose figure is lower, and higher."""


@dataclass(frozen=True)
class Row:
    """One picture: its FIGURES (NaN for the score of nothing), how many of each class [classes], features [any]."""

    name: str
    figures: Mapping[str, float]
    classes: Integers
    features: Reals


@dataclass(frozen=True)
class Table:
    """Many pictures: figures [n] by name, counts of classes [n, classes], features [n, any], 0 wide where none are."""

    names: tuple[str, ...]
    figures: Mapping[str, Doubles]
    classes: Integers
    features: Floats

    @staticmethod
    def of(rows: Iterable[Row], classes: int) -> Table:
        """Collect rows as they come; of a row only its numbers are kept."""
        names: list[str] = []
        figures: list[tuple[float, ...]] = []
        counts: list[Integers] = []
        features: list[Floats] = []
        for row in rows:
            names.append(row.name)
            figures.append(tuple(row.figures[name] for name in FIGURES))
            counts.append(row.classes)
            features.append(row.features.astype(np.float32))
        table = np.array(figures, np.float64).reshape(-1, len(FIGURES))
        return Table(
            names=tuple(names),
            figures={name: table[:, at].copy() for at, name in enumerate(FIGURES)},
            classes=np.array(counts, np.int64).reshape(-1, classes),
            features=np.stack(features) if features else np.zeros((0, 0), np.float32),
        )

    def __len__(self) -> int:
        return len(self.names)

    def choose(self, chosen: Indices | Flags) -> Table:
        """Some of the pictures."""
        at = np.arange(len(self))[chosen]
        return Table(
            tuple(self.names[one] for one in at),
            {name: values[at] for name, values in self.figures.items()},
            self.classes[at],
            self.features[at],
        )
