"""Writes frames as a video that browsers (WebM, VP8) or other programs (MP4, MPEG-4 Part 2) play.

Those two are what OpenCV's wheel can encode in a time that somebody would wait; it has no encoder for H.264.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from pathlib import Path

import cv2

from containers.serving.model.arrays import Pixels
from containers.serving.request.refusal import InvocationError

FORMS = {"video/webm": (".webm", "VP80"), "video/mp4": (".mp4", "mp4v")}
"""By media type: how a file's name ends, by which OpenCV chooses the container, and the code of the codec."""
_LOOK_FRAMES = 100


def write_video(frames: Iterable[Pixels], frames_per_second: float, media_type: str, most_bytes: int) -> bytes:
    """The file; ``frames`` are of one size. Raises InvocationError (413) where it has more than ``most_bytes``."""
    suffix, codec = FORMS[media_type]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"drawn{suffix}"
        writer = cv2.VideoWriter()
        try:
            for at, pixels in enumerate(frames):
                if at == 0:
                    height, width = pixels.shape[:2]
                    writer.open(
                        str(path), cv2.CAP_FFMPEG, cv2.VideoWriter.fourcc(*codec), frames_per_second, (width, height)
                    )
                    if not writer.isOpened():
                        raise InvocationError(406, f"no {media_type} can be written of {width} x {height} pixels")
                writer.write(pixels)
                if at % _LOOK_FRAMES == 0 and path.stat().st_size > most_bytes:
                    raise InvocationError(413, f"the drawn video is larger than {most_bytes} bytes: send a shorter one")
        finally:
            writer.release()
        return path.read_bytes()
