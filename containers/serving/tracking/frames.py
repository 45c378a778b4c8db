"""How a process that decodes a video tells its frames: bytes, both ends of which are ours and of one version."""

from __future__ import annotations

import struct

_RATE = struct.Struct("!d")
_FRAME = struct.Struct("!IId")
RATE_BYTES, FRAME_BYTES = _RATE.size, _FRAME.size


def pack_rate(frames_per_second: float) -> bytes:
    """What is told first."""
    return _RATE.pack(frames_per_second)


def unpack_rate(data: bytes | bytearray) -> float:
    """The rate that ``pack_rate`` packed."""
    rate: float = _RATE.unpack(data)[0]
    return rate


def pack_frame(height: int, width: int, seconds: float) -> bytes:
    """What precedes the pixels [height, width, 3] of a frame; a height of 0 is the video's end."""
    return _FRAME.pack(height, width, seconds)


def unpack_frame(data: bytes | bytearray) -> tuple[int, int, float]:
    """Height, width and seconds that ``pack_frame`` packed."""
    height, width, seconds = _FRAME.unpack(data)
    return height, width, seconds
