"""What the machines tell of a version: once it is registered, and when a stage serves it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from workflow.contract.build_plan import BuildPlan
from workflow.contract.document import Matching, PackageArn, Text, read
from workflow.contract.gate import PassedGate
from workflow.contract.reading import ContractError, mapping
from workflow.contract.release_plan import ReleasePlan

Stage = Annotated[str, Matching("staging|production", "staging or production")]


@dataclass(frozen=True)
class Jobs:
    """The names of the jobs that made and measured the version."""

    prepare: Text
    train: Text
    evaluate: Text


@dataclass(frozen=True)
class Dataset:
    """What the check of the prepared images says of them."""

    summary: str
    task: str
    classes: tuple[str, ...]
    digest: str


@dataclass(frozen=True)
class Registered:
    """A version that waits for a decision. ``training_image`` and ``serving_image`` are the images of its jobs."""

    plan: BuildPlan
    gate: PassedGate
    dataset: Dataset
    jobs: Jobs
    instance: Text
    package_arn: PackageArn
    training_image: Text
    serving_image: Text


@dataclass(frozen=True)
class Serving:
    """A version that a stage serves from now on."""

    plan: ReleasePlan
    stage: Stage


def read_event(event: object) -> Registered | Serving:
    """Read what a state gives. Raises ContractError naming what is missing or wrong."""
    kind = mapping(event, "event").get("kind")
    if kind == "registered":
        return read(Registered, event, "event")
    if kind == "serving":
        return read(Serving, event, "event")
    raise ContractError(f"event.kind: must be registered or serving, found {kind!r}")
