"""The one predictor: loaded once, it turns encoded images or pixels into what the model sees in them.

The server answers with it and the evaluation measures it, so what is judged is what serves.
It knows no HTTP, no metric and no training framework.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import cv2
import numpy as np

from containers.serving.model.arrays import Floats, Pixels
from containers.serving.model.classification import class_scores, fit_classify
from containers.serving.model.detection import Detections, Letterbox
from containers.serving.model.files import read_engine, read_model
from containers.serving.model.gpu_runtime import Engine
from containers.serving.model.image import decode_image
from containers.serving.model.image_header import ImageError
from containers.serving.model.manifest import Manifest, ModelError
from containers.serving.model.runtime import Runtime, Size, open_runtime
from containers.serving.model.sight import Inference, Sight, look
from containers.serving.model.tasks import check_outputs
from containers.serving.model.thresholds import Thresholds
from workflow.contract.input_shapes import input_shapes
from workflow.contract.model import BORDER_GREY
from workflow.contract.tiles import MOST_TILES, Tile, Tiling, count_tiles, cut

Open = Callable[[bytes, str, int], Runtime]
"""Makes a graph ready, of a precision, for so many pictures at once."""


@dataclass(frozen=True)
class Prediction:
    """The answer for one picture: ``class_scores`` [classes] of a classifier, ``detections`` of any other model.

    ``tiles`` is in how many the picture was looked at beside the whole of it. ``pixels`` [height, width,
    blue-green-red] is the picture, kept only where it was asked for; times in milliseconds.
    """

    width: int
    height: int
    detections: Detections | None
    class_scores: Floats | None
    timings_ms: dict[str, float]
    pixels: Pixels | None
    tiles: int = 0


class Predictor:
    """A loaded model. Safe to call from several threads at once."""

    def __init__(self, manifest: Manifest, model: bytes, streams: int = 1, open_graph: Open = open_runtime) -> None:
        """Make a verified model ready for ``streams`` pictures at once; ``warm_up`` has to follow in each thread.

        Raises ModelError when the runtime does not take the graph.
        """
        self.manifest = manifest
        self._own = threading.local()
        # One picture is one core's work: the other cores have pictures of their own.
        cv2.setNumThreads(1)
        try:
            self.runtime: Runtime = open_graph(model, manifest.precision, streams)
        except Exception as error:  # the runtimes raise their own types, none of them public
            raise ModelError(f"model.onnx does not run: {_reason(error)}") from None

    @staticmethod
    def of(manifest: Manifest, model: bytes, engine: bytes, streams: int = 1) -> Predictor:
        """A predictor of a verified model and its ``engine`` for a GPU, empty for none; see the constructor."""
        built_on = manifest.engine
        opened = open_runtime if built_on is None else partial(open_runtime, engine=Engine(built_on, engine))
        return Predictor(manifest, model, streams, opened)

    @staticmethod
    def load(folder: Path, streams: int = 1) -> Predictor:
        """Load the model of a folder, with its engine where it has one, and run it in this thread.

        Raises ModelError; see ``read_model``, ``read_engine``, the constructor and ``warm_up``.
        """
        # From the bytes just verified: the files cannot change in between, and none beside them is read.
        text, model = read_model(folder)
        manifest = Manifest.parse(text)
        predictor = Predictor.of(manifest, model, read_engine(folder, manifest), streams)
        predictor.warm_up()
        return predictor

    def warm_up(self) -> None:
        """Run this thread's share of the runtime once, on the smallest input; the others wait for their first picture.

        Raises ModelError when the graph does not run, or answers what the manifest does not say.
        """
        height, width = input_shapes(self.manifest.width)[0]
        try:
            self.infer_pixels(np.full((height, width, 3), BORDER_GREY, np.uint8))
        except ModelError:
            raise
        except Exception as error:  # as above
            raise ModelError(f"model.onnx does not run: {_reason(error)}") from None

    @property
    def tile_size(self) -> tuple[int, int]:
        """Width and height in pixels of the tiles that a large picture is cut into: those of the input."""
        height, width = self.runtime.size or (self.manifest.width, self.manifest.width)
        return width, height

    def predict(self, image: bytes, thresholds: Thresholds) -> Prediction:
        """What is in an encoded image; see ``look``. Raises ImageError for bytes that are no image we accept."""
        return self.predict_pixels(decode_image(image), thresholds)

    def predict_pixels(
        self,
        pixels: Pixels,
        thresholds: Thresholds,
        *,
        tiling: Tiling | None = None,
        deadline: float = math.inf,
        decode_ms: float = 0.0,
        keep_pixels: bool = False,
    ) -> Prediction:
        """What is in ``pixels`` [height, width, blue-green-red]; see ``look``."""
        kept = pixels if keep_pixels else None
        timings = {"decode": round(decode_ms, 2)}
        if self.manifest.task == "classify":
            inference = self._run(pixels)
            scores = class_scores(inference.outputs).copy()
            timings |= {"inference": round(inference.inference_ms, 2), "boxes": 0.0}
            return Prediction(inference.width, inference.height, None, scores, timings, kept)
        sight = self.look(pixels, (thresholds,), tiling=tiling, deadline=deadline)
        timings |= {"inference": round(sight.inference_ms, 2), "boxes": round(sight.boxes_ms[0], 2)}
        return Prediction(sight.width, sight.height, sight.found[0], None, timings, kept, sight.tiles)

    def look(
        self,
        pixels: Pixels,
        asked: Sequence[Thresholds],
        *,
        tiling: Tiling | None = None,
        deadline: float = math.inf,
        check: bool = False,
    ) -> Sight:
        """The objects in ``pixels`` [height, width, blue-green-red], by each of the thresholds ``asked``.

        ``tiling`` None is the model's own. With ``check`` ModelError is raised for shapes that the manifest does not
        allow and for numbers that are not finite. Raises ImageError for a picture of too many tiles, LateError where
        ``time.perf_counter()`` has passed the ``deadline`` between two of them.
        """
        height, width = pixels.shape[:2]
        tiles = self._cut(width, height) if (tiling or self.manifest.tiles) == "auto" else ()
        return look(self.infer_pixels if check else self._run, pixels, tiles, asked, deadline)

    def _cut(self, width: int, height: int) -> tuple[Tile, ...]:
        count = count_tiles(width, height, *self.tile_size)
        if count > MOST_TILES:
            across, down = self.tile_size
            raise ImageError(
                f"a picture of {width} x {height} pixels is {count:,} tiles of {across} x {down}, and at most "
                f"{MOST_TILES} are looked at: send parts of it, a smaller copy, or ask with tiles=off"
            )
        return cut(width, height, *self.tile_size)

    def infer(self, image: bytes) -> Inference:
        """Run the model on one encoded image, the whole of it, and keep its raw output."""
        return self.infer_pixels(decode_image(image))

    def infer_pixels(self, pixels: Pixels) -> Inference:
        """Run the model on ``pixels`` [height, width, blue-green-red], check its raw output and keep it.

        Raises ModelError for shapes that the manifest does not allow and for numbers that are not finite.
        """
        inference = self._run(pixels)
        outputs = tuple(output.copy() for output in inference.outputs)
        check_outputs(self.manifest, outputs, *inference.input_size)
        return replace(inference, outputs=outputs)

    def _run(self, pixels: Pixels) -> Inference:
        started = time.perf_counter()
        if self.manifest.task == "classify":
            (height, width), size = pixels.shape[:2], self.manifest.width
            letterbox = Letterbox(width, height, size, size, 0, 0)
            canvas = fit_classify(pixels, size)
        else:
            letterbox, canvas = self._fit_letterbox(pixels)
        fitted = time.perf_counter() - started
        self._get_ready(canvas)
        started = time.perf_counter()
        outputs = tuple(self.runtime.run(canvas))
        spent = (fitted + time.perf_counter() - started) * 1000
        return Inference(letterbox, canvas.shape[:2], self.manifest, outputs, spent)

    def _get_ready(self, canvas: Pixels) -> None:
        """Run the first input of each size once before it counts: the graph is compiled for it then."""
        sizes: set[Size] = self._own.__dict__.setdefault("sizes", set())
        if canvas.shape[:2] not in sizes:
            self.runtime.run(canvas)
            sizes.add(canvas.shape[:2])

    def _fit_letterbox(self, pixels: Pixels) -> tuple[Letterbox, Pixels]:
        height, width = pixels.shape[:2]
        size = self.runtime.size or smallest_input(width, height, self.manifest.width)
        place = Letterbox.fit(width, height, size[1], size[0])
        if (place.width, place.height) != (width, height):
            resized = cv2.resize(pixels, (place.width, place.height), interpolation=cv2.INTER_LINEAR)
            pixels = np.asarray(resized, np.uint8)
        if pixels.shape[:2] == size:
            return place, np.ascontiguousarray(pixels)
        canvas = np.full((*size, 3), BORDER_GREY, np.uint8)
        canvas[place.top : place.top + place.height, place.left : place.left + place.width] = pixels
        return place, canvas


def smallest_input(width: int, height: int, longest: int) -> Size:
    """Height and width of the smallest input that holds a picture at the scale of the square one.

    >>> smallest_input(1280, 720, 640)
    (384, 640)
    """
    place = Letterbox.fit(width, height, longest, longest)
    return next(shape for shape in input_shapes(longest) if place.height <= shape[0] and place.width <= shape[1])


def _reason(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1] if lines else type(error).__name__
