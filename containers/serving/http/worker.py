"""A process that holds the model and answers what the server hands it, one request a thread.

Pictures are decoded here and not in the server: a decoder that a hostile file brings down takes this process along,
which the server replaces while its port stays open. Knows frames, no HTTP.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import signal
import socket
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from containers.serving.answer.answer import render
from containers.serving.http.frames import pack, receive_frame
from containers.serving.model.image import decode_array
from containers.serving.model.image_header import ImageError, read_header
from containers.serving.model.manifest import Manifest, ModelError
from containers.serving.model.predictor import Prediction, Predictor
from containers.serving.model.thresholds import Thresholds
from containers.serving.request.invocation import Invocation, InvocationError, Item, read_invocation
from containers.serving.tracking.answering import answer_video, estimate_video_seconds
from containers.serving.tracking.video_header import VideoError
from workflow.contract.answer_name import ANSWER_ID, AnswerName

REQUEST_SECONDS = 40.0
"""Time for all the pictures of a request, of the 60 seconds after which nobody waits for its answer any more."""
SHORT_SECONDS = 0.25
"""A request that takes longer is long: it is answered only where the server says that it may be."""
SECONDS_A_BYTE, SECONDS_A_PICTURE = 4e-9, 0.02
"""What a byte of a picture's effort takes (1.3 to 6.4 ns were measured), and all else about a picture."""
MAXIMUM_MASK_PIXELS = 1_000_000_000


def work(arguments: Sequence[str]) -> int:
    """Load the model of the file descriptor named first and answer on the sockets named after it, until they close.

    The first word on each socket is a frame that says ``ready``, or gives an ``error``.
    """
    for quiet in (signal.SIGINT, signal.SIGTERM):
        signal.signal(quiet, signal.SIG_IGN)  # the server hears them, finishes, and then closes the sockets
    peers = [socket.socket(fileno=int(number)) for number in arguments[1:]]
    try:
        predictor = Predictor(*take_over(int(arguments[0])), streams=len(peers))
    except ModelError as error:
        peers[0].sendall(pack({"error": str(error)}, b""))
        return 1
    threads = [threading.Thread(target=_answer_all, args=(peer, predictor)) for peer in peers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return 0


def hand_over(manifest: bytes, model: bytes) -> int:
    """A file descriptor of a nameless file with both in it, which outlives the right to read the originals.

    In memory where the system can (Linux), on disk elsewhere.
    """
    if hasattr(os, "memfd_create"):
        handle = os.memfd_create("model", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    else:
        with tempfile.TemporaryFile() as file:
            handle = os.dup(file.fileno())
    with os.fdopen(os.dup(handle), "wb") as stream:
        stream.write(len(manifest).to_bytes(8, "big") + manifest + model)
    if hasattr(os, "memfd_create"):
        # A worker that a picture has taken over shall not hand another model to the workers after it.
        fcntl.fcntl(
            handle, fcntl.F_ADD_SEALS, fcntl.F_SEAL_WRITE | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL
        )
    return handle


def take_over(handle: int) -> tuple[Manifest, bytes]:
    """The manifest and the model of ``hand_over``, verified once more. Raises ModelError."""
    data = os.pread(handle, os.fstat(handle).st_size, 0)
    length = int.from_bytes(data[:8], "big")
    manifest, model = Manifest.parse(data[8 : 8 + length]), data[8 + length :]
    manifest.verify(model)
    return manifest, model


def _answer_all(peer: socket.socket, predictor: Predictor) -> None:
    try:
        try:
            predictor.warm_up()
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
            Thresholds.usual(predictor.manifest.task, asked["confidence"], predictor.manifest.max_detections),
            predictor.manifest.classes,
            predictor.manifest.max_detections,
        )
        seconds, most = estimate_seconds(invocation), REQUEST_SECONDS
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


def estimate_seconds(invocation: Invocation) -> float:
    """How long the pictures of a request take, or its video, from their headers; one that is none is refused later.

    An array is not decoded, and a body has no room for many pixels of them.
    """
    seconds = 0.0
    for item in invocation.items:
        seconds += SECONDS_A_PICTURE
        if item.kind == "encoded":
            with contextlib.suppress(ImageError):
                seconds += read_header(item.image).effort * SECONDS_A_BYTE
        elif item.kind == "video":
            with contextlib.suppress(VideoError):
                seconds += estimate_video_seconds(item.image)
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
            prediction = _predict(predictor, item, keep_pixels=invocation.accept == "image/jpeg")
            _check_masks(item, prediction)
            yield prediction
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


def _predict(predictor: Predictor, item: Item, *, keep_pixels: bool) -> Prediction:
    if item.kind == "encoded":
        return predictor.predict(item.image, item.thresholds, keep_pixels=keep_pixels)
    started = time.perf_counter()
    pixels = decode_array(item.image)
    decode_ms = (time.perf_counter() - started) * 1000
    return predictor.predict_pixels(pixels, item.thresholds, decode_ms=decode_ms, keep_pixels=keep_pixels)


def _refuse(status: int, message: str) -> tuple[dict[str, Any], bytes]:
    header = {"status": status, "content_type": "application/json", "images": 0, "error": message}
    return header, json.dumps({"error": message}).encode()
