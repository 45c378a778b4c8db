"""The one predictor: loaded once, it turns encoded images or pixels into what the model sees in them.

The server answers with it and the evaluation measures it, so what is judged is what serves.
It knows no HTTP, no metric and no training framework.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import cv2
import numpy as np

from containers.serving.model.arrays import Floats, Pixels
from containers.serving.model.classification import class_scores, fit_classify
from containers.serving.model.detection import Detections, Letterbox
from containers.serving.model.files import read_model
from containers.serving.model.image import decode_image
from containers.serving.model.manifest import Manifest, ModelError
from containers.serving.model.runtime import Runtime, Size, open_runtime
from containers.serving.model.tasks import check_outputs, decode_outputs
from containers.serving.model.thresholds import Thresholds
from workflow.contract.model import BORDER_GREY

STRIDE = 32
"""Pixels; the sides of a graph's input are multiples of it."""
RATIOS = ((1, 1), (3, 4), (4, 3), (9, 16), (16, 9))
"""Height to width of the inputs that a model of free size is run with, those of most cameras. For each of them the
graph is compiled, which takes half a second once and 30 MB for good: whatever is sent, there are no more than these."""

Open = Callable[[bytes, str, int], Runtime]
"""Makes a graph ready, of a precision, for so many pictures at once."""


@dataclass(frozen=True)
class Inference:
    """What the graph said of one picture, before any threshold. Times in milliseconds."""

    manifest: Manifest
    letterbox: Letterbox
    input_size: tuple[int, int]
    outputs: tuple[Floats, ...]
    decode_ms: float
    inference_ms: float

    @property
    def width(self) -> int:
        """Of the picture, in pixels."""
        return self.letterbox.picture_width

    @property
    def height(self) -> int:
        """Of the picture, in pixels."""
        return self.letterbox.picture_height

    def detections(self, thresholds: Thresholds) -> Detections:
        """What was found, in pixels of the picture."""
        return decode_outputs(self.manifest, self.outputs, self.letterbox, thresholds)


@dataclass(frozen=True)
class Prediction:
    """The answer for one picture: ``class_scores`` [classes] of a classifier, ``detections`` of any other model.

    ``pixels`` [height, width, blue-green-red] is the picture, kept only where it was asked for; times in milliseconds.
    """

    width: int
    height: int
    detections: Detections | None
    class_scores: Floats | None
    timings_ms: dict[str, float]
    pixels: Pixels | None


class Predictor:
    """A loaded model. Safe to call from several threads at once."""

    def __init__(self, manifest: Manifest, model: bytes, streams: int = 1, open_graph: Open = open_runtime) -> None:
        """Make a verified model ready for ``streams`` pictures at once; ``warm_up`` has to follow in each thread.

        Raises ModelError when the runtime does not take the graph.
        """
        self.manifest = manifest
        # One picture is one core's work: the other cores have pictures of their own.
        cv2.setNumThreads(1)
        try:
            self.runtime: Runtime = open_graph(model, manifest.precision, streams)
        except Exception as error:  # the runtimes raise their own types, none of them public
            raise ModelError(f"model.onnx does not run: {_reason(error)}") from None

    @staticmethod
    def load(folder: Path, streams: int = 1) -> Predictor:
        """Load ``model.onnx`` and ``manifest.json`` of a folder and run the model in this thread.

        Raises ModelError; see ``read_model``, the constructor and ``warm_up``.
        """
        # From the bytes just verified: the file cannot change in between, and no file beside it is read.
        manifest, model = read_model(folder)
        predictor = Predictor(Manifest.parse(manifest), model, streams)
        predictor.warm_up()
        return predictor

    def warm_up(self, *, every_size: bool = True) -> None:
        """Run this thread's share of the runtime once for every size of input, or for the smallest alone.

        Raises ModelError when the graph does not run, or answers what the manifest does not say.
        """
        sizes = input_shapes(self.manifest.width)
        try:
            for height, width in sizes if every_size else sizes[:1]:
                self.infer_pixels(np.full((height, width, 3), BORDER_GREY, np.uint8))
        except ModelError:
            raise
        except Exception as error:  # as above
            raise ModelError(f"model.onnx does not run: {_reason(error)}") from None

    def predict(self, image: bytes, thresholds: Thresholds, *, keep_pixels: bool = False) -> Prediction:
        """What is in an encoded image. Raises ImageError for bytes that are no image we accept."""
        started = time.perf_counter()
        pixels = decode_image(image)
        decode_ms = (time.perf_counter() - started) * 1000
        return self.predict_pixels(pixels, thresholds, decode_ms=decode_ms, keep_pixels=keep_pixels)

    def predict_pixels(
        self, pixels: Pixels, thresholds: Thresholds, *, decode_ms: float = 0.0, keep_pixels: bool = False
    ) -> Prediction:
        """What is in ``pixels`` [height, width, blue-green-red]."""
        found: Detections | None = None
        scores: Floats | None = None
        inference = self._run(pixels, decode_ms)
        started = time.perf_counter()
        if self.manifest.task == "classify":
            scores = class_scores(inference.outputs).copy()
        else:
            found = inference.detections(thresholds)
        timings = {
            "decode": round(decode_ms, 2),
            "inference": round(inference.inference_ms, 2),
            "boxes": round((time.perf_counter() - started) * 1000, 2),
        }
        kept = pixels if keep_pixels else None
        return Prediction(inference.width, inference.height, found, scores, timings, kept)

    def infer(self, image: bytes) -> Inference:
        """Run the model on one encoded image and keep its raw output."""
        started = time.perf_counter()
        pixels = decode_image(image)
        return self.infer_pixels(pixels, decode_ms=(time.perf_counter() - started) * 1000)

    def infer_pixels(self, pixels: Pixels, decode_ms: float = 0.0) -> Inference:
        """Run the model on ``pixels`` [height, width, blue-green-red], check its raw output and keep it.

        Raises ModelError for shapes that the manifest does not allow and for numbers that are not finite.
        """
        inference = self._run(pixels, decode_ms)
        outputs = tuple(output.copy() for output in inference.outputs)
        check_outputs(self.manifest, outputs, *inference.input_size)
        return replace(inference, outputs=outputs)

    def _run(self, pixels: Pixels, decode_ms: float) -> Inference:
        started = time.perf_counter()
        if self.manifest.task == "classify":
            (height, width), size = pixels.shape[:2], self.manifest.width
            letterbox = Letterbox(width, height, size, size, 0, 0)
            canvas = fit_classify(pixels, size)
        else:
            letterbox, canvas = self._fit_letterbox(pixels)
        outputs = tuple(self.runtime.run(canvas))
        spent = (time.perf_counter() - started) * 1000
        return Inference(self.manifest, letterbox, canvas.shape[:2], outputs, decode_ms, spent)

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


@cache
def input_shapes(longest: int) -> tuple[Size, ...]:
    """Heights and widths of the inputs of a model of free size, the smallest first.

    >>> input_shapes(640)
    ((384, 640), (640, 384), (480, 640), (640, 480), (640, 640))
    """
    shapes = {
        (_whole_strides(longest * height / max(height, width)), _whole_strides(longest * width / max(height, width)))
        for height, width in RATIOS
    }
    return tuple(sorted(shapes, key=lambda shape: (shape[0] * shape[1], shape)))


def smallest_input(width: int, height: int, longest: int) -> Size:
    """Height and width of the smallest input that holds a picture at the scale of the square one.

    >>> smallest_input(1280, 720, 640)
    (384, 640)
    """
    place = Letterbox.fit(width, height, longest, longest)
    return next(shape for shape in input_shapes(longest) if place.height <= shape[0] and place.width <= shape[1])


def _whole_strides(pixels: float) -> int:
    return math.ceil(pixels / STRIDE) * STRIDE


def _reason(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1] if lines else type(error).__name__
