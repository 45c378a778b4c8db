"""A process that holds the model and answers what the server hands it, one request a thread.

Pictures are decoded here and not in the server: a decoder that a hostile file brings down takes this process along,
which the server replaces while its port stays open. Knows frames, no HTTP.
"""

from __future__ import annotations

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
from typing import Any

from containers.serving.answer.answer import render
from containers.serving.http.frames import pack, receive_frame
from containers.serving.model.image import decode_array
from containers.serving.model.image_header import ImageError
from containers.serving.model.manifest import Manifest, ModelError
from containers.serving.model.predictor import Prediction, Predictor
from containers.serving.model.thresholds import Thresholds
from containers.serving.request.invocation import Invocation, InvocationError, Item, read_invocation

MAXIMUM_PIXELS_A_REQUEST = 400_000_000
"""Eight of the largest pictures; decoding so many takes some 10 of the 60 seconds that a request has."""
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
    """Status, content type and number of images, and the body that answers a request."""
    try:
        invocation = read_invocation(
            asked["content_type"],
            asked["accept"],
            asked["attributes"],
            body,
            Thresholds.usual(predictor.manifest.task, asked["confidence"]),
            predictor.manifest.classes,
        )
        answer, content_type = render(invocation, predict_all(predictor, invocation), predictor.manifest)
    except InvocationError as error:
        return _refuse(error.status, str(error))
    except ImageError as error:
        return _refuse(400, str(error))
    except MemoryError:
        return _refuse(413, "the images need more memory than this endpoint has")
    except Exception:
        traceback.print_exc(file=sys.stderr)
        return _refuse(500, "the model could not answer; the endpoint's log says why")
    return {"status": 200, "content_type": content_type, "images": len(invocation.items)}, answer


def predict_all(predictor: Predictor, invocation: Invocation) -> Iterator[Prediction | str]:
    """A prediction for every item, in their order, made when it is asked for: one picture is in memory at a time.

    A line that cannot be answered gives its reason in place of one; anywhere else ImageError is raised.
    """
    pixels = 0
    for at, item in enumerate(invocation.items, 1):
        if item.error is not None:
            yield item.error
            continue
        try:
            if pixels > MAXIMUM_PIXELS_A_REQUEST:
                raise ImageError(f"the pictures before it had {pixels} pixels together: send fewer at a time")
            prediction = _predict(predictor, item, keep_pixels=invocation.accept == "image/jpeg")
            pixels += prediction.width * prediction.height
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
