"""Whether a dataset may be trained on, from what its preparation found.

Reads a report, never the images: what is an error and what a warning was settled by the preparation.
"""

from __future__ import annotations

from dataclasses import dataclass

from workflow.contract.dataset_report import DatasetReport
from workflow.contract.way_on import tell_way_on

SHOWN = 5
"""Findings named in a rejection; the report holds the others."""
WAY_ON = (
    "greenlight start --policy {policy}, where the stack lets a run be milder than it is "
    "(greenlight deploy --parameter PolicyLoosening=show), or make demo POLICY={policy}"
)
"""What starts the run again past what can be left out or mended."""
KINDS = 3
"""Kinds of problems named in a summary."""

OBJECTS = {
    "detect": ("box", "boxes"),
    "obb": ("box", "boxes"),
    "pose": ("object", "objects"),
    "segment": ("object", "objects"),
    "classify": ("label", "labels"),
}
"""What people call one labelled object of a task, and several."""


@dataclass(frozen=True)
class Verdict:
    """``reasons`` is empty for a dataset that may be trained on; otherwise one line for each finding shown."""

    reasons: tuple[str, ...]
    images: int
    objects: int
    summary: str


def judge(report: DatasetReport, page: str = "") -> Verdict:
    """Judge a report: any error, nothing labelled or a split without images stops the run.

    ``page`` is the address of the page that shows people all that was found.
    """
    images = sum(split.images for split in report.splits.values())
    objects = sum(split.objects for split in report.splits.values())
    return Verdict(
        reasons=tuple(find_reasons(report, images, objects, page)),
        images=images,
        objects=objects,
        summary=", ".join(
            (
                count(images, "image", "images"),
                count(objects, *OBJECTS[report.task]),
                *count_findings(report),
            )
        ),
    )


def count_findings(report: DatasetReport) -> list[str]:
    """How many problems of which kinds, and how many notes, which are none."""
    notes = sum(report.noted.values())
    problems = count(report.errors + report.warnings - notes, "problem", "problems")
    kinds = [f"{number} {kind}" for kind, number in report.problems.items()]
    more = [f"{len(kinds) - KINDS} more kinds"] if len(kinds) > KINDS + 1 else kinds[KINDS:]
    shown = f"{problems} ({', '.join([*kinds[:KINDS], *more])})" if kinds else problems
    return [shown, *([count(notes, "note", "notes")] if notes else [])]


def find_reasons(report: DatasetReport, images: int, objects: int, page: str) -> list[str]:
    """Why the dataset is refused, worst first, where all of it is, and what to type to go on; empty when it is not."""
    if report.errors:
        lines = [finding.text() for finding in report.findings if finding.severity == "error"][:SHOWN]
        hidden = report.errors - len(lines)
        if hidden > 0:
            lines.append(
                f"and {hidden} more" if lines else f"{count(hidden, 'error', 'errors')}, none of them described"
            )
        if page:
            lines.append(f"all of it, with pictures: {page}")
        # A report that describes none of them leaves nothing to decide about.
        return [*lines, tell_way_on(report.rejected, report.policy, WAY_ON)] if report.rejected else lines
    if not images:
        return ["the dataset holds no images"]
    if not report.classes or not objects:
        one, _ = OBJECTS[report.task]
        return [f"{count(images, 'image', 'images')} and no labelled {one}"]
    empty = sorted(name for name, split in report.splits.items() if not split.images)
    return [f"no images for {name}" for name in empty]


def count(number: int, one: str, many: str) -> str:
    """The number and its noun."""
    return f"{number} {one if number == 1 else many}"
