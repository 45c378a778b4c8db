"""Reads what other jobs left behind about the run, which the page tells beside the figures.

Nothing is judged by it, so each document may be missing; one that is there and cannot be read is an error.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workflow.contract.dataset_report import DatasetReport
from workflow.contract.feedback_figures import FEEDBACK_FILE, FeedbackFigures
from workflow.contract.reading import ContractError


class PageInputError(ValueError):
    """A document that is there cannot be read."""


@dataclass(frozen=True)
class PageInputs:
    """``run.json``, the trials of ``trials.json``, ``dataset-report.json``, the contact sheet, ``preparation.json``.

    ``feedback`` is ``feedback.json``, what people said of production's answers, which a person puts there.
    """

    record: Mapping[str, Any] | None
    trials: Sequence[Mapping[str, Any]]
    dataset: DatasetReport | None
    contact_sheet: bytes | None
    preparation: Mapping[str, Any] | None
    feedback: FeedbackFigures | None


def read_page_inputs(inputs: Path) -> PageInputs:
    """Read ``record`` and ``dataset`` below a job's inputs. Raises PageInputError with the file at fault."""
    trials = (_document(inputs / "record" / "trials.json") or {}).get("trials", [])
    if not isinstance(trials, list) or not all(isinstance(trial, dict) for trial in trials):
        raise PageInputError("trials.json: trials must be a list of objects")
    report = _document(inputs / "dataset" / "dataset-report.json")
    sheet = inputs / "dataset" / "contact-sheet.jpg"
    try:
        dataset = None if report is None else DatasetReport.parse(report)
    except ContractError as error:
        raise PageInputError(f"dataset-report.json: {error}") from None
    said = _document(inputs / "record" / FEEDBACK_FILE)
    try:
        feedback = None if said is None else FeedbackFigures.parse(said)
    except ContractError as error:
        raise PageInputError(f"{FEEDBACK_FILE}: {error}") from None
    return PageInputs(
        record=_document(inputs / "record" / "run.json"),
        trials=trials,
        dataset=dataset,
        contact_sheet=sheet.read_bytes() if sheet.is_file() else None,
        preparation=_document(inputs / "dataset" / "preparation.json"),
        feedback=feedback,
    )


def _document(path: Path) -> Mapping[str, Any] | None:
    """A JSON object, None where there is no file."""
    if not path.is_file():
        return None
    try:
        document = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise PageInputError(f"{path.name} cannot be read: {error}") from None
    if not isinstance(document, dict):
        raise PageInputError(f"{path.name}: must be a JSON object")
    return document
