"""Raw outputs as the graphs of the tasks give them, made of seeded random numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from containers.serving.model.detection import Letterbox
from containers.serving.model.manifest import Manifest

CONFIDENCE = 0.25
IOU = 0.6


@dataclass(frozen=True)
class Case:
    """A picture's size, the size of the input it lay in, and what the graph said; keypoints as in the manifest."""

    task: str
    picture: tuple[int, int]
    input: tuple[int, int]
    classes: int
    outputs: tuple[np.ndarray, ...]
    keypoints: tuple[int, int] | None

    @property
    def manifest(self) -> Manifest:
        """What the graph is."""
        names = tuple(f"class {at}" for at in range(self.classes))
        return Manifest(names, self.input[1], self.input[0], "", self.task, keypoints=self.keypoints)

    @property
    def letterbox(self) -> Letterbox:
        """How the picture lay in the input."""
        return Letterbox.fit(*self.picture, *self.input)


def raw_case(
    task: str,
    seed: int,
    *,
    picture: tuple[int, int] = (1279, 719),
    size: tuple[int, int] = (640, 384),
    classes: int = 3,
    objects: int = 25,
    keypoints: tuple[int, int] = (5, 3),
) -> Case:
    """A crowd: most candidates lie near one of ``objects``, agree on its class more or less, and score low."""
    random = np.random.default_rng(seed)
    columns = sum(size[0] // stride * (size[1] // stride) for stride in (8, 16, 32))
    owner = random.integers(0, objects, columns)
    centre = random.uniform(0, size, (objects, 2))[owner] + random.normal(0, 6, (columns, 2))
    sides = random.uniform(15, 150, (objects, 2))[owner] * random.uniform(0.8, 1.25, (columns, 2))
    scores = random.random((columns, classes)) ** 12
    scores[np.arange(columns), random.integers(0, classes, objects)[owner]] **= 0.2
    scores *= random.random((columns, 1)) ** 3
    parts = [centre, sides, scores]
    if task == "pose":
        count, numbers = keypoints
        points = centre[:, None] + random.normal(0, 0.4, (columns, count, 2)) * sides[:, None]
        seen = random.random((columns, count, numbers - 2))
        parts.append(np.concatenate((points, seen), axis=2).reshape(columns, -1))
    if task == "segment":
        parts.append(random.normal(0, 1, (objects, 32))[owner] + random.normal(0, 0.2, (columns, 32)))
    if task == "obb":
        turn = random.uniform(-0.25, 0.75, objects)[owner] * np.pi
        parts.append((turn + random.normal(0, 0.05, columns))[:, None])
    outputs = [np.concatenate(parts, axis=1).T[None].astype(np.float32)]
    if task == "segment":
        outputs.append(_prototypes(random, size[1] // 4, size[0] // 4))
    return Case(task, picture, size, classes, tuple(outputs), keypoints if task == "pose" else None)


def _prototypes(random: np.random.Generator, rows: int, columns: int) -> np.ndarray:
    """32 smooth fields [1, 32, rows, columns]: waves of a few lengths and directions, and a little noise."""
    y, x = np.mgrid[0:rows, 0:columns]
    waves = random.uniform(-0.25, 0.25, (32, 2))
    phases = random.uniform(0, 2 * np.pi, 32)
    fields = np.sin(waves[:, :1, None] * x + waves[:, 1:, None] * y + phases[:, None, None])
    return (fields + random.normal(0, 0.02, fields.shape))[None].astype(np.float32)
