"""Reads kind, size and length of a video from its bytes, before anything is decoded, and holds them to bounds.

Pure: what claims more than is followed, or is not all there, costs a millisecond and no memory. Whoever decodes it
still counts for itself, for a header may lie.
"""

from __future__ import annotations

import re

from containers.serving.tracking.avi_header import read_avi
from containers.serving.tracking.matroska_header import read_matroska
from containers.serving.tracking.mp4_header import read_mp4
from containers.serving.tracking.video_header import VideoError, VideoHeader

MAXIMUM_FRAME_PIXELS = 4096 * 2304
"""Of a frame; that of 4K with either width that goes by this name."""
MAXIMUM_FRAMES = 108_000
MAXIMUM_SECONDS = 3600.0
"""An hour, at 30 frames a second."""
ACCEPTED = "MP4, MOV, WebM, Matroska and AVI are accepted"

_MP4, _MATROSKA, _AVI = (
    re.compile(rb".{4}ftyp", re.DOTALL),
    b"\x1a\x45\xdf\xa3",
    re.compile(rb"RIFF.{4}AVI ", re.DOTALL),
)


def read_video_header(data: bytes) -> VideoHeader:
    """The header of a video that is all there and within the bounds. Raises VideoError for any other data."""
    if _MP4.match(data):
        header = read_mp4(data)
    elif data.startswith(_MATROSKA):
        header = read_matroska(data)
    elif _AVI.match(data):
        header = read_avi(data)
    else:
        raise VideoError(f"the video is {'of no known kind' if data else 'empty'}; {ACCEPTED}")
    check_size(header.width, header.height)
    check_length(header.frames or 0, header.seconds or 0.0)
    return header


def check_size(width: int, height: int) -> None:
    """Raise VideoError unless a frame of this size is followed."""
    if not (width > 0 and height > 0 and width * height <= MAXIMUM_FRAME_PIXELS):
        raise VideoError(
            f"the video has {width} x {height} pixels: from 1 to {MAXIMUM_FRAME_PIXELS} are accepted; make it smaller"
        )


def check_length(frames: int, seconds: float) -> None:
    """Raise VideoError unless a video of so many frames and seconds is followed."""
    if frames > MAXIMUM_FRAMES:
        raise VideoError(f"the video has more than {MAXIMUM_FRAMES} frames: send it in parts, or with fewer a second")
    if seconds > MAXIMUM_SECONDS:
        raise VideoError(f"the video is longer than {MAXIMUM_SECONDS:g} seconds: send it in parts")
