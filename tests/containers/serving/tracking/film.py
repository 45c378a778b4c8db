"""Run by the serving environment's Python: films what the hand-written detector sees, ``… film FOLDER``.

Everything is painted in cells of 8 x 8 pixels, as ``tiny_onnx`` finds them.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

RATE = 25
FRAMES, HIDDEN = 40, range(10, 20)
"""Of the video that is followed; and in which frames the blue cell is not to be seen."""
SHORT, LONG = 30, 600
"""Frames of the two videos whose memory is compared, of 480 x 270 pixels: 12 MB and 233 MB of pixels."""
RED, BLUE = (0, 0, 255), (255, 0, 0)
CODECS = {".mp4": "mp4v", ".webm": "VP80", ".avi": "MJPG"}


def main() -> None:
    """Write all of them."""
    folder = Path(sys.argv[1])
    for suffix in CODECS:
        write(folder / f"moving{suffix}", moving())
    for name, frames in (("short", SHORT), ("long", LONG)):
        write(folder / f"{name}.mp4", (np.full((270, 480, 3), at % 200, np.uint8) for at in range(frames)))
    write(folder / "huge.mp4", (np.zeros((3600, 4000, 3), np.uint8) for _ in range(2)))


def moving() -> Iterator[np.ndarray]:
    """A red cell that moves on by a cell every fifth frame, above a blue one that stays and is hidden for a while."""
    for at in range(FRAMES):
        pixels = np.zeros((64, 64, 3), np.uint8)
        cv2.rectangle(pixels, (at // 5 * 8, 8), (at // 5 * 8 + 7, 15), RED, -1)
        if at not in HIDDEN:
            cv2.rectangle(pixels, (32, 48), (39, 55), BLUE, -1)
        yield pixels


def write(target: Path, frames: Iterator[np.ndarray]) -> None:
    """A video of the kind that its name says."""
    writer = cv2.VideoWriter()
    for pixels in frames:
        if not writer.isOpened():
            height, width = pixels.shape[:2]
            codec = cv2.VideoWriter.fourcc(*CODECS[target.suffix])
            assert writer.open(str(target), cv2.CAP_FFMPEG, codec, RATE, (width, height))
        writer.write(pixels)
    writer.release()


if __name__ == "__main__":
    main()
