"""ultralytics behind FastAPI on uvicorn, the usual tutorial: a ``def`` endpoint that calls the model.

The picture is the body itself, which is cheaper than the form that most tutorials parse.
"""

# mypy: allow-untyped-decorators

import os
from pathlib import Path
from typing import Annotated, Any

import cv2
import numpy as np
from fastapi import Body, FastAPI

from tests.bench.serving_peers.ultralytics_model import SIZE, found, load_model

model = load_model(Path(os.environ["PEER_WEIGHTS"]), int(os.environ["PEER_THREADS"]))
app = FastAPI()


@app.get("/health")
def health() -> dict[str, str]:
    """Whether it is there."""
    return {"status": "ok"}


@app.post("/predict")
def predict(picture: Annotated[bytes, Body(media_type="image/jpeg")]) -> dict[str, Any]:
    """Find the objects in a picture."""
    pixels = cv2.imdecode(np.frombuffer(picture, np.uint8), cv2.IMREAD_COLOR)
    return found(model.predict(pixels, imgsz=SIZE, verbose=False)[0])
