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
from typing import Any, ClassVar, cast

import numpy as np

from containers.serving.model import oriented
from containers.serving.model.detection import Detections
from containers.serving.model.manifest import Manifest
from containers.serving.model.predictor import Prediction, Predictor
from containers.serving.model.thresholds import Thresholds
from containers.serving.request.invocation import InvocationError, Item
from containers.serving.tracking import decoding
from containers.serving.tracking import video as opening
from containers.serving.tracking.answering import answer_video, estimate_video_seconds
from containers.serving.tracking.video import open_video
from containers.serving.tracking.video_header import VideoError
from tests.containers.serving.model.drawn_masks import mask_of
from workflow.contract.tiles import Tiling


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
    told["extras"] = [json.loads(line)["objects"] for line in answer_of(item, "application/jsonlines").splitlines()]
    told["drawn with all"] = len(answer_of(replace(item, tiles="auto"), "video/mp4"))
    told["looked"] = sorted(Everything.looked)
    told["longer in tiles"] = estimate_video_seconds(replace(item, tiles="auto"), (32, 32)) - estimate_video_seconds(
        replace(item, tiles="auto"), (4096, 4096)
    )
    told["slow"] = read_slowly(Path(sys.argv[3]).read_bytes())
    predictor.manifest = replace(predictor.manifest, task="classify")
    told["sorted"] = refusal()
    print(json.dumps(told))


def frames(video: bytes) -> list[Any]:
    """The pixels of each frame."""
    with open_video(video, 10) as opened:
        return [frame.pixels for frame in opened.frames()]


class Everything:
    """A model that sees two objects with all that a task may add, in every frame the other one first."""

    manifest = Manifest(("thing",), 64, 64, "digest", "pose", keypoints=(1, 3))
    looked: ClassVar[set[Tiling]] = set()
    """How it was told to look at frames."""

    def __init__(self) -> None:
        self._order = [0, 1]

    def predict_pixels(self, pixels: Any, wanted: Thresholds, *, tiling: Tiling) -> Prediction:
        """Each object's extras say where it is."""
        self.looked.add(tiling)
        self._order.reverse()
        boxes = np.array([[4, 4, 24, 24], [34, 34, 54, 54]], np.float32)
        centres = boxes.reshape(-1, 2, 2).mean(axis=1)
        found = Detections(
            boxes,
            np.full(2, 0.9, np.float32),
            np.zeros(2, np.int64),
            np.concatenate((centres, np.ones((2, 1))), axis=1)[:, None].astype(np.float32),
            tuple(mask_of(np.ones((20, 20), bool), int(left), int(top)) for left, top in boxes[:, :2]),
            oriented.corners(np.concatenate((centres, np.full((2, 3), (20.0, 10.0, 0.5))), axis=1)),
            np.array([0.5, 0.5], np.float32),
        )
        return Prediction(64, 64, found.keep(np.array(self._order)), None, {}, None)


def answer_of(item: Item, accept: str) -> bytes:
    """What is answered of what ``Everything`` sees."""
    return answer_video(cast(Predictor, Everything()), item, accept, "name", 40.0)


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
