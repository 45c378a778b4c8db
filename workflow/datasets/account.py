"""What a person is told of data before it is sent anywhere: what it was taken for, what was left out, how it splits."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from workflow.contract.dataset_report import PAGE, SPLITS, DatasetReport, name_format
from workflow.datasets.check import Dataset

CLASSES_SHOWN = 10


def tell_recognised(dataset: Dataset) -> Iterator[str]:
    """Format, task, classes and splits as they were recognised, and each kind of thing that was noted, once."""
    names = ", ".join(dataset.classes[:CLASSES_SHOWN])
    more = f" and {len(dataset.classes) - CLASSES_SHOWN:,} more" if len(dataset.classes) > CLASSES_SHOWN else ""
    many = f"{len(dataset.classes):,} class{'' if len(dataset.classes) == 1 else 'es'}"
    yield f"{name_format(dataset.format, dataset.task)} for the task {dataset.task}, {many}: {names}{more}"
    splits = ", ".join(f"{count:,} {name}" for name, count in dataset.splits.items() if name != "all")
    missing = [name for name in SPLITS if name not in dataset.splits]
    made = f"; {join(missing)} will be made of what is there" if missing else ""
    # A sorted picture has one label, its folder.
    objects = "" if dataset.task == "classify" else f"; {dataset.objects:,} objects"
    yield f"{splits or f'{dataset.images:,} pictures without splits'}{made}{objects}"
    kinds: dict[str, list[str]] = {}
    for note in dataset.notes:
        kinds.setdefault(note.kind, []).append(f"{note.file}: {note.message}")
    for kind, texts in kinds.items():
        yield f"{len(texts):,} {kind}: {texts[0]}" + (f", and {len(texts) - 1:,} more" if len(texts) > 1 else "")


def tell_prepared(report: DatasetReport, kept: Path) -> Iterator[str]:
    """How the pictures are split once they are prepared, and what was found that does not reject them.

    ``kept`` is the folder with the page that shows it.
    """
    sorted_pictures = report.task == "classify"
    splits = (
        f"{split.images:,} {name}" + ("" if sorted_pictures else f" ({split.objects:,} objects)")
        for name, split in report.splits.items()
    )
    yield f"every picture read: {', '.join(splits)}"
    if report.problems:
        yield "problems: " + ", ".join(
            f"{count:,} {kind} {done_about(report, kind)}".rstrip() for kind, count in report.problems.items()
        )
    if report.noted:
        yield "notes: " + ", ".join(f"{count:,} {kind}" for kind, count in report.noted.items())
    yield f"all of it, with pictures: {kept / PAGE}"


def done_about(report: DatasetReport, kind: str) -> str:
    """What was done about a kind of problem, such as ``repaired``, or ``repaired or dropped`` where that differs."""
    actions = (finding.action for finding in report.findings if finding.kind == kind and finding.action != "noted")
    return " or ".join(dict.fromkeys(actions))


def join(names: list[str]) -> str:
    """Names as a sentence has them: ``train, validation and test``."""
    return " and ".join(part for part in (", ".join(names[:-1]), *names[-1:]) if part)
