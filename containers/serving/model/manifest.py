"""Reads ``manifest.json``, which says what a model expects and which bytes it is made of.

Knows no inference runtime: it checks text and digests, so that nothing unproven is ever loaded.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass

from workflow.contract.gpu_engine import FILE, Machine
from workflow.contract.model import MAXIMUM_DETECTIONS, PRECISIONS, TASKS, USUAL_DETECTIONS
from workflow.contract.reading import VERSION, ContractError, object_or_empty
from workflow.contract.tiles import TILINGS, Tiling

LONGEST_SIDE = 4096
"""Pixels; no model of ours is wider, and a larger figure would only ask for memory."""
MOST_KEYPOINTS = 1000
"""Of one object; more would only ask for memory."""


class ModelError(ValueError):
    """A model, its manifest or its archive is not what it claims to be."""


@dataclass(frozen=True)
class Manifest:
    """What is known of a model: names of its classes, input size in pixels, SHA-256 of ``model.onnx`` in hex.

    ``task`` is one of the contract's TASKS; ``precision``, in which the model computes, one of its PRECISIONS.
    ``keypoints``, of pose alone, is how many an object has and how many numbers each: 2 for x and y, 3 with the
    visibility. ``max_detections`` is how many objects of a picture it finds at most, ``tiles`` whether it looks at
    large pictures in tiles unless it is asked otherwise. ``engine`` is the machine that the ``model.engine`` beside the
    graph was built on, ``engine_digest`` that file's SHA-256; without one None and empty.
    """

    classes: tuple[str, ...]
    height: int
    width: int
    model_digest: str
    task: str = "detect"
    precision: str = "f32"
    keypoints: tuple[int, int] | None = None
    max_detections: int = USUAL_DETECTIONS
    tiles: Tiling = "off"
    engine: Machine | None = None
    engine_digest: str = ""

    @staticmethod
    def parse(text: str | bytes) -> Manifest:
        """Read the text of ``manifest.json``. Raises ModelError that names the key."""
        try:
            document = json.loads(text)
        except ValueError as error:
            raise ModelError(f"manifest.json is not JSON: {error}") from None
        if not isinstance(document, dict) or document.get("version") != VERSION:
            raise ModelError(f"manifest.json: must be an object of version {VERSION}")
        task, precision = document.get("task"), document.get("precision", "f32")
        if task not in TASKS:
            raise ModelError(f"manifest.json: task {task!r} is none of {', '.join(TASKS)}")
        if precision not in PRECISIONS:
            raise ModelError(f"manifest.json: precision {precision!r} is none of {', '.join(PRECISIONS)}")
        classes = document.get("classes")
        if not isinstance(classes, list) or not classes or not all(isinstance(name, str) and name for name in classes):
            raise ModelError("manifest.json: classes must be a list of at least one name")
        if len(set(classes)) != len(classes):
            raise ModelError("manifest.json: two classes have the same name")
        size = document.get("image_size")
        if not isinstance(size, list) or len(size) != 2 or not all(_side(value) for value in size):
            raise ModelError(
                f"manifest.json: image_size must be [height, width] of 1 to {LONGEST_SIDE}, found {size!r}"
            )
        if task == "classify" and size[0] != size[1]:
            raise ModelError(f"manifest.json: image_size of a classifier must be square, found {size!r}")
        keypoints = _keypoints(task, document.get("keypoints"))
        most = document.get("max_detections", USUAL_DETECTIONS)
        if type(most) is not int or not 1 <= most <= MAXIMUM_DETECTIONS:
            raise ModelError(
                f"manifest.json: max_detections must be a whole number from 1 to {MAXIMUM_DETECTIONS}, found {most!r}"
            )
        tiles = document.get("tiles", "off")
        if tiles not in TILINGS or (tiles != "off" and task == "classify"):
            raise ModelError(
                f"manifest.json: tiles {tiles!r} is none of {', '.join(TILINGS)}, or not for a {task} model"
            )
        digest = document.get("model_digest")
        listed = object_or_empty(document.get("files"))
        entry = listed.get("model.onnx")
        if not isinstance(digest, str) or not isinstance(entry, dict) or entry.get("sha256") != digest:
            raise ModelError("manifest.json: model_digest and files['model.onnx'].sha256 must be the same digest")
        engine, engine_digest = _engine(document.get("engine"), listed.get(FILE))
        return Manifest(
            tuple(classes), size[0], size[1], digest, task, precision, keypoints, most, tiles, engine, engine_digest
        )

    def verify(self, model: bytes) -> None:
        """Raise ModelError unless these are the bytes of the model the manifest describes."""
        digest = hashlib.sha256(model).hexdigest()
        if digest != self.model_digest:
            raise ModelError(f"model.onnx has the digest {digest}, its manifest says {self.model_digest}")

    def verify_engine(self, engine: bytes) -> None:
        """Raise ModelError unless these are the bytes of the engine, or none where the manifest describes none."""
        digest = hashlib.sha256(engine).hexdigest() if engine else ""
        if digest != self.engine_digest:
            raise ModelError(f"{FILE} has the digest {digest!r}, its manifest says {self.engine_digest!r}")


def _side(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value <= LONGEST_SIDE


def _engine(described: object, entry: object) -> tuple[Machine | None, str]:
    """The machine that an engine was built on and the engine's digest: both are there, or neither."""
    if described is None and entry is None:
        return None, ""
    digest = entry.get("sha256") if isinstance(entry, dict) else None
    if not isinstance(digest, str) or not digest:
        raise ModelError(f"manifest.json: engine and files[{FILE!r}].sha256 must both be there, or neither")
    try:
        return Machine.parse(described), digest
    except ContractError as error:
        raise ModelError(f"manifest.json: {error}") from None


def _keypoints(task: str, value: object) -> tuple[int, int] | None:
    if task != "pose":
        if value is not None:
            raise ModelError(f"manifest.json: keypoints belong to the task pose, found {value!r} for {task}")
        return None
    try:
        return read_keypoints(value)
    except ValueError as error:
        raise ModelError(f"manifest.json: {error}") from None


def read_keypoints(value: object) -> tuple[int, int]:
    """How many keypoints an object has, and how many numbers each. Raises ValueError where ``value`` does not say."""
    if isinstance(value, list) and len(value) == 2 and all(type(number) is int for number in value):
        count, numbers = value
        if 0 < count <= MOST_KEYPOINTS and numbers in (2, 3):
            return count, numbers
    raise ValueError(f"keypoints must be [count, 2 or 3] with a count of 1 to {MOST_KEYPOINTS}, found {value!r}")
