"""Looks at one picture, as it is and darker, with the models of several folders; prints what it was told, as JSON."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from containers.serving.drift.examiner import Examiner
from containers.serving.model.image import decode_image


def main(picture: str, *folders: str) -> None:
    """Print the features of both pictures, and the runtime's name, for every folder."""
    pixels, told = decode_image(Path(picture).read_bytes()), []
    for folder in folders:
        examiner = Examiner(Path(folder), 0.25)
        rows = [examiner.look("one", one) for one in (pixels, pixels, pixels // 3)]
        told.append({"features": [row.features.tolist() for row in rows], "runtime": examiner.runtime})
    print(json.dumps(told))


if __name__ == "__main__":
    main(*sys.argv[1:])
