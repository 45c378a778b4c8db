"""Names every picture that is handed on, in all three splits, beside the dataset's report: what a version consists of.

Written a line at a time, from the catalogue's rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from containers.training.preparation.catalogue import Catalogue
from containers.training.preparation.judgement import Judged
from workflow.contract.dataset_manifest import ManifestHead, ManifestPicture, manifest_lines
from workflow.contract.dataset_report import SPLITS


def write_manifest(file: Path, judged: Judged) -> None:
    """Write the manifest of a dataset that was judged to be sound."""
    report, catalogue = judged.report, judged.catalogue
    pictures = sum(len(catalogue.of(split)) for split in range(len(SPLITS)))
    head = ManifestHead(report.digest, report.task, report.classes, pictures)
    with file.open("w", encoding="utf-8") as stream:
        stream.writelines(manifest_lines(head, _pictures(catalogue, report.classes)))


def _pictures(catalogue: Catalogue, classes: tuple[str, ...]) -> Iterator[ManifestPicture]:
    rows = catalogue.rows
    _, seen, counts = catalogue.pairs()
    ends = np.cumsum(rows["kinds"], dtype=np.int64)
    for split, name in enumerate(SPLITS):
        for at in catalogue.of(split).tolist():
            row, end = rows[at], int(ends[at])
            found = slice(end - int(row["kinds"]), end)
            yield ManifestPicture(
                name=catalogue.entries[at].image,
                sha256=row["digest"].tobytes().hex(),
                label=row["label_digest"].tobytes().hex(),
                split=name,
                objects=int(row["objects"]),
                classes={
                    classes[one]: many for one, many in zip(seen[found].tolist(), counts[found].tolist(), strict=True)
                },
            )
