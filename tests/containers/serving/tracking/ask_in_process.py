"""Run by the serving environment's Python: what becomes of a video where a server would take too long to ask.

``… ask_in_process MODEL VIDEO LONG`` prints JSON: how a sorter of pictures refuses it, how one that has no time does,
what came of reading back a drawing of it, and of decoding LONG, a longer one, for longer than there is time.
"""

from __future__ import annotations

import json
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from containers.serving.model.predictor import Predictor
from containers.serving.model.thresholds import Thresholds
from containers.serving.request.invocation import InvocationError, Item
from containers.serving.tracking import decoding
from containers.serving.tracking import video as opening
from containers.serving.tracking.answering import answer_video
from containers.serving.tracking.video import open_video
from containers.serving.tracking.video_header import VideoError


def main() -> None:
    """Ask, and print."""
    predictor, video = Predictor.load(Path(sys.argv[1])), Path(sys.argv[2]).read_bytes()
    item = Item(video, "video", Thresholds())

    def refusal(accept: str = "application/jsonlines", seconds: float = 40.0, **changed: Any) -> list[object]:
        try:
            answer_video(predictor, replace(item, **changed), accept, "name", seconds)
        except InvocationError as error:
            return [error.status, str(error)]
        return []

    told: dict[str, object] = {"late": refusal(seconds=0.0), "masks": refusal(masks="rle")}
    drawn = answer_video(predictor, item, "video/mp4", "name", 40.0)
    told["drawn"] = [
        float(np.abs(one.astype(float) - other).mean()) for one, other in zip(*map(frames, (video, drawn)), strict=True)
    ]
    told["slow"] = read_slowly(Path(sys.argv[3]).read_bytes())
    predictor.manifest = replace(predictor.manifest, task="classify")
    told["sorted"] = refusal()
    print(json.dumps(told))


def frames(video: bytes) -> list[Any]:
    """The pixels of each frame."""
    with open_video(video, 10) as opened:
        return [frame.pixels for frame in opened.frames()]


def read_slowly(video: bytes) -> str:
    """What is said of a video that is not over when its time is."""
    opening.START_SECONDS = 0
    try:
        with open_video(video, 1.0) as opened:
            time.sleep(1.2)
            list(opened.frames())
    except VideoError as error:
        return str(error)
    return ""


def starve() -> int:
    """Decode standard input with no more memory than is there already, and none of the rest."""
    decoding.MEMORY_BYTES = 1_000_000
    return decoding.decode(["10"])


if __name__ == "__main__":
    main()
