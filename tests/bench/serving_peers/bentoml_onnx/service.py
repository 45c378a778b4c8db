"""YOLOv8 on ONNX Runtime under BentoML, with a worker a core and the picture as the body."""

# mypy: disable-error-code="import-not-found"
# mypy: allow-untyped-decorators

import os
from pathlib import Path
from typing import Annotated, Any

import bentoml
from bentoml.validators import ContentType

from tests.bench.serving_peers.onnx_model import from_environment


@bentoml.service(
    workers=int(os.environ["PEER_WORKERS"]),
    traffic={"timeout": 60},
    logging={"access": {"enabled": False}},
)
class Detector:
    """One endpoint."""

    def __init__(self) -> None:
        """Load the model."""
        self.model = from_environment()

    @bentoml.api
    def predict(self, picture: Annotated[Path, ContentType("image/jpeg")], /) -> dict[str, Any]:
        """Find the objects in a picture."""
        return self.model.answer(picture.read_bytes())
