"""Opens a video and gives its frames, one at a time, from a process that decodes it ahead by one.

So much memory is held as two frames take and the video itself, however long it is.
"""

from __future__ import annotations

import math
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO

import numpy as np

from containers.serving.model.arrays import Pixels
from containers.serving.tracking.decoding import ENVIRONMENT
from containers.serving.tracking.frames import FRAME_BYTES, RATE_BYTES, unpack_frame, unpack_rate
from containers.serving.tracking.video_header import VideoError
from containers.serving.tracking.video_kinds import check_length, check_size, read_video_header

USUAL_RATE = 25.0
"""Frames a second of a video that does not say."""
HIGHEST_RATE = 240.0
START_SECONDS = 2
"""For the process itself."""
LEAST_DECODED = 0.5
"""Of the frames that a header claims."""
DAMAGED = "the video is damaged, or stored in a way that cannot be decoded"


@dataclass(frozen=True)
class Frame:
    """The frame ``at`` a number from 0, ``seconds`` from the video's start: [height, width, blue-green-red]."""

    at: int
    seconds: float
    pixels: Pixels


@dataclass(frozen=True)
class Video:
    """A video that is being decoded."""

    frames_per_second: float
    stream: IO[bytes]
    claimed: int | None = None
    """How many frames its header says that there are."""

    def frames(self) -> Iterator[Frame]:
        """Every frame in its turn, upright. Raises VideoError for one that breaks off, or goes beyond a bound."""
        at, size = 0, (0, 0)
        head = bytearray(FRAME_BYTES)
        while _fill(self.stream, memoryview(head)):
            height, width, seconds = unpack_frame(head)
            if height == 0:
                # A file that was edited may show some frames less than it holds, but one that breaks off far fewer.
                if at < max(1, (self.claimed or 0) * LEAST_DECODED):
                    break
                return
            check_size(width, height)
            check_length(at + 1, seconds)
            if size not in ((0, 0), (height, width)):
                raise VideoError(f"the video changes its size at frame {at}: send its parts one by one")
            size = height, width
            pixels = np.empty((height, width, 3), np.uint8)
            if not _fill(self.stream, pixels.data.cast("B")):
                break
            yield Frame(at, seconds if math.isfinite(seconds) else at / self.frames_per_second, pixels)
            at += 1
        raise VideoError(f"{DAMAGED}: decoding broke off after {at} frames")


@contextmanager
def open_video(data: bytes, seconds: float) -> Iterator[Video]:
    """A video, decoded in a process of its own, which is gone afterwards, and after ``seconds`` whatever it is at.

    Raises VideoError.
    """
    header = read_video_header(data)
    most = seconds + START_SECONDS
    program = [sys.executable, "-m", "containers.serving", "decode", str(math.ceil(most))]
    with _nameless(data) as file:
        environment = {**os.environ, **ENVIRONMENT}
        process = subprocess.Popen(
            program, stdin=file, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, bufsize=0, env=environment
        )
    # A file that keeps a decoder busy for good would keep whoever waits for a frame.
    late = threading.Timer(most, process.kill)
    late.start()
    try:
        stream = process.stdout
        rate = bytearray(RATE_BYTES)
        if stream is None or not _fill(stream, memoryview(rate)):
            raise VideoError(DAMAGED)
        told = unpack_rate(rate)
        yield Video(told if 0 < told <= HIGHEST_RATE else USUAL_RATE, stream, header.frames)
    finally:
        late.cancel()
        process.kill()
        process.communicate()


@contextmanager
def _nameless(data: bytes) -> Iterator[IO[bytes]]:
    """A file with these bytes, at its beginning; in memory where the system can (Linux), on disk elsewhere."""
    in_memory = hasattr(os, "memfd_create")
    with os.fdopen(os.memfd_create("video"), "w+b") if in_memory else tempfile.TemporaryFile() as file:
        file.write(data)
        file.seek(0)
        yield file


def _fill(stream: IO[bytes], view: memoryview) -> bool:
    """Whether there was enough to fill ``view``."""
    while view:
        count = stream.readinto(view)  # type: ignore[attr-defined]  # of a raw stream, which IO does not tell
        if not count:
            return False
        view = view[count:]
    return True
