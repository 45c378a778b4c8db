"""What the gate decided: ``gate.json`` beside the figures, and what a gate that passed hands on to the next states."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from workflow.contract.document import render
from workflow.contract.figures import CandidateFigures, ChampionFigures
from workflow.contract.policy import Loosened
from workflow.contract.reading import VERSION
from workflow.contract.scores import Comparison


@dataclass(frozen=True)
class Judged:
    """What a decision is about: model and archive, candidate beside production, on which images."""

    model_digest: str
    archive_digest: str
    dataset_digest: str
    metrics: CandidateFigures
    champion: ChampionFigures | None
    comparison: Comparison | None


@dataclass(frozen=True)
class GateVerdict:
    """``gate.json``: the decision with everything it was measured against, for whoever asks later.

    ``judged`` is None where the evaluation's figures could not be read; ``thresholds`` are the plan's, and ``loosened``
    is what of them, or of another key, was the run's own and less than the stack demands.
    """

    passed: bool
    summary: str
    reasons: tuple[str, ...]
    thresholds: Mapping[str, Any]
    judged: Judged | None
    loosened: tuple[Loosened, ...] = ()

    def document(self) -> dict[str, Any]:
        """The document; what was judged has its keys beside those of the decision."""
        decided = render(self)
        judged = decided.pop("judged") or {}
        return {"version": VERSION, **decided, **judged}


@dataclass(frozen=True)
class PassedGate:
    """What the registration and the person who approves need of a candidate that passed: ``$.gate`` in Build.

    ``evaluation_digest`` is the SHA-256 of metrics.json as the gate read it, ``archive_uri`` where that archive is
    kept, under its digest. ``smoke_digest`` is that of what a release is tried with (StoredSmoke). ``properties`` are
    the candidate's RegisteredFigures as the registry takes them. ``cost`` is what the run's jobs cost so far, in words,
    empty where SageMaker did not say. ``quality_uri`` is where SageMaker's pages find the figures, ``quality_digest``
    the SHA-256 of that, and ``registry_task`` what the registry calls the task: empty in what a run kept that began
    before they were.
    """

    passed: bool
    summary: str
    reasons: tuple[str, ...]
    model_digest: str
    archive_digest: str
    evaluation_digest: str
    smoke_digest: str
    archive_uri: str
    report_uri: str
    metrics_uri: str
    metrics: CandidateFigures
    champion: ChampionFigures | None
    properties: Mapping[str, str]
    cost: str = ""
    quality_uri: str = ""
    quality_digest: str = ""
    registry_task: str = ""


PASSED_GATE = tuple(field.name for field in fields(PassedGate))
"""What the machine keeps of the gate's answer."""
