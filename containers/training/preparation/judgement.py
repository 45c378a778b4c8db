"""Judges a whole dataset: looks at everything, makes the splits, and says what was found.

Reads the dataset and writes nothing. A dataset with errors is judged to the end all the same, so that all that is wrong
is reported at once.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO

import numpy as np

from containers.training.preparation import statistics
from containers.training.preparation.agreement import agree
from containers.training.preparation.catalogue import DIGEST, UNSPLIT, Array, Catalogue
from containers.training.preparation.checks import (
    check_amounts,
    check_classes,
    check_copies,
    check_losses,
    check_sizes,
    check_splits,
    check_tiles,
)
from containers.training.preparation.completion import complete
from containers.training.preparation.duplicates import equal_groups, near_groups
from containers.training.preparation.findings import Findings, Sample
from containers.training.preparation.options import Options
from containers.training.preparation.survey import Known, Surveyor, survey
from workflow.contract.dataset_report import SPLITS, DatasetReport
from workflow.labels.source import Source


@dataclass(frozen=True)
class Judged:
    """A dataset that was judged: its report, its pictures with their splits, and samples of what was found."""

    report: DatasetReport
    catalogue: Catalogue
    samples: Sequence[Sample] = ()

    @property
    def sound(self) -> bool:
        """Whether anything may be handed on."""
        return self.report.errors == 0


def judge(
    source: Source,
    root: Path,
    options: Options,
    spool: IO[bytes],
    *,
    known: Known | None = None,
    every: IO[str] | None = None,
    say: Callable[[str], None] = lambda line: None,
) -> Judged:
    """Look at every picture below ``root``, or take what is ``known`` of it. The same content gives the same splits.

    ``spool`` is an empty file that takes thumbnails and labels, ``every`` one that takes all findings, as lines of
    JSON.
    """
    findings = Findings(options.policy, options.dataset, every)
    for problem in source.problems:
        findings.take(problem)
    catalogue = Catalogue(source.entries, len(source.classes), options.image_size, spool)
    survey(Surveyor(source, root, options.policy, options.image_size, known), catalogue, findings, say)
    equal, near = copies(catalogue)
    made = complete(catalogue, equal, near, group_pattern=options.group_pattern, seed=options.seed, findings=findings)
    check_copies(catalogue, equal, near, partial(agree, task=source.task, keypoints=source.keypoints), findings)
    check_splits(catalogue, made, findings)
    check_losses(catalogue, findings)
    if source.task != "classify":
        check_amounts(catalogue, options.max_detections, findings)
        if options.tiles == "auto":
            check_tiles(catalogue, options.image_size, findings)
    check_classes(catalogue, source.classes, made, findings)
    check_sizes(catalogue, source.classes, options.tiles, findings)
    report = DatasetReport(
        digest=digest_of(source, catalogue),
        classes=source.classes,
        splits=statistics.split_counts(catalogue),
        errors=findings.errors,
        warnings=findings.warnings,
        findings=findings.examples(),
        task=source.task,
        format=source.format,
        keypoints=source.keypoints,
        class_counts=statistics.class_counts(catalogue, source.classes),
        counted=dict(sorted(findings.counted.items())),
        sizes=statistics.sizes(catalogue),
        noted=dict(sorted((+findings.noted).items())),
        rejected=dict(sorted((+findings.rejected).items())),
        policy=dict(options.policy),
    )
    return Judged(report, catalogue, findings.samples())


def copies(catalogue: Catalogue) -> tuple[Array, Array]:
    """For every picture the first place of its equals, and of its series of nearly the same pictures."""
    rows = catalogue.rows
    equal, near = np.arange(len(rows)), np.arange(len(rows))
    kept = np.flatnonzero(rows["kept"])
    equal[kept] = kept[equal_groups(rows["digest"][kept])]
    told_apart = np.flatnonzero(rows["kept"] & ~rows["plain"])
    near[told_apart] = told_apart[
        near_groups(rows["look"][told_apart], lambda places: catalogue.thumbnails(told_apart[places]))
    ]
    return equal, near


def digest_of(source: Source, catalogue: Catalogue) -> str:
    """The SHA-256 that names task, classes, pictures, labels and splits together, whatever the files are called."""
    header = [source.task, list(source.classes), source.keypoints, source.flip]
    found = hashlib.sha256(json.dumps(header, ensure_ascii=False).encode())
    for split in range(UNSPLIT, len(SPLITS)):
        rows = catalogue.rows[catalogue.of(split)]
        both = np.zeros(len(rows), [("picture", DIGEST), ("label", DIGEST)])
        both["picture"], both["label"] = rows["digest"], rows["label_digest"]
        found.update(b"%d:%d:" % (split, len(rows)))
        found.update(np.sort(both.view("V64")).tobytes())
    return found.hexdigest()
