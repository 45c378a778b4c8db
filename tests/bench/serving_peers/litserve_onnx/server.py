"""YOLOv8 on ONNX Runtime under LitServe."""

# mypy: disable-error-code="import-not-found"
# mypy: allow-subclassing-any

import os
from typing import Annotated, Any

import litserve
from fastapi import Body

from tests.bench.serving_peers.onnx_model import from_environment


class Detector(litserve.LitAPI):
    """The steps of LitServe; the model answers bytes directly."""

    def setup(self, device: str) -> None:
        """Load the model."""
        self.model = from_environment()

    def decode_request(self, request: Annotated[bytes, Body(media_type="image/jpeg")]) -> bytes:
        """The picture as it came."""
        return request

    def predict(self, jpeg: bytes) -> dict[str, Any]:
        """Run the model."""
        return self.model.answer(jpeg)

    def encode_response(self, output: dict[str, Any]) -> dict[str, Any]:
        """The answer."""
        return output


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
