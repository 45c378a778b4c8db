"""Serves the predictor under SageMaker's contract: ``GET /ping`` and ``POST /invocations`` on port 8080.

Thin: ``invocation`` understands a request, ``predictor`` answers it. The port is opened only after the model
has really run once, so a healthy ``/ping`` means a working model.
"""

from __future__ import annotations

import json
import logging
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import anyio
import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from containers.serving.image_header import ImageError
from containers.serving.invocation import ATTRIBUTES_HEADER, Invocation, InvocationError, Thresholds, read_invocation
from containers.serving.manifest import ModelError
from containers.serving.predictor import CONFIDENCE, IOU, Predictor, processors
from containers.serving.privilege import PrivilegeError, step_down

MAXIMUM_BODY_BYTES = 25_000_000
DRAIN_SECONDS = 25
"""SageMaker kills a container 30 seconds after SIGTERM."""

log = logging.getLogger("greenlight.serving")


def serve(environ: Mapping[str, str]) -> int:
    """Load the model and answer until SIGTERM; 1 when there is no model that works."""
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stdout)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    started = time.perf_counter()
    folder = Path(environ.get("SAGEMAKER_BASE_DIR", "/opt/ml")) / "model"
    try:
        thresholds = Thresholds(CONFIDENCE, IOU).changed(_given(environ))
        predictor = Predictor.load(folder)
        step_down(environ)
    except (ModelError, InvocationError, PrivilegeError) as error:
        print(f"cannot serve: {error}", file=sys.stderr, flush=True)
        return 1
    _tell("ready", model_digest=predictor.manifest.model_digest, seconds=round(time.perf_counter() - started, 2))
    uvicorn.run(
        application(predictor, thresholds),
        host=environ.get("GREENLIGHT_BIND_HOST", "0.0.0.0"),  # noqa: S104  # SageMaker reaches the container from outside
        port=int(environ.get("SAGEMAKER_BIND_TO_PORT", "8080")),
        access_log=False,
        log_level="warning",
        server_header=False,
        timeout_graceful_shutdown=DRAIN_SECONDS,
        timeout_keep_alive=75,
    )
    return 0


def _given(environ: Mapping[str, str]) -> dict[str, Any]:
    text = environ.get("GREENLIGHT_CONFIDENCE")
    if text is None:
        return {}
    try:
        return {"confidence": float(text)}
    except ValueError:
        return {"confidence": text}


def application(predictor: Predictor, defaults: Thresholds) -> Starlette:
    """The two routes over a loaded predictor."""
    slots = anyio.CapacityLimiter(processors())

    async def ping(_: Request) -> Response:
        return Response(status_code=200)

    async def invocations(request: Request) -> Response:
        started = time.perf_counter()
        body = await _body(request)
        asked = read_invocation(
            request.headers.get("content-type", ""), request.headers.get(ATTRIBUTES_HEADER, ""), body, defaults
        )
        answer = await anyio.to_thread.run_sync(_answer, predictor, asked, limiter=slots)
        _tell("invocation", images=len(asked.images), ms=round((time.perf_counter() - started) * 1000, 1))
        return JSONResponse(answer)

    return Starlette(
        routes=[Route("/ping", ping), Route("/invocations", invocations, methods=["POST"])],
        exception_handlers={
            InvocationError: _refusal(lambda error: error.status),
            ImageError: _refusal(lambda _: 400),
            HTTPException: _refusal(lambda error: error.status_code),
            Exception: _failure,
        },
    )


def _answer(predictor: Predictor, asked: Invocation) -> dict[str, Any]:
    thresholds = asked.thresholds
    found = predictor.predict(asked.images, confidence=thresholds.confidence, iou=thresholds.iou)
    images = [
        {
            "width": prediction.width,
            "height": prediction.height,
            "detections": predictor.as_json(prediction.detections),
            "timings_ms": prediction.timings_ms,
        }
        for prediction in found
    ]
    digest = {"model_digest": predictor.manifest.model_digest}
    return {**digest, "images": images} if asked.many else {**digest, **images[0]}


async def _body(request: Request) -> bytes:
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > MAXIMUM_BODY_BYTES:
            raise InvocationError(413, f"the body is larger than {MAXIMUM_BODY_BYTES} bytes")
    return bytes(body)


def _refusal(status: Callable[[Any], int]) -> Callable[[Request, Exception], Awaitable[Response]]:
    async def refuse(_: Request, error: Exception) -> Response:
        message = error.detail if isinstance(error, HTTPException) else str(error)
        _tell("refused", status=status(error), error=message)
        return JSONResponse({"error": message}, status_code=status(error))

    return refuse


async def _failure(_: Request, error: Exception) -> Response:
    _tell("failed", error=f"{type(error).__name__}: {error}")
    return JSONResponse({"error": "the model could not answer; the endpoint's log says why"}, status_code=500)


def _tell(event: str, **fields: object) -> None:
    log.info(json.dumps({"event": event, **fields}))
