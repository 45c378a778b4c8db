"""Reads how far each picture is from the data that the model was trained on: what a watch over drift has written."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

from workflow.contract.reading import finite
from workflow.errors import UsageError

WANTED = '{"picture": "….jpg", "distance": 1.5}'


def read_scores(content: bytes, where: str) -> dict[str, float]:
    """The distance of each picture by its id; the larger, the further.

    ``content`` has a line of JSON for each, with the picture's name or key and its distance, or is one JSON object of
    ids and numbers. ``where`` is what it is called. Raises UsageError for any other.
    """
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        raise UsageError(f"{where}: is no text in UTF-8: {error}") from error
    whole = _parse(text)
    if isinstance(whole, dict) and "picture" not in whole:
        pairs = list(whole.items())
    else:
        lines = [(at, line) for at, line in enumerate(text.split("\n"), 1) if line.strip()]
        pairs = [_read_line(_parse(line), f"{where}, line {at}") for at, line in lines]
    for identity, score in pairs:
        if finite(score) is None:
            raise UsageError(f"{where}: the distance of {identity} must be a number, found {score!r}")
    return {str(identity): float(score) for identity, score in pairs}


def _parse(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _read_line(found: Any, where: str) -> tuple[str, Any]:
    if not isinstance(found, Mapping) or not isinstance(found.get("picture"), str) or "distance" not in found:
        raise UsageError(f"{where}: must be JSON with a picture and its distance, such as {WANTED}")
    return PurePosixPath(found["picture"]).stem, found["distance"]
