"""ultralytics under LitServe, as its documentation serves a detector on a processor: a worker a core."""

# mypy: disable-error-code="import-not-found"
# mypy: allow-subclassing-any

import os
from pathlib import Path
from typing import Annotated, Any

import cv2
import litserve
import numpy as np
from fastapi import Body

from tests.bench.serving_peers.ultralytics_model import SIZE, found, load_model


class Detector(litserve.LitAPI):
    """The four steps of LitServe."""

    def setup(self, device: str) -> None:
        """Load the model."""
        self.model = load_model(Path(os.environ["PEER_WEIGHTS"]), int(os.environ["PEER_THREADS"]))

    def decode_request(self, request: Annotated[bytes, Body(media_type="image/jpeg")]) -> Any:
        """The pixels of a picture."""
        return cv2.imdecode(np.frombuffer(request, np.uint8), cv2.IMREAD_COLOR)

    def predict(self, pixels: Any) -> Any:
        """Run the model."""
        return self.model.predict(pixels, imgsz=SIZE, verbose=False)[0]

    def encode_response(self, output: Any) -> dict[str, Any]:
        """The answer."""
        return found(output)


if __name__ == "__main__":
    server = litserve.LitServer(
        Detector(),
        accelerator="cpu",
        workers_per_device=int(os.environ["PEER_WORKERS"]),
        fast_queue=True,
    )
    server.run(
        host="127.0.0.1",
        port=int(os.environ["PEER_PORT"]),
        log_level="warning",
        generate_client_file=False,
    )
