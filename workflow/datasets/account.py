"""What a person is told of data before it is sent anywhere: what it was taken for, what was left out, how it splits."""

from __future__ import annotations

from collections.abc import Iterator

from workflow.contract.dataset_report import FORMAT_NAMES, SPLITS, DatasetReport
from workflow.datasets.check import Dataset

CLASSES_SHOWN = 10


def tell_recognised(dataset: Dataset) -> Iterator[str]:
    """Format, task, classes and splits as they were recognised, and each kind of thing that was noted, once."""
    written = (
        "class folders" if dataset.task == "classify" and dataset.format == "yolo" else FORMAT_NAMES[dataset.format]
    )
    names = ", ".join(dataset.classes[:CLASSES_SHOWN])
    more = f" and {len(dataset.classes) - CLASSES_SHOWN:,} more" if len(dataset.classes) > CLASSES_SHOWN else ""
    many = f"{len(dataset.classes):,} class{'' if len(dataset.classes) == 1 else 'es'}"
    yield f"{written} for the task {dataset.task}, {many}: {names}{more}"
    splits = ", ".join(f"{count:,} {name}" for name, count in dataset.splits.items() if name != "all")
    missing = [name for name in SPLITS if name not in dataset.splits]
    made = f"; {' and '.join(missing)} will be made of what is there" if missing else ""
    yield f"{splits or f'{dataset.images:,} pictures without splits'}{made}; {dataset.objects:,} objects"
    kinds: dict[str, list[str]] = {}
    for note in dataset.notes:
        kinds.setdefault(note.kind, []).append(f"{note.file}: {note.message}")
    for kind, texts in kinds.items():
        yield f"{len(texts):,} {kind}: {texts[0]}" + (f", and {len(texts) - 1:,} more" if len(texts) > 1 else "")


def tell_prepared(report: DatasetReport) -> Iterator[str]:
    """How the pictures are split once they are prepared, and what was found that does not reject them."""
    splits = ", ".join(f"{split.images:,} {name} ({split.objects:,} objects)" for name, split in report.splits.items())
    yield f"every picture read: {splits}"
    found = {"problems": report.problems, "notes": report.noted}
    for name, kinds in found.items():
        if kinds:
            yield f"{name}: " + ", ".join(f"{count:,} {kind}" for kind, count in kinds.items())
