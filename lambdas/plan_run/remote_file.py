"""An object of S3 as a file that can be read from anywhere in it: a large archive's few small members cost no more."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any

BUFFER_BYTES = 256 * 1024
"""What one request brings at least."""


@dataclass(frozen=True)
class Remote:
    """An object as it was found: ``etag`` names the very bytes, ``size`` is how many."""

    bucket: str
    key: str
    etag: str
    size: int


def open_remote(s3: Any, remote: Remote) -> io.BufferedReader:
    """The object, to be read and sought. Reading fails where it was written over since."""
    return io.BufferedReader(_Ranges(s3, remote), BUFFER_BYTES)


class _Ranges(io.RawIOBase):
    """Reads a range of the object for every read."""

    def __init__(self, s3: Any, remote: Remote) -> None:
        self._s3, self._remote, self._at = s3, remote, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._remote.size}[whence]
        if start + offset < 0:
            raise ValueError(f"there is nothing before the first byte: {offset}")
        self._at = start + offset
        return self._at

    def readinto(self, buffer: Any) -> int:
        end = min(self._at + len(buffer), self._remote.size)
        if end <= self._at:
            return 0
        asked = {"Bucket": self._remote.bucket, "Key": self._remote.key, "IfMatch": self._remote.etag}
        found = self._s3.get_object(**asked, Range=f"bytes={self._at}-{end - 1}")["Body"].read()
        buffer[: len(found)] = found
        self._at += len(found)
        return len(found)
