"""Run by the training image's Python: publishes weights with the precision that is measured to serve best.

``python -m tests.bench.precision.chosen WEIGHTS CHANNEL FOLDER SIZE``: FOLDER/manifest.json tells what was measured on
the channel's validation pictures.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from containers.training.channel import read_channel
from containers.training.choosing import Chooser
from containers.training.environment import set_up
from containers.training.export import publish
from containers.training.train import calibration_images


def main(weights: Path, data: Path, folder: Path, size: int) -> None:
    """As a training job does once it has trained."""
    channel = read_channel(data)
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        set_up(work / "configuration")
        publish(
            weights,
            folder,
            image_size=size,
            classes=channel.classes,
            about={},
            precision="auto",
            calibration=calibration_images(channel, data),
            choose=Chooser(channel, data, work / "choosing"),
        )


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4]))
