"""Writes the page an approver reads: the figures beside production's, the mistakes, the training, the data, the cost.

It knows no verdict: the gate comes later, and puts its own in the marker's place.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from containers.page.document import document
from containers.serving.report.changes import tell_changes
from containers.serving.report.classes import classes
from containers.serving.report.data import data
from containers.serving.report.evidence import Evidence
from containers.serving.report.head import figures, head, title
from containers.serving.report.mistakes import confusion, curves
from containers.serving.report.people import people
from containers.serving.report.pictures import pictures
from containers.serving.report.precision import precision
from containers.serving.report.run import cost, jobs, numbers
from containers.serving.report.training import training
from workflow.contract.dataset_report import DatasetReport
from workflow.contract.feedback_figures import PeriodFigures
from workflow.contract.glance import Glance
from workflow.contract.precision_choice import PrecisionChoice


@dataclass(frozen=True)
class Page:
    """All the page shows; what is None or empty is left out of it.

    ``record`` is ``run.json``, ``training`` the archive's ``training.json``, ``choice`` which precision serves and why,
    ``trials`` are SageMaker's summaries of a search's trainings, ``champion_dataset`` is the ``dataset.json`` of
    production's archive, ``preparation`` the preparation's ``preparation.json``, ``contact_sheet`` a JPEG; ``billed``
    says that AWS bills the jobs, ``real`` what people said of production's answers. Every name in them may hold markup
    and is escaped.
    """

    run: str
    evidence: Evidence
    record: Mapping[str, Any] | None
    trials: Sequence[Mapping[str, Any]]
    training: Mapping[str, Any] | None
    dataset: DatasetReport | None
    champion_dataset: Mapping[str, Any] | None
    contact_sheet: bytes | None
    preparation: Mapping[str, Any] | None
    evaluation_seconds: float
    billed: bool = True
    real: PeriodFigures | None = None
    choice: PrecisionChoice | None = None

    def html(self) -> str:
        """The page."""
        return document(title(self.run, self.record), Path(__file__).with_name("page.css"), self._sections())

    def glance(self) -> Glance:
        """What whoever decides sees of it before opening it."""
        comparison = self.evidence.metrics.comparison
        return Glance(
            outcome=self.evidence.outcome,
            data=tell_changes(self.dataset, self.champion_dataset),
            lead=None if comparison is None else comparison.overall,
            pictures=self.evidence.worst,
        )

    def _sections(self) -> str:
        metrics = self.evidence.metrics
        timed = jobs(self.record, self.training, self.trials, self.preparation, self.evaluation_seconds)
        return "".join(
            (
                head(self.run, self.evidence, self.record),
                figures(metrics),
                people(metrics, self.real),
                classes(metrics),
                curves(self.evidence),
                confusion(self.evidence),
                pictures(self.evidence.pictures),
                training(self.training, self.record, self.trials, metrics.task),
                precision(self.choice),
                data(self.dataset, self.champion_dataset, self.contact_sheet, self.record),
                cost(timed, self.billed),
                numbers(metrics, self.record),
                self.glance().comment(),
            )
        )


def write_page(folder: Path, page: Page) -> None:
    """Write the page to ``index.html`` in a folder, which is made."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "index.html").write_text(page.html(), encoding="utf-8")
