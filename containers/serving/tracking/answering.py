"""Answers a video: what is in each frame, by the number of its track; as a line of JSON for each, or drawn."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace

from containers.serving.answer.answer import describe
from containers.serving.answer.drawing import draw_detections
from containers.serving.model.arrays import Pixels
from containers.serving.model.detection import Detections
from containers.serving.model.predictor import Predictor
from containers.serving.request.invocation import LINES_TYPES, InvocationError, Item
from containers.serving.tracking.drawn_video import write_video
from containers.serving.tracking.tracker import FAINT, Tracker
from containers.serving.tracking.video import Frame, Video, open_video
from containers.serving.tracking.video_kinds import read_video_header
from workflow.contract.answer_name import ANSWER_ID
from workflow.contract.tiles import count_tiles

MAXIMUM_ANSWER_BYTES = 256_000_000
START_SECONDS, SECONDS_A_FRAME, SECONDS_A_PIXEL = 0.3, 0.02, 12e-9
"""What the process that decodes takes to start, what a frame takes, and what a pixel of it does."""
SECONDS_OF_AN_UNKNOWN_LENGTH = 60.0

_encode = json.JSONEncoder(separators=(",", ":"), allow_nan=False).encode


@dataclass(frozen=True)
class Seen:
    """A frame, what of it belongs to a track, and the number of each one's track."""

    frame: Frame
    found: Detections
    tracks: list[int]


def estimate_video_seconds(item: Item, tile_size: tuple[int, int]) -> float:
    """How long a video takes, from what its header says; many do not say how many frames they have.

    ``tile_size`` is width and height in pixels. Raises VideoError.
    """
    header = read_video_header(item.image)
    frames = header.frames if header.frames is not None else (header.seconds or SECONDS_OF_AN_UNKNOWN_LENGTH) * 25
    looks = 1 + (count_tiles(header.width, header.height, *tile_size) if item.tiles == "auto" else 0)
    return START_SECONDS + frames * (looks * SECONDS_A_FRAME + header.width * header.height * SECONDS_A_PIXEL)


def answer_video(predictor: Predictor, item: Item, accept: str, name: str, seconds: float) -> bytes:
    """The answer in the form of ``accept``, called ``name``.

    ``seconds`` is how long it may take. Raises InvocationError, or VideoError for bytes that are no video that is
    followed.
    """
    if predictor.manifest.task == "classify":
        raise InvocationError(400, "the model sorts whole pictures and finds no objects to follow: send pictures")
    if item.masks == "rle":
        raise InvocationError(400, "masks=rle is for pictures: of a video ask for masks=polygons or masks=none")
    head = {ANSWER_ID: name, "model_digest": predictor.manifest.model_digest}
    with open_video(item.image, seconds) as video:
        seen = _look(predictor, video, item, seconds)
        if accept in LINES_TYPES:
            return _join_lines(_encode({**head, **_describe(predictor, item, one)}) for one in seen)
        drawn = (_draw(predictor, one) for one in seen)
        return write_video(drawn, video.frames_per_second, accept, MAXIMUM_ANSWER_BYTES)


def _look(predictor: Predictor, video: Video, item: Item, seconds: float) -> Iterator[Seen]:
    started = time.perf_counter()
    asked = item.thresholds
    tracker = Tracker(asked.confidence, video.frames_per_second)
    wanted = replace(asked, confidence=min(FAINT, asked.confidence))
    for frame in video.frames():
        if time.perf_counter() - started > seconds:
            raise InvocationError(
                413,
                f"{frame.at} frames, to {frame.seconds:.1f} seconds of the video, took the {seconds:.0f} seconds that "
                "there are: send a shorter or smaller video, or ask an endpoint that answers asynchronously",
            )
        found = predictor.predict_pixels(frame.pixels, wanted, tiling=item.tiles).detections or Detections.none()
        numbers = tracker.follow(found)
        kept = numbers > 0
        yield Seen(frame, found.keep(kept), numbers[kept].tolist())


def _describe(predictor: Predictor, item: Item, seen: Seen) -> dict[str, object]:
    height, width = seen.frame.pixels.shape[:2]
    objects = describe(seen.found, width, height, predictor.manifest.classes, item.masks)
    return {
        "frame": seen.frame.at,
        "seconds": round(seen.frame.seconds, 3),
        "width": width,
        "height": height,
        "objects": [{"track": track, **one} for track, one in zip(seen.tracks, objects, strict=True)],
    }


def _join_lines(lines: Iterator[str]) -> bytes:
    """Raises InvocationError (413) where they are too much for an answer."""
    answer = bytearray()
    for line in lines:
        answer += line.encode()
        answer += b"\n"
        if len(answer) > MAXIMUM_ANSWER_BYTES:
            raise InvocationError(
                413,
                f"the answer is larger than {MAXIMUM_ANSWER_BYTES} bytes: ask for fewer objects (confidence, classes, "
                "max_detections), for masks=none, or about a shorter video",
            )
    return bytes(answer)


def _draw(predictor: Predictor, seen: Seen) -> Pixels:
    return draw_detections(seen.frame.pixels, seen.found, predictor.manifest.classes, seen.tracks)
