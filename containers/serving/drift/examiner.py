"""Looks at pictures with the served model, one after the other: the reference and the window by the same program.

What the model says is asked anew, at the confidence it was judged with: what was answered in production may have been
asked with settings of its own, or by another version, and neither is a drift of the pictures.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import cast

import numpy as np

from containers.serving.drift.figures import picture_figures
from containers.serving.drift.pictures import Read, UnreadableError
from containers.serving.drift.table import Row
from containers.serving.model.arrays import Pixels
from containers.serving.model.classification import class_scores
from containers.serving.model.features import FeatureRuntime
from containers.serving.model.files import read_model
from containers.serving.model.manifest import Manifest
from containers.serving.model.predictor import Predictor
from containers.serving.model.thresholds import Thresholds

DECIMALS = 6
LARGEST = float(np.finfo(np.float16).max)


class Examiner:
    """The served model with its features."""

    def __init__(self, folder: Path, confidence: float) -> None:
        """Load ``model.onnx`` and ``manifest.json`` of a folder. Raises ModelError."""
        manifest, model = read_model(folder)
        self._threads = os.cpu_count() or 1
        self.manifest = Manifest.parse(manifest)
        self._predictor = Predictor(self.manifest, model, self._threads, FeatureRuntime)
        self._runtime = cast(FeatureRuntime, self._predictor.runtime)
        self._predictor.warm_up()
        self._thresholds = Thresholds.usual(self.manifest.task, confidence, self.manifest.max_detections)

    @property
    def runtime(self) -> str:
        """Library, its version and its arithmetic: rows of one are not to be compared with those of another."""
        return self._runtime.name

    def examine(self, pictures: Iterable[tuple[str, Path]], read: Read) -> Iterator[tuple[str, list[Row] | str]]:
        """The rows of every file, by name and in order, or why it has none; a few pictures are in memory at a time.

        The second picture of a file, and each after it, is called after the file and its number: ``a.json#2``.
        """
        waiting: deque[tuple[str, Future[list[Row] | str]]] = deque()
        with ThreadPoolExecutor(self._threads) as pool:
            for name, path in pictures:
                waiting.append((name, pool.submit(self._try, name, path, read)))
                if len(waiting) > 2 * self._threads:
                    yield _first(waiting)
            while waiting:
                yield _first(waiting)

    def look(self, name: str, pixels: Pixels) -> Row:
        """The row of one picture [height, width, blue-green-red]."""
        classes = len(self.manifest.classes)
        inference = self._predictor.infer_pixels(pixels)
        features = self._runtime.features()
        if self.manifest.task == "classify":
            scores = class_scores(inference.outputs)
            best = int(scores.argmax())
            found, sure = np.bincount([best], minlength=classes), float(scores[best])
        else:
            seen = inference.detections(self._thresholds)
            found = np.bincount(seen.classes, minlength=classes)
            sure = float(seen.scores.mean()) if len(seen) else float("nan")
        figures = {**picture_figures(pixels), "objects": float(found.sum()), "score": sure}
        # As the reference's file keeps them, so that nothing differs for having been written.
        kept = {key: round(value, DECIMALS) for key, value in figures.items()}
        return Row(name, kept, found.astype(np.int64), features.clip(-LARGEST, LARGEST).astype(np.float16))

    def _try(self, name: str, path: Path, read: Read) -> list[Row] | str:
        try:
            return [self.look(f"{name}#{at}" if at > 1 else name, pixels) for at, pixels in enumerate(read(path), 1)]
        except UnreadableError as error:
            return str(error)


def _first(waiting: deque[tuple[str, Future[list[Row] | str]]]) -> tuple[str, list[Row] | str]:
    name, rows = waiting.popleft()
    return name, rows.result()
