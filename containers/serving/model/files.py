"""The files of a model: read and verified once, and handed on to processes that need not be able to read them.

Knows no inference runtime and no numpy, so that the server itself, which sees no picture, loads neither.
"""

from __future__ import annotations

import fcntl
import os
import tempfile
from pathlib import Path

from containers.serving.model.manifest import Manifest, ModelError
from workflow.contract.gpu_engine import FILE


def read_model(folder: Path) -> tuple[bytes, bytes]:
    """The bytes of a folder's ``manifest.json`` and of the ``model.onnx`` that it is the manifest of.

    Raises ModelError when a file is missing, the manifest is not one, or the digest is another.
    """
    try:
        manifest, model = (folder / "manifest.json").read_bytes(), (folder / "model.onnx").read_bytes()
    except OSError as error:
        raise ModelError(f"{Path(error.filename).name} cannot be read: {error.strerror}") from None
    Manifest.parse(manifest).verify(model)
    return manifest, model


def read_engine(folder: Path, manifest: Manifest) -> bytes:
    """The bytes of a folder's engine for a GPU; none where the manifest knows of none.

    Raises ModelError when the file is missing, or its digest is another.
    """
    try:
        engine = b"" if manifest.engine is None else (folder / FILE).read_bytes()
    except OSError as error:
        raise ModelError(f"{FILE} cannot be read: {error.strerror}") from None
    manifest.verify_engine(engine)
    return engine


def hand_over(manifest: bytes, model: bytes, engine: bytes) -> int:
    """A file descriptor of a nameless file with all of them in it, which outlives the right to read the originals.

    In memory where the system can (Linux), on disk elsewhere.
    """
    if hasattr(os, "memfd_create"):
        handle = os.memfd_create("model", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    else:
        with tempfile.TemporaryFile() as file:
            handle = os.dup(file.fileno())
    with os.fdopen(os.dup(handle), "wb") as stream:
        for part in (manifest, model, engine):
            stream.write(len(part).to_bytes(8, "big") + part)
    if hasattr(os, "memfd_create"):
        # A worker that a picture has taken over shall not hand another model to the workers after it.
        fcntl.fcntl(
            handle, fcntl.F_ADD_SEALS, fcntl.F_SEAL_WRITE | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL
        )
    return handle


def take_over(handle: int) -> tuple[Manifest, bytes, bytes]:
    """The manifest, the model and the engine of ``hand_over``, verified once more. Raises ModelError."""
    data, parts, at = os.pread(handle, os.fstat(handle).st_size, 0), [], 0
    for _ in range(3):
        length, at = int.from_bytes(data[at : at + 8], "big"), at + 8
        parts.append(data[at : at + length])
        at += length
    text, model, engine = parts
    manifest = Manifest.parse(text)
    manifest.verify(model)
    manifest.verify_engine(engine)
    return manifest, model, engine
