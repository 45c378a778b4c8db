"""Run by the serving image's Python: the predictor without any server, as one process of one thread.

``python -m tests.bench.serving.loop MODEL IMAGES KIND`` with KIND ``loop`` (bytes to boxes) or ``runtime`` (the graph
alone, on tensors made before). It says ``ready``; for each line with a number of seconds it works so long, and prints
the seconds of every picture and the processor time of all; then it waits for the next.
"""

from __future__ import annotations

import itertools
import json
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from containers.serving.model.arrays import Floats, Pixels
from containers.serving.model.predictor import Predictor
from containers.serving.model.runtime import Runtime
from containers.serving.model.thresholds import Thresholds


def main(model: Path, images: Path, kind: str) -> None:
    """Work until nobody tells it to any more."""
    predictor = Predictor.load(model, streams=1)
    pictures = [file.read_bytes() for file in sorted(images.rglob("*.jpg"))]
    calls = itertools.cycle(_bytes_to_boxes(predictor, pictures) if kind == "loop" else _tensors(predictor, pictures))
    for _ in pictures:
        next(calls)()
    print(json.dumps({"ready": predictor.runtime.name}), flush=True)
    for line in sys.stdin:
        print(json.dumps(_work(calls, float(line))), flush=True)


def _work(calls: Iterator[Callable[[], object]], seconds: float) -> dict[str, object]:
    times: list[float] = []
    spent = time.process_time()
    now = time.perf_counter()
    end = now + seconds
    while now < end:
        next(calls)()
        before, now = now, time.perf_counter()
        times.append(now - before)
    return {"times": times, "processor_seconds": time.process_time() - spent}


def _bytes_to_boxes(predictor: Predictor, pictures: list[bytes]) -> list[Callable[[], object]]:
    return [partial(predictor.predict, picture, Thresholds()) for picture in pictures]


def _tensors(predictor: Predictor, pictures: list[bytes]) -> list[Callable[[], object]]:
    """Calls of the graph with what the predictor hands it for these pictures."""
    runtime = predictor.runtime
    recorder = Recorder(runtime)
    predictor.runtime = recorder
    for picture in pictures:
        predictor.predict(picture, Thresholds())
    predictor.runtime = runtime
    return [partial(runtime.run, tensor) for tensor in recorder.seen]


class Recorder:
    """Stands before a runtime and keeps copies of what it is given."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self.name, self.size = runtime.name, runtime.size
        self.seen: list[Pixels] = []

    def run(self, picture: Pixels) -> list[Floats]:
        """See ``Runtime``."""
        self.seen.append(picture.copy())
        return self._runtime.run(picture)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
