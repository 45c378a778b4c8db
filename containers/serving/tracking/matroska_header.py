"""Reads the elements of a WebM or Matroska file that say what its video is (RFC 8794, RFC 9559). Pure."""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator

from containers.serving.tracking.video_header import TruncatedVideoError, VideoError, VideoHeader

MAXIMUM_ELEMENTS = 4096
"""Side by side before the first frames."""
_SEGMENT, _INFO, _TRACKS, _TRACK, _CLUSTER = 0x18538067, 0x1549A966, 0x1654AE6B, 0xAE, 0x1F43B675
_SCALE, _DURATION = 0x2AD7B1, 0x4489
_TYPE, _VIDEO, _WIDTH, _HEIGHT = 0x83, 0xE0, 0xB0, 0xBA
_USUAL_SCALE = 1_000_000
"""Nanoseconds in which a file counts that does not say."""

Place = tuple[int, int]


def read_matroska(data: bytes) -> VideoHeader:
    """The header of a file that is all there; of several videos in it the first. Raises VideoError.

    A recording that was written as it was made does not say how long it is; that it is all there nobody can tell.
    """
    segment = next((place for name, place in _elements(data, 0, len(data)) if name == _SEGMENT), None)
    if segment is None:
        raise TruncatedVideoError("Matroska", "it has no segment")
    seconds, size = None, None
    for name, place in _elements(data, *segment):
        if name == _INFO:
            seconds = _read_seconds(data, place)
        elif name == _TRACKS:
            size = _read_size(data, place)
        elif name == _CLUSTER:
            break
    else:
        raise TruncatedVideoError("Matroska", "it holds no frames")
    if size is None:
        raise VideoError("the Matroska file holds no video, or does not say so before its first frames")
    return VideoHeader("Matroska", *size, None, seconds)


def _read_seconds(data: bytes, place: Place) -> float | None:
    found = dict(_elements(data, *place))
    if _DURATION not in found:
        return None
    start, end = found[_DURATION]
    form = {4: ">f", 8: ">d"}.get(end - start)
    length = struct.unpack(form, data[start:end])[0] if form else math.nan
    if not (math.isfinite(length) and length >= 0):
        raise TruncatedVideoError("Matroska", "its duration is no number")
    scale = _number(data, found[_SCALE]) if _SCALE in found else _USUAL_SCALE
    return float(length * scale / 1e9)


def _read_size(data: bytes, place: Place) -> tuple[int, int] | None:
    for name, track in _elements(data, *place):
        if name != _TRACK:
            continue
        inner = dict(_elements(data, *track))
        if _VIDEO in inner and _TYPE in inner and _number(data, inner[_TYPE]) == 1:
            video = dict(_elements(data, *inner[_VIDEO]))
            if _WIDTH in video and _HEIGHT in video:
                return _number(data, video[_WIDTH]), _number(data, video[_HEIGHT])
    return None


def _elements(data: bytes, start: int, end: int) -> Iterator[tuple[int, Place]]:
    """Id, and start and end of what is inside, of each element; of one of unknown size all that follows is inside."""
    for _ in range(MAXIMUM_ELEMENTS):
        if start >= end:
            return
        name, start = _variable(data, start, 4, keep=True)
        size, start = _variable(data, start, 8, keep=False)
        last = end if size is None else start + size
        if last > end:
            raise TruncatedVideoError("Matroska", f"the end of its element {name:#x} is missing")
        yield name or 0, (start, last)
        start = last
    raise VideoError(f"the Matroska file has more than {MAXIMUM_ELEMENTS} elements before its frames")


def _variable(data: bytes, at: int, most: int, *, keep: bool) -> tuple[int | None, int]:
    """A number of 1 to ``most`` bytes and where it ends; its first set bit says how many, and is kept of an id.

    None where every other bit is set, as of a size that was not known when it was written.
    """
    first = data[at] if at < len(data) else 0
    length = 9 - first.bit_length()
    if first == 0 or length > most or at + length > len(data):
        raise TruncatedVideoError("Matroska", "an element has no name or size")
    value = int.from_bytes(data[at : at + length])
    if keep:
        return value, at + length
    bits = 7 * length
    value &= (1 << bits) - 1
    return (None if value == (1 << bits) - 1 else value), at + length


def _number(data: bytes, place: Place) -> int:
    return int.from_bytes(data[place[0] : place[1]])
