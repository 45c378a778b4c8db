"""The lineage of a version as a chain, from the dataset over jobs and archive to the endpoint. Pure.

SageMaker keeps a component of each job and a context of each endpoint by itself, and artifacts of what jobs read and
wrote. What it cannot know is that the judged archive was kept under another address, where the version has it from.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from lambdas.note_version.event import Registered, Serving
from lambdas.note_version.places import Place

DATA, MODEL = "DataSet", "Model"
"""What SageMaker's own pages call the kinds of artifacts that they show."""


@dataclass(frozen=True)
class Artifact:
    """Something at an address, which has one artifact in an account."""

    address: str
    kind: str
    properties: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Job:
    """A job, by its ARN."""

    arn: str


@dataclass(frozen=True)
class Endpoint:
    """An endpoint, by its ARN."""

    arn: str


Link = Artifact | Job | Endpoint


def of_version(version: Registered) -> tuple[Link, ...]:
    """From the dataset to the version."""
    plan, gate, place = version.plan, version.gate, Place.of(version.package_arn)
    return (
        Artifact(plan.dataset.uri, DATA, {"name": plan.dataset.name}),
        Job(place.processing_job(version.jobs.prepare)),
        Artifact(plan.uris.training, DATA, {"run": plan.run, "digest": version.dataset.digest}),
        Job(place.training_job(version.jobs.train)),
        Artifact(gate.archive_uri, MODEL, {"archive_digest": gate.archive_digest, "model_digest": gate.model_digest}),
        of_package(version.package_arn),
    )


def of_serving(version: Serving) -> tuple[Link, ...]:
    """From the version to the endpoint that serves it."""
    plan = version.plan
    name = plan.staging_endpoint if version.stage == "staging" else plan.production_endpoint
    return (of_package(plan.model_package_arn), Endpoint(Place.of(plan.model_package_arn).endpoint(name)))


def of_package(arn: str) -> Artifact:
    """The version itself, which SageMaker keeps as an artifact at its ARN."""
    return Artifact(arn, MODEL)


def name_links(found: Sequence[tuple[Link, str]]) -> list[tuple[str, str, str]]:
    """Source, destination and type of the association between each two neighbours; ``found`` has the ARN of each."""
    return [(source, destination, _type(one, other)) for (one, source), (other, destination) in pairwise(found)]


def _type(source: Link, destination: Link) -> str:
    """What SageMaker's guide calls such an association."""
    if isinstance(source, Job):
        return "Produced"
    if isinstance(destination, Endpoint):
        return "AssociatedWith"
    # The bytes of a version and of its archive are the same ones; the images of a training are made of the dataset's.
    made_of = isinstance(destination, Artifact) and destination.kind == DATA
    return "DerivedFrom" if made_of else "ContributedTo"
