"""The answers of a batch transform job: a file for each picture, under the picture's name and ``.out``.

One of them is in memory at a time; of a hundred thousand pictures only the names are held together.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SUFFIX = ".out"
"""What SageMaker adds to an object's name (Batch Transform, "Using batch transform")."""


class JoinError(ValueError):
    """What the job left is not what a batch of this version would: says why."""


@dataclass(frozen=True)
class Answered:
    """One picture by its name below the folder, and what was answered; ``error`` is why not, empty where it was."""

    picture: str
    document: Mapping[str, Any]

    @property
    def error(self) -> str:
        """Why the picture was refused."""
        return str(self.document.get("error", ""))

    @property
    def found(self) -> list[Mapping[str, Any]]:
        """What was seen: objects, or of a classifier the best classes; each has its ``class`` and ``score``."""
        seen: list[Mapping[str, Any]] = self.document.get("detections") or self.document.get("classification") or []
        return seen

    @property
    def milliseconds(self) -> float:
        """What the answer took, decoding and all."""
        return float(sum(self.document.get("timings_ms", {}).values()))


def read_answers(folder: Path, model_digest: str) -> Iterator[Answered]:
    """Every answer below a folder, in the order of the pictures' names. Raises JoinError."""
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob(f"*{SUFFIX}") if path.is_file())
    for name in names:
        yield read_answer(folder, name.removesuffix(SUFFIX), model_digest)


def read_answer(folder: Path, picture: str, model_digest: str) -> Answered:
    """The answer to one picture. Raises JoinError where it is none, or another model's."""
    try:
        document = json.loads((folder / f"{picture}{SUFFIX}").read_bytes())
    except (ValueError, RecursionError) as error:
        raise JoinError(f"the answer to {picture} is no JSON: {error}") from error
    if not isinstance(document, dict):
        raise JoinError(f"the answer to {picture} is no JSON object")
    if "error" not in document and document.get("model_digest") != model_digest:
        raise JoinError(
            f"another model answered {picture}: {str(document.get('model_digest'))[:12]}…, expected "
            f"{model_digest[:12]}…"
        )
    return Answered(picture, document)
