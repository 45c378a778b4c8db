"""Reads ``manifest.json``, which says what a model expects and which bytes it is made of.

Knows no inference runtime: it checks text and digests, so that nothing unproven is ever loaded.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass

VERSION = 1
LONGEST_SIDE = 4096
"""Pixels; no model of ours is wider, and a larger figure would only ask for memory."""


class ModelError(ValueError):
    """A model, its manifest or its archive is not what it claims to be."""


@dataclass(frozen=True)
class Manifest:
    """What is known of a model: names of its classes, input size in pixels, SHA-256 of ``model.onnx`` in hex."""

    classes: tuple[str, ...]
    height: int
    width: int
    model_digest: str

    @staticmethod
    def parse(text: str | bytes) -> Manifest:
        """Read the text of ``manifest.json``. Raises ModelError that names the key."""
        try:
            document = json.loads(text)
        except ValueError as error:
            raise ModelError(f"manifest.json is not JSON: {error}") from None
        if not isinstance(document, dict) or document.get("version") != VERSION:
            raise ModelError(f"manifest.json: must be an object of version {VERSION}")
        if document.get("task") != "detect":
            raise ModelError(f"manifest.json: task {document.get('task')!r} is not detect")
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
        digest = document.get("model_digest")
        listed = document.get("files")
        entry = listed.get("model.onnx") if isinstance(listed, dict) else None
        if not isinstance(digest, str) or not isinstance(entry, dict) or entry.get("sha256") != digest:
            raise ModelError("manifest.json: model_digest and files['model.onnx'].sha256 must be the same digest")
        return Manifest(tuple(classes), size[0], size[1], digest)

    def verify(self, model: bytes) -> None:
        """Raise ModelError unless these are the bytes of the model the manifest describes."""
        digest = hashlib.sha256(model).hexdigest()
        if digest != self.model_digest:
            raise ModelError(f"model.onnx has the digest {digest}, its manifest says {self.model_digest}")


def _side(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value <= LONGEST_SIDE
