"""The datasets in the stack's bucket as their page shows them: what a run found in each, and which used it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from workflow.console.executions import Execution
from workflow.console.stored import Stored
from workflow.contract.dataset_report import FORMAT_NAMES, SPLITS, DatasetReport
from workflow.contract.plain_text import show_plain
from workflow.contract.reading import ContractError, object_or_empty
from workflow.datasets.upload import DATASETS

REPORT, SHEET = "dataset-report.json", "contact-sheet.jpg"
"""What the preparation of a run leaves in the run's folder for its data."""


@dataclass(frozen=True)
class Dataset:
    """One dataset. ``runs`` are the builds that used it, the newest first.

    ``report`` is that of the newest run that left one, and ``seen_by`` that run; empty and None where none did.
    """

    name: str
    uri: str
    runs: tuple[Execution, ...] = ()
    seen_by: str = ""
    report: DatasetReport | None = None

    @property
    def kind(self) -> str:
        """Its task and its format in words; empty before a run looked at it."""
        if self.report is None:
            return ""
        return f"{self.report.task}, {FORMAT_NAMES.get(self.report.format, self.report.format)}"

    @property
    def counts(self) -> list[tuple[str, int, int]]:
        """Each split with its pictures and objects."""
        if self.report is None:
            return []
        return [(name, self.report.splits[name].images, self.report.splits[name].objects) for name in SPLITS]

    @property
    def classes(self) -> list[tuple[str, int]]:
        """Each class with its objects in all splits, 0 where they were not counted."""
        if self.report is None:
            return []
        counted = {one.name: sum(one.objects.values()) for one in self.report.class_counts}
        return [(show_plain(name), counted.get(name, 0)) for name in self.report.classes]

    @property
    def findings(self) -> list[tuple[str, int]]:
        """What was found that is more than a note, and how often."""
        return [] if self.report is None else list(self.report.problems.items())


def list_datasets(stored: Stored, builds: Iterable[Execution]) -> list[Dataset]:
    """Every dataset that was used or uploaded, the last used first; ``builds`` come with the newest first."""
    used: dict[str, list[Execution]] = {}
    for build in builds:
        if uri := dataset_of(build):
            used.setdefault(uri, []).append(build)
    for name in stored.folders(DATASETS):
        used.setdefault(f"s3://{stored.bucket}/{DATASETS}{name}/", [])
    return [Dataset(show_plain(uri.rstrip("/").rpartition("/")[2]), uri, tuple(runs)) for uri, runs in used.items()]


def dataset_of(build: Execution) -> str:
    """The folder of a build's labelled images, as it was planned or asked for; empty where the stack's default held."""
    planned = object_or_empty(object_or_empty(build.output.get("plan")).get("dataset")).get("uri") or build.dataset
    return f"{str(planned).rstrip('/')}/" if planned else ""


def report_folder(run: str) -> str:
    """Where a run leaves what it found in its data."""
    return f"runs/{run}/dataset/"


def with_report(stored: Stored, dataset: Dataset) -> Dataset:
    """The dataset with the report of the newest of its runs that has one."""
    for run in dataset.runs:
        try:
            report = DatasetReport.parse(stored.document(report_folder(run.name) + REPORT))
        except ContractError:
            continue
        return replace(dataset, seen_by=run.name, report=report)
    return dataset
