"""Writes ``predictions.json`` picture by picture, so that no more than one of them is in memory.

Its form: ``{"version", "model_digest", "confidence", "images": [{"file", "width", "height", "detections"}]}``, a
classifier's with ``classification`` instead of ``detections``; both as the endpoint answers, masks as COCO's compressed
run lengths.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from workflow.contract.reading import VERSION


@contextmanager
def predictions_file(path: Path, model_digest: str, confidence: float) -> Iterator[Callable[[dict[str, Any]], None]]:
    """Open the document for writing; what is yielded takes one picture after the other."""
    head = json.dumps({"version": VERSION, "model_digest": model_digest, "confidence": confidence})
    with path.open("w", encoding="utf-8") as stream:
        stream.write(f'{head[:-1]}, "images": [')
        first = True

        def tell(picture: dict[str, Any]) -> None:
            nonlocal first
            stream.write(("" if first else ",") + "\n" + json.dumps(picture, allow_nan=False))
            first = False

        yield tell
        stream.write("\n]}\n")
