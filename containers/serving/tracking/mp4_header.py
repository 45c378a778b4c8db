"""Reads the boxes of an MP4 or MOV file that say what its video is (ISO/IEC 14496-12). Pure."""

from __future__ import annotations

from collections.abc import Iterator

from containers.serving.tracking.video_header import TruncatedVideoError, VideoError, VideoHeader

MAXIMUM_BOXES = 65_536
"""Side by side; a recording in fragments has two for each."""
_HEAD = 8
_SAMPLE_ENTRY = 36
"""Bytes of a stsd box up to the end of the sides in its first entry."""


def read_mp4(data: bytes) -> VideoHeader:
    """The header of an MP4 whose boxes are all there; of several videos in it the first. Raises VideoError."""
    whole = list(_boxes(data, 0, len(data)))
    index = next((place for name, place in whole if name == b"moov"), None)
    if index is None:
        raise TruncatedVideoError("MP4", "its index (moov) is missing")
    if not any(name == b"mdat" for name, _ in whole):
        raise TruncatedVideoError("MP4", "it holds no frames (mdat)")
    for name, track in _boxes(data, *index):
        if name == b"trak" and (found := _read_track(data, track)) is not None:
            return found
    raise VideoError("the MP4 holds no video, only other tracks")


def _read_track(data: bytes, track: tuple[int, int]) -> VideoHeader | None:
    media = _find(data, track, b"mdia")
    handler = _find(data, media, b"hdlr")
    if data[handler[0] + 8 : handler[0] + 12] != b"vide":
        return None
    at, _ = _find(data, media, b"mdhd")
    # In its second version times have eight bytes.
    times, wide = (at + 20, 8) if data[at : at + 1] == b"\1" else (at + 12, 4)
    scale, length = _number(data, times, 4), _number(data, times + 4, wide)
    table = _find(data, _find(data, media, b"minf"), b"stbl")
    entry, end = _find(data, table, b"stsd")
    if end - entry < 8 + _SAMPLE_ENTRY:
        raise TruncatedVideoError("MP4", "it does not say how its frames are stored")
    width, height = _number(data, entry + 8 + 32, 2), _number(data, entry + 8 + 34, 2)
    frames = _count_frames(data, *_find(data, table, b"stts"))
    # A recording in fragments counts in each of them, and here not at all.
    return VideoHeader("MP4", width, height, frames or None, length / scale if scale and frames else None)


def _count_frames(data: bytes, start: int, end: int) -> int:
    """How many frames a table of (frames, time of each) counts."""
    entries = min(_number(data, start + 4, 4), (end - start - 8) // 8)
    return sum(_number(data, start + 8 + 8 * at, 4) for at in range(entries))


def _find(data: bytes, place: tuple[int, int], wanted: bytes) -> tuple[int, int]:
    found = next((inner for name, inner in _boxes(data, *place) if name == wanted), None)
    if found is None:
        raise TruncatedVideoError("MP4", f"a track has no {wanted.decode()}")
    return found


def _boxes(data: bytes, start: int, end: int) -> Iterator[tuple[bytes, tuple[int, int]]]:
    """Name, and start and end of what is inside, of each box. Raises VideoError where one leads out of the place."""
    for _ in range(MAXIMUM_BOXES):
        if end - start < _HEAD:
            return
        size, name, head = _number(data, start, 4), data[start + 4 : start + 8], _HEAD
        if size == 1:
            size, head = _number(data, start + 8, 8), 16
        elif size == 0:
            size = end - start
        if size < head or start + size > end:
            raise TruncatedVideoError("MP4", f"the end of its box {name!r} is missing")
        yield name, (start + head, start + size)
        start += size
    raise VideoError(f"the MP4 has more than {MAXIMUM_BOXES} boxes")


def _number(data: bytes, at: int, size: int) -> int:
    return int.from_bytes(data[at : at + size])
