"""A detector small enough to write by hand: it finds pure red, green and blue cells of 8 x 8 pixels.

Written as ONNX bytes directly, so that the tests need neither the onnx package nor a trained model. The graph:
average every cell, keep what is brighter than one half, and answer it as the class scores of fixed boxes.
"""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from pathlib import Path

import numpy as np

CLASSES = ["red", "green", "blue"]
CELL = 8
FLOAT, INT64 = 1, 7


def _varint(number: int) -> bytes:
    out = bytearray()
    while True:
        low, number = number & 0x7F, number >> 7
        out.append(low | (0x80 if number else 0))
        if not number:
            return bytes(out)


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _bytes(field: int, value: bytes | str) -> bytes:
    data = value.encode() if isinstance(value, str) else value
    return _varint(field << 3 | 2) + _varint(len(data)) + data


def _tensor(name: str, array: np.ndarray) -> bytes:
    kind = FLOAT if array.dtype == np.float32 else INT64
    dims = b"".join(_number(1, size) for size in array.shape)
    return dims + _number(2, kind) + _bytes(8, name) + _bytes(9, array.tobytes())


def _value(name: str, shape: tuple[int, ...]) -> bytes:
    dims = b"".join(_bytes(1, _number(1, size)) for size in shape)
    return _bytes(1, name) + _bytes(2, _bytes(1, _number(1, FLOAT) + _bytes(2, dims)))


def _integers(name: str, values: list[int]) -> bytes:
    return _bytes(1, name) + b"".join(_number(8, value) for value in values) + _number(20, 7)


def _integer(name: str, value: int) -> bytes:
    return _bytes(1, name) + _number(3, value) + _number(20, 2)


def _node(kind: str, inputs: list[str], output: str, *attributes: bytes) -> bytes:
    named = b"".join(_bytes(1, name) for name in inputs) + _bytes(2, output) + _bytes(4, kind)
    return named + b"".join(_bytes(5, attribute) for attribute in attributes)


def tiny_model(size: int = 64, *, gain: float = 2.0, classes: int = 3, side: int = CELL) -> bytes:
    """The bytes of ``model.onnx`` for pictures of ``size`` x ``size``; a pure cell scores ``gain`` / 2.

    Its box is around it, ``side`` pixels wide and high.
    """
    cells = size // CELL
    rows, columns = np.mgrid[0:cells, 0:cells].astype(np.float32)
    boxes = np.stack([columns.ravel() * CELL + CELL / 2, rows.ravel() * CELL + CELL / 2])
    boxes = np.concatenate([boxes, np.full_like(boxes, side)])[None].astype(np.float32)
    cell = [CELL, CELL]
    nodes = [
        _node("AveragePool", ["images"], "mean", _integers("kernel_shape", cell), _integers("strides", cell)),
        _node("Sub", ["mean", "half"], "above"),
        _node("Relu", ["above"], "bright"),
        _node("Mul", ["bright", "gain"], "scaled"),
        _node("Reshape", ["scaled", "shape"], "scores"),
        _node("Concat", ["boxes", "scores"], "output0", _integer("axis", 1)),
    ]
    constants = [
        _tensor("half", np.array(0.5, np.float32)),
        _tensor("gain", np.array(gain, np.float32)),
        _tensor("shape", np.array([1, classes, cells * cells], np.int64)),
        _tensor("boxes", boxes),
    ]
    graph = b"".join(_bytes(1, node) for node in nodes) + _bytes(2, "tiny")
    graph += b"".join(_bytes(5, constant) for constant in constants)
    graph += _bytes(11, _value("images", (1, 3, size, size)))
    graph += _bytes(12, _value("output0", (1, 4 + classes, cells * cells)))
    return _number(1, 8) + _bytes(7, graph) + _bytes(8, _bytes(1, "") + _number(2, 13))


def write_model(
    folder: Path,
    *,
    size: int = 64,
    gain: float = 2.0,
    classes: list[str] | None = None,
    side: int = CELL,
    **more: object,
) -> str:
    """Write ``model.onnx`` and ``manifest.json``, with ``more`` keys, into a folder; return the model's digest."""
    folder.mkdir(parents=True, exist_ok=True)
    model = tiny_model(size, gain=gain, side=side)
    digest = hashlib.sha256(model).hexdigest()
    manifest = {
        "version": 1,
        "task": "detect",
        "classes": classes or CLASSES,
        "image_size": [size, size],
        "files": {"model.onnx": {"sha256": digest, "bytes": len(model)}},
        "model_digest": digest,
        **more,
    }
    (folder / "model.onnx").write_bytes(model)
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return digest


def add_engine(folder: Path, engine: bytes = b"not run here") -> None:
    """Put an engine for a GPU beside the model of a folder, as a training on an A10G does."""
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["files"]["model.engine"] = {"sha256": hashlib.sha256(engine).hexdigest(), "bytes": len(engine)}
    manifest["engine"] = {"gpu": "NVIDIA A10G", "compute_capability": "8.6", "tensorrt": "10.16.1.11"}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    (folder / "model.engine").write_bytes(engine)


def write_archive(archive: Path, members: dict[str, bytes]) -> Path:
    """Write a ``model.tar.gz`` of plain files."""
    archive.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(archive, "w:gz") as tar:
        for name, data in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    return archive


def archive_model(folder: Path, archive: Path) -> Path:
    """Pack a folder of ``write_model`` as SageMaker packs a training's output, with a weights file beside it."""
    members = {path.name: path.read_bytes() for path in sorted(folder.iterdir())}
    return write_archive(archive, {**members, "weights.pt": b"never read"})
