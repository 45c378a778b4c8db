"""Run by the serving environment's Python: answers images given in hex on stdin as a worker does."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from containers.serving.http.worker import respond
from containers.serving.model.manifest import ModelError
from containers.serving.model.predictor import Predictor

ASKED = {
    "content_type": "application/x-image",
    "accept": "",
    "attributes": "",
    "confidence": 0.25,
    "may_be_long": True,
}


def main() -> None:
    """Load the model of the folder named first and print one answer for each image."""
    try:
        predictor = Predictor.load(Path(sys.argv[1]))
    except ModelError as error:
        print(json.dumps({"model_error": str(error)}))
        return
    images = sys.stdin.read().split()
    print(json.dumps([json.loads(respond(predictor, ASKED, bytes.fromhex(image))[1]) for image in images]))


if __name__ == "__main__":
    main()
