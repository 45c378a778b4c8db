"""A process that holds the model and answers what the server hands it, one request a thread.

Pictures are decoded here and not in the server: a decoder that a hostile file brings down takes this process along,
which the server replaces while its port stays open. Knows frames, no HTTP.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import signal
import socket
import sys
import threading
import time
import traceback
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from containers.serving.answer.answer import render
from containers.serving.http.frames import pack, receive_frame
from containers.serving.model.array_header import read_array_header
from containers.serving.model.files import take_over
from containers.serving.model.image import decode_array, decode_image
from containers.serving.model.image_header import ImageError, read_header
from containers.serving.model.manifest import Manifest, ModelError
from containers.serving.model.merging import LateError
from containers.serving.model.predictor import Prediction, Predictor
from containers.serving.model.thresholds import Thresholds
from containers.serving.request.invocation import Invocation, InvocationError, Item, read_invocation
from containers.serving.request.parameters import Parameters
from containers.serving.tracking.answering import answer_video, estimate_video_seconds
from containers.serving.tracking.video_header import VideoError
from workflow.contract.answer_name import ANSWER_ID, AnswerName
from workflow.contract.tiles import MOST_TILES, count_tiles

REQUEST_SECONDS = 40.0
"""Time for all the pictures of a request, of the 60 seconds after which nobody waits for its answer any more."""
SHORT_SECONDS = 0.25
"""A request that takes longer is long: it is answered only where the server says that it may be."""
SECONDS_A_BYTE, SECONDS_A_LOOK = 4e-9, 0.02
"""What a byte of a picture's effort takes (1.3 to 6.4 ns were measured), and all else about a picture or a tile."""
MAXIMUM_MASK_PIXELS = 1_000_000_000


def work(arguments: Sequence[str]) -> int:
    """Load the model of the file descriptor named first and answer on the sockets named after it, until they close.

    The first word on each socket is a frame that says ``ready``, or gives an ``error``.
    """
    for quiet in (signal.SIGINT, signal.SIGTERM):
        signal.signal(quiet, signal.SIG_IGN)  # the server hears them, finishes, and then closes the sockets
    peers = [socket.socket(fileno=int(number)) for number in arguments[1:]]
    try:
        predictor = Predictor.of(*take_over(int(arguments[0])), streams=len(peers))
    except ModelError as error:
        peers[0].sendall(pack({"error": str(error)}, b""))
        return 1
    threads = [threading.Thread(target=_answer_all, args=(peer, predictor)) for peer in peers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return 0


def _answer_all(peer: socket.socket, predictor: Predictor) -> None:
    try:
        try:
            # A camera sends one size: what the others take is taken when they come, if they do.
            predictor.warm_up()
            _give_back_memory()
        except ModelError as error:
            peer.sendall(pack({"error": str(error)}, b""))
            return
        peer.sendall(pack({"ready": True, "runtime": predictor.runtime.name}, b""))
        while (frame := receive_frame(peer)) is not None:
            peer.sendall(pack(*respond(predictor, *frame)))
    except OSError:
        return  # the server is gone, and so is whoever asked
    except BaseException:
        # One thread less would look like a worker that never answers; a dead worker is replaced.
        traceback.print_exc(file=sys.stderr)
        os._exit(1)


def _give_back_memory() -> None:
    """Return what reading and compiling the model took; the allocator keeps all memory, for the sake of the pictures'.

    Of the allocators only glibc's has to be told, and can be.
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


def respond(predictor: Predictor, asked: Mapping[str, Any], body: bytes) -> tuple[dict[str, Any], bytes]:
    """Status, content type, number of images and name of the answer, and the body that answers a request.

    A request that may not be long, and is, gets the seconds that it takes, as ``long``, and no answer.
    """
    try:
        invocation = read_invocation(
            asked["content_type"],
            asked["accept"],
            asked["attributes"],
            body,
            usual_parameters(predictor.manifest, asked["confidence"]),
            predictor.manifest.classes,
        )
        seconds, most = estimate_seconds(invocation, predictor.tile_size), REQUEST_SECONDS
        if invocation.shape == "video":
            most = asked["seconds"]
        elif seconds > most and invocation.shape != "lines":
            raise InvocationError(413, f"the pictures take some {seconds:.0f} seconds: send fewer or smaller ones")
        if seconds > SHORT_SECONDS and not asked["may_be_long"]:
            return {"long": min(seconds, most)}, b""
        name = AnswerName.make(predictor.manifest.model_digest, datetime.now(UTC), os.urandom(8)).text()
        if invocation.shape == "video":
            content_type = invocation.accept
            answer = answer_video(predictor, invocation.items[0], content_type, name, most)
        else:
            answer, content_type = render(invocation, predict_all(predictor, invocation), predictor.manifest, name)
    except InvocationError as error:
        return _refuse(error.status, str(error))
    except (ImageError, VideoError) as error:
        return _refuse(400, str(error))
    except MemoryError:
        return _refuse(413, "the images need more memory than this endpoint has")
    except Exception:
        traceback.print_exc(file=sys.stderr)
        return _refuse(500, "the model could not answer; the endpoint's log says why")
    return {"status": 200, "content_type": content_type, "images": len(invocation.items), ANSWER_ID: name}, answer


def usual_parameters(manifest: Manifest, confidence: float) -> Parameters:
    """What a request gets that asks for nothing."""
    thresholds = Thresholds.usual(manifest.task, confidence, manifest.max_detections)
    tiles = None if manifest.task == "classify" else manifest.tiles
    return Parameters(thresholds, most=manifest.max_detections, tiles=tiles)


def estimate_seconds(invocation: Invocation, tile_size: tuple[int, int]) -> float:
    """How long the pictures of a request take, or its video, from their headers; one that is none is refused later.

    ``tile_size`` is width and height in pixels.
    """
    return sum(_estimate_item(item, tile_size) for item in invocation.items)


def _estimate_item(item: Item, tile_size: tuple[int, int]) -> float:
    seconds = SECONDS_A_LOOK
    with contextlib.suppress(ImageError, VideoError):
        if item.kind == "video":
            return estimate_video_seconds(item, tile_size)
        if item.kind == "encoded":
            header = read_header(item.image)
            width, height = header.width, header.height
            seconds += header.effort * SECONDS_A_BYTE
        else:
            # It is not decoded, and a body has no room for many pixels of them.
            height, width = read_array_header(item.image).shape[:2]
        tiles = count_tiles(width, height, *tile_size) if item.tiles == "auto" else 0
        # One of more is refused before any is looked at.
        seconds += tiles * SECONDS_A_LOOK if tiles <= MOST_TILES else 0
    return seconds


def predict_all(predictor: Predictor, invocation: Invocation) -> Iterator[Prediction | str]:
    """A prediction for every item, in their order, made when it is asked for: one picture is in memory at a time.

    A line that cannot be answered gives its reason in place of one; anywhere else ImageError is raised, or
    InvocationError where the pictures take too long.
    """
    started = time.perf_counter()
    for at, item in enumerate(invocation.items, 1):
        if item.error is not None:
            yield item.error
            continue
        if time.perf_counter() - started > REQUEST_SECONDS:
            late = f"the {at - 1} pictures before it took {REQUEST_SECONDS:g} seconds: send fewer at a time"
            if invocation.shape != "lines":
                raise InvocationError(413, late)
            yield f"line {at}: {late}"
            continue
        try:
            keep_pixels = invocation.accept == "image/jpeg"
            prediction = _predict(predictor, item, started + REQUEST_SECONDS, keep_pixels=keep_pixels)
            _check_masks(item, prediction)
            yield prediction
        except LateError as error:
            late = f"the {REQUEST_SECONDS:g} seconds of a request were over {error}: send fewer or smaller pictures"
            if invocation.shape != "lines":
                raise InvocationError(413, late) from None
            yield f"line {at}: {late}"
        except ImageError as error:
            if invocation.shape != "lines":
                raise
            yield f"line {at}: {error}"


def _check_masks(item: Item, prediction: Prediction) -> None:
    """Run lengths are counted in pixels of the picture: 300 of them of 50 megapixels would take minutes."""
    found = prediction.detections
    if item.masks == "rle" and found is not None and found.masks is not None:
        pixels = len(found) * prediction.width * prediction.height
        if pixels > MAXIMUM_MASK_PIXELS:
            raise ImageError(
                f"masks=rle of {len(found)} objects on {prediction.width} x {prediction.height} pixels: "
                "ask for masks=polygons, fewer objects (max_detections, confidence) or send a smaller picture"
            )


def _predict(predictor: Predictor, item: Item, deadline: float, *, keep_pixels: bool) -> Prediction:
    started = time.perf_counter()
    pixels = decode_image(item.image) if item.kind == "encoded" else decode_array(item.image)
    decode_ms = (time.perf_counter() - started) * 1000
    return predictor.predict_pixels(
        pixels,
        item.thresholds,
        tiling=item.tiles,
        deadline=deadline,
        decode_ms=decode_ms,
        keep_pixels=keep_pixels,
    )


def _refuse(status: int, message: str) -> tuple[dict[str, Any], bytes]:
    header = {"status": status, "content_type": "application/json", "images": 0, "error": message}
    return header, json.dumps({"error": message}).encode()
