"""Run by the serving environment's Python: answers images given in hex on stdin with the predictor's JSON."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from containers.serving.image_header import ImageError
from containers.serving.manifest import ModelError
from containers.serving.predictor import Predictor


def main() -> None:
    """Load the model of the folder named first and print one answer for each image."""
    try:
        predictor = Predictor.load(Path(sys.argv[1]))
    except ModelError as error:
        print(json.dumps({"model_error": str(error)}))
        return
    answers = []
    for line in sys.stdin.read().split():
        try:
            found = predictor.predict([bytes.fromhex(line)])[0]
        except ImageError as error:
            answers.append({"error": str(error)})
        else:
            size = {"width": found.width, "height": found.height}
            answers.append({**size, "detections": predictor.as_json(found.detections)})
    print(json.dumps(answers))


if __name__ == "__main__":
    main()
