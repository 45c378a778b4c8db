"""Unpacks ``model.tar.gz`` without trusting it.

Only plain files of the names we write are accepted; links, other paths, other kinds of entry and anything
that unpacks to more than the bounds are refused. Nothing in the archive is ever run or unpickled.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import tarfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from containers.serving.model.manifest import Manifest, ModelError
from workflow.contract.gpu_engine import FILE

WANTED = ("manifest.json", "model.onnx")
ABOUT = ("training.json", "dataset.json")
"""How the model came about; archives of before have neither."""
IGNORED = ("weights.pt",)
MAXIMUM_BYTES = {
    "manifest.json": 1 << 20,
    "model.onnx": 1 << 30,
    FILE: 1 << 30,
    "training.json": 8 << 20,
    "dataset.json": 8 << 20,
    "weights.pt": 2 << 30,
}
LONGEST_READ = 1 << 20
"""Bytes tarfile may ask for at once; its own headers are far smaller, a header made to fill the memory is not."""


class ArchiveError(ModelError):
    """The archive holds something it must not, or lacks something it must hold."""


class _Bounded:
    """A seekable stream that refuses to hand out more at once than a well-made archive ever asks for."""

    def __init__(self, stream: gzip.GzipFile) -> None:
        self._stream = stream

    def read(self, size: int = -1) -> bytes:
        if size < 0 or size > LONGEST_READ:
            raise ArchiveError("a header of the archive is larger than any archive of a model needs")
        return self._stream.read(size)

    def tell(self) -> int:
        return self._stream.tell()

    def seek(self, position: int, whence: int = 0) -> int:
        return self._stream.seek(position, whence)


def archive_digest(archive: Path) -> str:
    """SHA-256 of the archive's bytes in hex."""
    with archive.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def unpack(archive: Path, target: Path) -> Manifest:
    """Write ``model.onnx``, ``manifest.json``, an engine for a GPU and what ABOUT names into ``target``, a folder.

    Returns the manifest.
    Raises ArchiveError on anything unexpected, and ModelError when the digests do not match.
    """
    if not archive.is_file():
        raise ArchiveError(f"{archive.name} is missing")
    try:
        with gzip.open(archive, "rb") as stream:
            _unpack_members(stream, target)
    except ModelError:
        raise
    except (tarfile.TarError, gzip.BadGzipFile, zlib.error, EOFError, OSError, ValueError) as error:
        raise ArchiveError(f"{archive.name} is no readable archive: {error}") from None
    manifest = Manifest.parse((target / "manifest.json").read_bytes())
    manifest.verify((target / "model.onnx").read_bytes())
    return manifest


def read_about(folder: Path, name: str) -> Mapping[str, Any] | None:
    """One of ABOUT of an unpacked archive; None where the archive has none.

    Raises ArchiveError where it is no JSON object.
    """
    path = folder / name
    if not path.is_file():
        return None
    try:
        document = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise ArchiveError(f"{name} in the archive is not JSON: {error}") from None
    if not isinstance(document, dict):
        raise ArchiveError(f"{name} in the archive must be a JSON object")
    return document


def _unpack_members(stream: gzip.GzipFile, target: Path) -> None:
    seen: set[str] = set()
    bounded: Any = _Bounded(stream)  # read, tell and seek are all that tarfile calls
    with tarfile.open(fileobj=bounded, mode="r:") as tar:
        for member in tar:
            name = member.name.removeprefix("./")
            if member.isdir() and name in (".", ""):
                continue
            _check(member, name, seen)
            seen.add(name)
            if name not in IGNORED:
                _copy(tar, member, target / name)
    # Another reader of the archive might go on behind its end, and find another model there.
    if any(rest := stream.read(LONGEST_READ)) or len(rest) == LONGEST_READ:
        raise ArchiveError("something follows the end of the archive")
    missing = [name for name in WANTED if name not in seen]
    if missing:
        raise ArchiveError(f"the archive lacks {' and '.join(missing)}")


def _check(member: tarfile.TarInfo, name: str, seen: set[str]) -> None:
    if name not in MAXIMUM_BYTES:
        raise ArchiveError(f"the archive holds {member.name!r}: only {', '.join(MAXIMUM_BYTES)} are expected")
    if member.type not in (tarfile.REGTYPE, tarfile.AREGTYPE) or member.sparse is not None:
        raise ArchiveError(f"{name} in the archive is no plain file")
    if name in seen:
        raise ArchiveError(f"{name} is in the archive twice")
    if member.size > MAXIMUM_BYTES[name]:
        raise ArchiveError(
            f"{name} in the archive claims {member.size} bytes, at most {MAXIMUM_BYTES[name]} are allowed"
        )


def _copy(tar: tarfile.TarFile, member: tarfile.TarInfo, path: Path) -> None:
    source = tar.extractfile(member)
    if source is None:
        raise ArchiveError(f"{path.name} in the archive is no plain file")
    with source, path.open("xb") as copy:
        while block := source.read(LONGEST_READ):
            copy.write(block)
