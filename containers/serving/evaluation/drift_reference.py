"""Writes what a version saw on the held-out pictures, so that production can be held against it later.

Looked at once more, by the program that will look at production's pictures: nothing of a drift shall be the program's.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np

from containers.serving.drift.examiner import Examiner
from containers.serving.drift.pictures import read_held_out
from containers.serving.drift.reference import Reference
from containers.serving.drift.table import Row, Table
from containers.serving.evaluation.archive import unpack
from containers.serving.evaluation.held_out import HeldOut, HeldOutError
from containers.serving.model.image import make_thumbnail, read_as_sent

MOST_PICTURES = 1000
"""Of a larger set so many, spread over it: what is known of a figure's distribution grows little beyond."""
LONGEST_SIDE = 112
QUALITY = 70


def write_reference(folder: Path, archive: Path, held_out: HeldOut, confidence: float) -> str:
    """Write the reference into a folder; its SHA-256 in hex. Raises HeldOutError for a picture that cannot be read."""
    with tempfile.TemporaryDirectory() as unpacked:
        unpack(archive, Path(unpacked))
        examiner = Examiner(Path(unpacked), confidence)
    pictures = held_out.pictures
    if len(pictures) > MOST_PICTURES:
        pictures = tuple(pictures[at] for at in np.linspace(0, len(pictures) - 1, MOST_PICTURES).astype(int))
    rows: list[Row] = []
    for name, found in examiner.examine(((one.name, one.path) for one in pictures), read_held_out):
        if isinstance(found, str):
            raise HeldOutError(f"{name}: {found}")
        rows += found
    reference = Reference(
        model_digest=examiner.manifest.model_digest,
        confidence=confidence,
        runtime=examiner.runtime,
        classes=examiner.manifest.classes,
        table=Table.of(rows, len(examiner.manifest.classes)),
        thumbnails=tuple(make_thumbnail(read_as_sent(one.path), LONGEST_SIDE, QUALITY) for one in pictures),
    )
    return reference.write(folder)
