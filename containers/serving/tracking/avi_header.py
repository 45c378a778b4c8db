"""Reads the header of an AVI file (Microsoft, "AVI RIFF File Reference"). Pure."""

from __future__ import annotations

from containers.serving.tracking.video_header import TruncatedVideoError, VideoHeader

_MAIN_HEADER = 24
"""Where every AVI has it: after RIFF, the list of headers and the name of the first one."""


def read_avi(data: bytes) -> VideoHeader:
    """The header of a file that is all there. Raises VideoError."""

    def number(at: int) -> int:
        return int.from_bytes(data[at : at + 4], "little")

    if data[12:16] != b"LIST" or data[20:28] != b"hdrlavih" or len(data) < _MAIN_HEADER + 48:
        raise TruncatedVideoError("AVI", "its header is missing")
    if 8 + number(4) > len(data):
        raise TruncatedVideoError("AVI", "its end is missing")
    main = _MAIN_HEADER + 8
    frames = number(main + 16)
    return VideoHeader("AVI", number(main + 32), number(main + 36), frames, frames * number(main) / 1e6)
