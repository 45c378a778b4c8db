"""What a run wants of the preparation: the part of ``record/run.json`` that concerns it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from workflow.contract.group_pattern import check_pattern
from workflow.contract.model import USUAL_DETECTIONS
from workflow.contract.reading import VERSION
from workflow.contract.tiles import Tiling


class RecordError(ValueError):
    """``run.json`` is missing or of another version."""


@dataclass(frozen=True)
class Options:
    """How a dataset is read and judged; see the input's keys of the same names in ``workflow.contract.run_input``."""

    task: str = "auto"
    format: str = "auto"
    policy: Mapping[str, str] = field(default_factory=dict)
    group_pattern: str = ""
    seed: int = 0
    image_size: int = 640
    max_detections: int = USUAL_DETECTIONS
    tiles: Tiling = "off"
    dataset: str = "the dataset"
    """What people call the dataset."""


def read_options(file: Path) -> Options:
    """Read ``run.json``, whose values were checked before the run began. Raises RecordError.

    Raises InputError for a pattern that no run may begin with any more.
    """
    if not file.is_file():
        raise RecordError(f"{file.name}: missing; the preparation takes the run's record as its input record/")
    document = json.loads(file.read_text(encoding="utf-8"))
    if document.get("version") != VERSION:
        raise RecordError(f"{file.name}: version {document.get('version')!r} is not {VERSION}")
    given = document["preparation"]
    check_pattern(given["group_pattern"])
    return Options(
        given["task"],
        given["format"],
        dict(given["policy"]),
        given["group_pattern"],
        given["seed"],
        given["image_size"],
        given.get("max_detections", USUAL_DETECTIONS),
        given.get("tiles", "off"),
        str(document.get("dataset") or Options.dataset),
    )
