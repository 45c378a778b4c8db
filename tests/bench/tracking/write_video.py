"""Run by the serving environment's Python: ``python -m tests.bench.tracking.write_video FOLDER VIDEO RATE``."""

from __future__ import annotations

import sys
from pathlib import Path

import cv2


def main() -> None:
    """Write the pictures of FOLDER, in the order of their names, as frames of VIDEO, an MP4 or AVI by its name."""
    folder, target, rate = Path(sys.argv[1]), Path(sys.argv[2]), float(sys.argv[3])
    codec = {".mp4": "mp4v", ".avi": "MJPG"}[target.suffix]
    pictures = [cv2.imread(str(path)) for path in sorted(folder.iterdir())]
    height, width = pictures[0].shape[:2]
    writer = cv2.VideoWriter(str(target), cv2.CAP_FFMPEG, cv2.VideoWriter.fourcc(*codec), rate, (width, height))
    for pixels in pictures:
        writer.write(pixels)
    writer.release()


if __name__ == "__main__":
    main()
