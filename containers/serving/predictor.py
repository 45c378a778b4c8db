"""The one predictor: loaded once, it turns the bytes of an image into boxes.

The server answers with it and the evaluation measures it, so what is judged is what serves.
It knows no HTTP, no metric and no training framework.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnxruntime

from containers.serving.detection import Detections, Floats, Letterbox, decode, to_picture
from containers.serving.image import decode_image
from containers.serving.manifest import Manifest, ModelError

CONFIDENCE = 0.25
IOU = 0.7
BORDER_GREY = 114
"""Value of the border around a picture, the one used in training."""


@dataclass(frozen=True)
class Inference:
    """What the graph said of one picture (size in pixels), before any threshold. Times in milliseconds."""

    width: int
    height: int
    letterbox: Letterbox
    output: Floats
    decode_ms: float
    inference_ms: float

    def detections(self, *, confidence: float = CONFIDENCE, iou: float = IOU, every_class: bool = False) -> Detections:
        """Boxes in pixels of the picture, clipped to it; see ``detection.decode`` for ``every_class``."""
        found = decode(self.output, confidence=confidence, iou=iou, every_class=every_class)
        return to_picture(found, self.letterbox, self.width, self.height)


@dataclass(frozen=True)
class Prediction:
    """The answer for one picture: its size in pixels, what was found, where the time went in milliseconds."""

    width: int
    height: int
    detections: Detections
    timings_ms: dict[str, float]


def processors() -> int:
    """Processors this process may use; where the system cannot tell (macOS), all there are."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Predictor:
    """A loaded model. Safe to call from several threads at once."""

    def __init__(self, manifest: Manifest, session: onnxruntime.InferenceSession) -> None:
        """Take a verified manifest and the session of the model it describes; ``load`` makes both."""
        self.manifest = manifest
        self._session = session
        self._input = session.get_inputs()[0].name

    @staticmethod
    def load(folder: Path) -> Predictor:
        """Load ``model.onnx`` and ``manifest.json`` of a folder and run the model once.

        Raises ModelError when a file is missing, the digest is another, or the graph is not what the manifest says.
        """
        try:
            manifest = Manifest.parse((folder / "manifest.json").read_bytes())
            model = (folder / "model.onnx").read_bytes()
        except OSError as error:
            raise ModelError(f"{Path(error.filename).name} cannot be read: {error.strerror}") from None
        manifest.verify(model)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = processors()
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        try:
            # From the bytes just verified: the file cannot change in between, and no file beside it is read.
            session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
            predictor = Predictor(manifest, session)
            predictor.infer_pixels(np.full((manifest.height, manifest.width, 3), BORDER_GREY, np.uint8))
        except ModelError:
            raise
        except Exception as error:  # the runtime raises its own types, none of them public
            raise ModelError(f"model.onnx does not run: {str(error).splitlines()[0]}") from None
        return predictor

    def predict(self, images: Sequence[bytes], *, confidence: float = CONFIDENCE, iou: float = IOU) -> list[Prediction]:
        """Find the objects in encoded JPEG or PNG images. Raises ImageError for bytes that are no such image."""
        return [self._predict(image, confidence, iou) for image in images]

    def _predict(self, image: bytes, confidence: float, iou: float) -> Prediction:
        inference = self.infer(image)
        started = time.perf_counter()
        found = inference.detections(confidence=confidence, iou=iou)
        timings = {
            "decode": round(inference.decode_ms, 2),
            "inference": round(inference.inference_ms, 2),
            "boxes": round((time.perf_counter() - started) * 1000, 2),
        }
        return Prediction(inference.width, inference.height, found, timings)

    def infer(self, image: bytes) -> Inference:
        """Run the model on one encoded image and keep its raw output."""
        started = time.perf_counter()
        pixels = decode_image(image)
        return self.infer_pixels(pixels, decode_ms=(time.perf_counter() - started) * 1000)

    def infer_pixels(self, pixels: np.ndarray[Any, np.dtype[np.uint8]], decode_ms: float = 0.0) -> Inference:
        """Run the model on ``pixels`` [height, width, blue-green-red]."""
        started = time.perf_counter()
        height, width = pixels.shape[:2]
        place = Letterbox.fit(width, height, self.manifest.width, self.manifest.height)
        canvas = np.full((self.manifest.height, self.manifest.width, 3), BORDER_GREY, np.uint8)
        if (place.width, place.height) != (width, height):
            pixels = cv2.resize(pixels, (place.width, place.height), interpolation=cv2.INTER_LINEAR)
        canvas[place.top : place.top + place.height, place.left : place.left + place.width] = pixels
        blob = cv2.dnn.blobFromImage(canvas, scalefactor=1 / 255, swapRB=True)
        output = np.asarray(self._session.run(None, {self._input: blob})[0])
        expected = (1, 4 + len(self.manifest.classes))
        if output.ndim != 3 or output.shape[:2] != expected or not np.isfinite(output).all():
            raise ModelError(f"the model answers {output.shape}, expected finite numbers of shape {(*expected, 'n')}")
        spent = (time.perf_counter() - started) * 1000
        return Inference(width, height, place, output[0], decode_ms, spent)

    def as_json(self, detections: Detections) -> list[dict[str, Any]]:
        """Detections as they are answered: class, score and box in pixels, best first."""
        return [
            {
                "class_id": int(class_id),
                "class": self.manifest.classes[class_id],
                "score": round(float(score), 5),
                "box": [round(float(side), 2) for side in box],
            }
            for box, score, class_id in zip(detections.boxes, detections.scores, detections.classes, strict=True)
        ]
