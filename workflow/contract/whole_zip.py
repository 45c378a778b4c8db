"""Whether a file is one zip archive from its first byte to its last, so that every reader finds the same in it.

``zipfile`` looks for an archive at a file's end, PyTorch at its start first: a pickle before an archive is a harmless
archive to the one and a pickle to the other.
"""

from __future__ import annotations

import struct
import zipfile
from pathlib import Path

_MEMBER = b"PK\x03\x04"
_END, _LOCATOR, _LONG_END = struct.Struct("<4s8x2LH"), struct.Struct("<4s4xQ4x"), struct.Struct("<4s36x2Q")


def check_whole_zip(path: Path) -> None:
    """Raise zipfile.BadZipFile unless a member begins at the first byte and the list of members ends at the last."""
    size = path.stat().st_size
    with path.open("rb") as stream:
        if stream.read(len(_MEMBER)) != _MEMBER:
            raise zipfile.BadZipFile("it does not begin as a zip archive does")
        stream.seek(max(0, size - _LONG_END.size - _LOCATOR.size - _END.size))
        tail = stream.read()
    signature, length, start, comment = _END.unpack(tail[-_END.size :].rjust(_END.size))
    if signature != b"PK\x05\x06" or comment:
        raise zipfile.BadZipFile("it does not end as a zip archive does, or something follows the archive")
    end = size - _END.size
    signature, long_end = _LOCATOR.unpack(tail[-_END.size - _LOCATOR.size : -_END.size].rjust(_LOCATOR.size))
    if signature == b"PK\x06\x07":
        end -= _LOCATOR.size + _LONG_END.size
        signature, length, start = _LONG_END.unpack(tail[: _LONG_END.size])
        if signature != b"PK\x06\x06" or long_end != end:
            raise zipfile.BadZipFile("its end does not lie where it says")
    if start + length != end:
        raise zipfile.BadZipFile("its list of members does not lie where it says")
    with zipfile.ZipFile(path) as archive:
        if min((item.header_offset for item in archive.infolist()), default=0) != 0:
            raise zipfile.BadZipFile("something precedes its members")
