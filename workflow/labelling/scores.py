"""Reads a file of drift scores: how far each picture is from the data that the model was trained on."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

from workflow.errors import UsageError


def read_scores(file: Path) -> dict[str, float]:
    """The score of each picture by its id; the larger, the further.

    The file is a JSON object of ids and numbers, or has a line of JSON with ``id`` and ``score`` for each. Raises
    UsageError for any other.
    """
    try:
        text = file.read_text("utf-8")
    except (OSError, ValueError) as error:
        raise UsageError(f"{file}: cannot be read: {error}") from error
    try:
        document = json.loads(text)
        pairs = list(document.items()) if "id" not in document else [(document["id"], document["score"])]
    except ValueError:
        pairs = [_read_line(file, at, line) for at, line in enumerate(text.splitlines(), 1) if line.strip()]
    except (AttributeError, KeyError, TypeError) as error:
        raise UsageError(f"{file}: must be an object of ids and numbers, or lines with id and score") from error
    for identity, score in pairs:
        if isinstance(score, bool) or not isinstance(score, (int, float)) or not math.isfinite(score):
            raise UsageError(f"{file}: the score of {identity} must be a number, found {score!r}")
    return {str(identity): float(score) for identity, score in pairs}


def _read_line(file: Path, at: int, line: str) -> tuple[Any, Any]:
    try:
        found = json.loads(line)
        return found["id"], found["score"]
    except (ValueError, KeyError, TypeError) as error:
        wanted = '{"id": "…", "score": 1.5}'
        raise UsageError(f"{file}, line {at}: must be JSON with id and score, such as {wanted}") from error
