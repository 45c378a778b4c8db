"""Judges a whole dataset: every image, every label row, every split, and the digest that names it all.

Reads the files that ``layout`` found and copies nothing. What is wrong becomes findings; a dataset
with errors has no samples to train on.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from containers.training.images import ImageError, examine
from containers.training.labels import read_labels
from containers.training.layout import SPLITS, UNSPLIT, Layout, Pair, find_layout
from containers.training.splits import SplitError, assign
from workflow.contract import DatasetReport, Finding, SplitCount

SHOWN = 200
"""Findings that the report lists; it counts all."""


@dataclass(frozen=True)
class Sample:
    """One image that can be used: its files, its name below the images folder, its digests and its boxes."""

    pair: Pair
    shown: str
    image_digest: str
    label: bytes
    objects: int


@dataclass(frozen=True)
class Dataset:
    """A judged dataset: samples by split, empty when the report counts an error."""

    report: DatasetReport
    splits: dict[str, list[Sample]]


def judge(root: Path, *, seed: str, progress: Callable[[str], None] = lambda line: None) -> Dataset:
    """Look at every file of a dataset. The same bytes and seed give the same splits and digest."""
    layout = find_layout(root)
    findings = list(layout.findings)
    found = {split: _samples(root, split, pairs, layout, findings, progress) for split, pairs in layout.splits.items()}
    findings += _leaks(found)
    splits = _complete(found, seed, findings)
    if layout.classes:
        findings += _empty(splits)
    errors = sum(finding.severity == "error" for finding in findings)
    report = DatasetReport(
        digest=digest_of(layout.classes, splits),
        classes=layout.classes,
        splits={
            name: SplitCount(images=len(samples), objects=sum(sample.objects for sample in samples))
            for name, samples in splits.items()
        },
        errors=errors,
        warnings=len(findings) - errors,
        findings=tuple(sorted(findings, key=lambda finding: finding.severity))[:SHOWN],
    )
    return Dataset(report, {} if errors else splits)


def digest_of(classes: tuple[str, ...], splits: dict[str, list[Sample]]) -> str:
    """The sha256 that names classes, images, labels and splits together, whatever the files are called."""
    lines = sorted(
        f"{split} {sample.image_digest} {hashlib.sha256(sample.label).hexdigest()}"
        for split, samples in splits.items()
        for sample in samples
    )
    return hashlib.sha256("\n".join([*map(repr, classes), *lines]).encode()).hexdigest()


def _samples(
    root: Path,
    split: str,
    pairs: list[Pair],
    layout: Layout,
    findings: list[Finding],
    progress: Callable[[str], None],
) -> list[Sample]:
    samples: list[Sample] = []
    for count, pair in enumerate(pairs, start=1):
        shown = pair.image.relative_to(root).as_posix()
        try:
            facts = examine(pair.image)
        except ImageError as error:
            findings.append(Finding("error", shown, 0, str(error)))
            continue
        label, objects = _label(root, pair, len(layout.classes), findings)
        samples.append(Sample(pair, shown, facts.digest, label, objects))
        if count % 500 == 0:
            progress(f"{split}: {count} of {len(pairs)} images")
    return samples


def _label(root: Path, pair: Pair, classes: int, findings: list[Finding]) -> tuple[bytes, int]:
    shown = pair.label.relative_to(root).as_posix()
    if not pair.label.is_file():
        image = pair.image.relative_to(root).as_posix()
        findings.append(Finding("warning", image, 0, f"no label {shown}: taken as an image without objects"))
        return b"", 0
    raw = pair.label.read_bytes()
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        findings.append(Finding("error", shown, 0, f"not text in UTF-8: {error.reason} at byte {error.start}"))
        return raw, 0
    if not classes:
        return raw, 0  # without class names every row would be wrong once more
    boxes, problems = read_labels(text, classes)
    findings += [Finding(problem.severity, shown, problem.line, problem.message) for problem in problems]
    return raw, len(boxes)


def _leaks(splits: dict[str, list[Sample]]) -> list[Finding]:
    owners: dict[str, tuple[str, str]] = {}
    findings: list[Finding] = []
    for split, samples in splits.items():
        for sample in samples:
            owner, shown = owners.setdefault(sample.image_digest, (split, sample.shown))
            if owner != split:
                message = f"the same image as {shown}: {split} must hold none of {owner}"
                findings.append(Finding("error", sample.shown, 0, message))
            elif shown != sample.shown:
                findings.append(Finding("warning", sample.shown, 0, f"the same image as {shown}"))
    return findings


def _complete(found: dict[str, list[Sample]], seed: str, findings: list[Finding]) -> dict[str, list[Sample]]:
    splits = {name: found[name] for name in SPLITS if name in found}
    source = found.get(UNSPLIT, found.get("train", []))
    missing = [name for name in SPLITS if name not in found and name != "train"]
    if not source or not missing:
        return splits
    try:
        chosen = assign((sample.image_digest for sample in source), missing, seed)
    except SplitError as error:
        findings.append(Finding("error", ".", 0, str(error)))
        return splits
    for name in ("train", *missing):
        splits[name] = [sample for sample in source if chosen[sample.image_digest] == name]
    return {name: splits[name] for name in SPLITS}


def _empty(splits: dict[str, list[Sample]]) -> list[Finding]:
    if not splits:
        return []
    findings = []
    for name in SPLITS:
        if name not in splits:
            findings.append(Finding("error", ".", 0, f"no images for the {name} split"))
        elif splits[name] and not any(sample.objects for sample in splits[name]):
            findings.append(Finding("error", ".", 0, f"no object is labelled in the {name} split"))
    return findings
