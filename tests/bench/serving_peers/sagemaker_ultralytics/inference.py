"""The handler in the shape of the public samples that host YOLOv8 on a SageMaker endpoint: four functions."""

import json
import os
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from tests.bench.serving_peers.ultralytics_model import SIZE, found, load_model


def model_fn(model_dir: str) -> Any:
    """Load the model of a folder."""
    return load_model(Path(model_dir) / "yolov8n.pt", int(os.environ["PEER_THREADS"]))


def input_fn(request_body: bytes, request_content_type: str) -> Any:
    """The pixels of a picture."""
    if not request_content_type.startswith("image/"):
        raise ValueError(f"unsupported content type {request_content_type}")
    return cv2.imdecode(np.frombuffer(request_body, np.uint8), cv2.IMREAD_COLOR)


def predict_fn(input_data: Any, model: Any) -> Any:
    """Run the model."""
    return model.predict(input_data, imgsz=SIZE, verbose=False)


def output_fn(prediction_output: Any, content_type: str) -> str:
    """The answer."""
    return json.dumps(found(prediction_output[0]))
