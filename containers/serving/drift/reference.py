"""``drift-reference.json``: what a version saw on held-out pictures, so that production can be held against it.

Written when the version is judged, pinned by its digest in ``metrics.json``, read when a window is. Whole in itself: it
needs neither the data nor the run, and holds the pictures as thumbnails alone.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from containers.serving.drift.table import FIGURES, Table
from containers.serving.model.arrays import Floats
from workflow.contract.drift import REFERENCE
from workflow.contract.reading import VERSION, ContractError, check_version, mapping, number, sequence, text

MOST_BYTES = 64 << 20


class ReferenceFileError(ValueError):
    """The reference is not what it claims to be: says why."""


@dataclass(frozen=True)
class Reference:
    """The rows of the held-out pictures and a thumbnail of each, by which model, at which confidence.

    ``runtime`` is what computed them: library, version and arithmetic.
    """

    model_digest: str
    confidence: float
    runtime: str
    classes: tuple[str, ...]
    table: Table
    thumbnails: tuple[bytes, ...]

    def write(self, folder: Path) -> str:
        """Write the file into a folder; its SHA-256 in hex."""
        rows = self.table
        document = {
            "version": VERSION,
            "model_digest": self.model_digest,
            "confidence": self.confidence,
            "runtime": self.runtime,
            "classes": list(self.classes),
            "pictures": list(rows.names),
            "figures": {name: [_none(value) for value in values.tolist()] for name, values in rows.figures.items()},
            "counts": rows.classes.tolist(),
            "features": [_write_base64(row.astype("<f2").tobytes()) for row in rows.features],
            "thumbnails": [_write_base64(one) for one in self.thumbnails],
        }
        content = json.dumps(document, separators=(",", ":"), allow_nan=False).encode()
        (folder / REFERENCE).write_bytes(content)
        return hashlib.sha256(content).hexdigest()

    @staticmethod
    def read(path: Path, digest: str) -> Reference:
        """Read the file of that digest. Raises ReferenceFileError for any other, or one that is not whole."""
        try:
            if path.stat().st_size > MOST_BYTES:
                raise ReferenceFileError(f"{path.name}: larger than {MOST_BYTES} bytes")
            content = path.read_bytes()
        except OSError as error:
            raise ReferenceFileError(f"{path.name} cannot be read: {error.strerror}") from None
        found = hashlib.sha256(content).hexdigest()
        if found != digest:
            raise ReferenceFileError(f"{path.name} has the digest {found}, the evaluation wrote {digest}")
        try:
            return _parse(json.loads(content))
        except (ContractError, ValueError, RecursionError) as error:
            raise ReferenceFileError(f"{path.name}: {error}") from None


def _parse(document: object) -> Reference:
    top = mapping(document, REFERENCE)
    check_version(top, REFERENCE)
    classes, names = _texts(top, "classes"), _texts(top, "pictures")
    given = mapping(top.get("figures"), "figures")
    figures = {name: np.array(sequence(given, name, "figures"), np.float64) for name in FIGURES}
    counts = np.array(sequence(top, "counts", ""), np.int64).reshape(-1, len(classes))
    rows = [_read_base64(one, "features") for one in _texts(top, "features")]
    thumbnails = tuple(_read_base64(one, "thumbnails") for one in _texts(top, "thumbnails"))
    features = _stack(rows)
    lengths = {len(names), len(counts), len(features), len(thumbnails), *(len(one) for one in figures.values())}
    if len(lengths) != 1:
        raise ContractError(f"one row of everything for each picture is wanted, found {sorted(lengths)}")
    return Reference(
        model_digest=text(top, "model_digest", ""),
        confidence=number(top, "confidence", ""),
        runtime=text(top, "runtime", ""),
        classes=classes,
        table=Table(names, figures, counts, features),
        thumbnails=thumbnails,
    )


def _stack(rows: Sequence[bytes]) -> Floats:
    vectors = [np.frombuffer(row, "<f2").astype(np.float32) for row in rows]
    return np.stack(vectors) if vectors else np.zeros((0, 0), np.float32)


def _texts(top: Any, name: str) -> tuple[str, ...]:
    found = sequence(top, name, "")
    if not all(isinstance(one, str) for one in found):
        raise ContractError(f"{name}: must be a list of texts")
    return tuple(found)


def _none(value: float) -> float | None:
    return value if np.isfinite(value) else None


def _write_base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _read_base64(data: str, where: str) -> bytes:
    try:
        return base64.b64decode(data, validate=True)
    except binascii.Error as error:
        raise ContractError(f"{where}: no base64: {error}") from error
