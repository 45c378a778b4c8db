"""A process of its own that decodes one video: from its standard input, a file, to its standard output, frame by frame.

A decoder that a hostile file brings down, or fills with memory, ends this process and nothing else. What it may have
was set before the first byte is read; what it writes is a rate, then frames, and then an end (``frames.py``).
"""

from __future__ import annotations

import os
import resource
import sys
from collections.abc import Sequence
from typing import Any

from containers.serving.tracking.frames import pack_frame, pack_rate

MEMORY_BYTES = 640_000_000
"""What decoding may take, beside the code: frames of 4K, as many as a video may refer to."""
ENVIRONMENT = {
    # The demuxers of those kinds alone: others open further files by their names.
    "OPENCV_FFMPEG_CAPTURE_OPTIONS": "format_whitelist;mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi",
    "OPENCV_FFMPEG_LOGLEVEL": "-8",
    "OPENCV_LOG_LEVEL": "SILENT",
    "OPENBLAS_NUM_THREADS": "1",
}
"""What this process has to be started with, beside its path."""


def decode(arguments: Sequence[str]) -> int:
    """Write every frame, for as many seconds of the processor's time as the first argument says; 1 for no video."""
    target = os.dup(sys.stdout.fileno())
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # whatever a library says there is no frame
    import cv2

    seconds = int(arguments[0])
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY_BYTES, MEMORY_BYTES))
    with os.fdopen(target, "wb", buffering=0) as frames:
        # One thread: a further one would hold frames of its own, and the other cores have requests of theirs.
        video = cv2.VideoCapture(sys.stdin.buffer, cv2.CAP_FFMPEG, [cv2.CAP_PROP_N_THREADS, 1])
        if not video.isOpened():
            return 1
        frames.write(pack_rate(video.get(cv2.CAP_PROP_FPS)))
        while True:
            there, pixels = video.read()
            if not there:
                break
            height, width = pixels.shape[:2]
            _write(frames.fileno(), pack_frame(height, width, video.get(cv2.CAP_PROP_POS_MSEC) / 1000))
            _write(frames.fileno(), pixels)
        frames.write(pack_frame(0, 0, 0.0))
    return 0


def _write(target: int, data: Any) -> None:
    left = memoryview(data).cast("B")
    while left:
        left = left[os.write(target, left) :]
