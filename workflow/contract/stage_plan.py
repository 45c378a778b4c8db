"""The plan of a stage: what ``Plan the stage`` decides once for one endpoint, and every later state of Stage reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from workflow.contract.document import Address, Document, Folder, Text

BACK = "back"
"""The key of a stage's input that says that production goes back to what it served before."""


@dataclass(frozen=True)
class Asked:
    """What an endpoint is tested with: the keys of the smoke test's request of the same names."""

    model_digest: str
    evaluation_uri: Folder
    smoke_digest: str
    only_the_digest: bool


@dataclass(frozen=True)
class Alarms:
    """The names of the alarms that watch a new fleet, by what they watch (``deployment.ALARMS``)."""

    errors: Text
    latency: Text
    answers: Text


@dataclass(frozen=True)
class StagePlan(Document):
    """How a model comes behind the endpoint of one ``stage``, whose ``number`` counts in STAGES from 0.

    ``configuration`` and ``model_name`` are what the names of these begin with; on the way ``back``, where neither is
    made, ``configuration`` is the whole name of what production served before. ``exists`` is whether the endpoint is
    there. ``kind`` is how the stage serves (a word of ``serve``), ``variant`` SageMaker's ProductionVariant without its
    model, ``deployment`` its DeploymentConfig, and ``retained`` whether the endpoint keeps its instances. Where it is
    ``watched``, ``alarms`` of these names are put. ``component`` is the inference component on a shared endpoint,
    empty for an endpoint of the project's own. ``asynchronous`` and ``capture`` are the AsyncInferenceConfig and the
    DataCaptureConfig, for an endpoint that has one. ``image``, ``model_data_url``, ``archive_etag``, ``environment``,
    ``serving`` and ``tags`` are those of the release's plan.
    """

    stage: Text
    number: int
    back: bool
    endpoint: Text
    exists: bool
    kind: Text
    configuration: Text
    model_name: Text
    image: Text
    model_data_url: Address
    archive_etag: str
    environment: Mapping[str, str]
    variant: Mapping[str, Any]
    deployment: Mapping[str, Any]
    retained: bool
    watched: bool
    alarms: Alarms
    component: str
    smoke: Asked
    serving: Mapping[str, Any]
    tags: tuple[Mapping[str, str], ...]
    asynchronous: Mapping[str, Any] | None = None
    capture: Mapping[str, Any] | None = None
