"""Run by the training environment's Python: ``publish_weights WEIGHTS FOLDER SIZE PRECISION PICTURE…``.

Publishes a network; the pictures calibrate it where the precision is int8.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from containers.training.environment import set_up


def main() -> None:
    """Write what a training job would leave behind."""
    weights, folder, size, precision = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
    with tempfile.TemporaryDirectory() as configuration:
        set_up(Path(configuration))
        from ultralytics import YOLO

        from containers.training.export import publish

        names = tuple(YOLO(str(weights)).names.values())
        publish(
            weights,
            folder,
            image_size=size,
            classes=names,
            about={},
            precision=precision,
            calibration=[Path(picture) for picture in sys.argv[5:]],
        )


if __name__ == "__main__":
    main()
