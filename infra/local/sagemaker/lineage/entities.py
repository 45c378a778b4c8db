"""Everything that may be associated, with what SageMaker keeps by itself: a job's component, an endpoint's context.

AWS keeps more by itself, such as artifacts of a job's channels; here only whoever creates an artifact has one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from infra.local.sagemaker.listing import listed
from infra.local.sagemaker.store import Record
from infra.local.sagemaker.workshop import Workshop

_JOBS = {
    "training-job": ("TrainingJob", "aws-training-job", "SageMakerTrainingJob"),
    "processing-job": ("ProcessingJob", "aws-processing-job", "SageMakerProcessingJob"),
}
"""Kinds of jobs: how their members are spelled, how AWS ends the name of a job's component, and what it calls it."""


@dataclass(frozen=True)
class Entity:
    """One end of an association. ``lineage`` is Artifact, TrialComponent or Context; ``name`` may be empty."""

    arn: str
    lineage: str
    type: str
    name: str


class Entities:
    """ListTrialComponents, ListContexts, and what is behind an ARN."""

    def __init__(self, workshop: Workshop) -> None:
        self._workshop = workshop

    def list_components(self, parameters: Record) -> Record:
        """The components of jobs, filtered by the job and in pages."""
        components = list(self._components())
        if "SourceArn" in parameters:
            source = parameters["SourceArn"]
            components = [one for one in components if one["TrialComponentSource"]["SourceArn"] == source]
        return listed("ListTrialComponents", parameters, components, "TrialComponent")

    def list_contexts(self, parameters: Record) -> Record:
        """The contexts of endpoints, filtered and in pages."""
        contexts = list(self._contexts())
        if "SourceUri" in parameters:
            contexts = [one for one in contexts if one["Source"]["SourceUri"] == parameters["SourceUri"]]
        if "ContextType" in parameters:
            contexts = [one for one in contexts if one["ContextType"] == parameters["ContextType"]]
        return listed("ListContexts", parameters, contexts, "Context")

    def find(self, arn: str) -> Entity | None:
        """What has this ARN, or None."""
        return next((entity for entity in self._all() if entity.arn == arn), None)

    def _all(self) -> Iterator[Entity]:
        for one in self._workshop.store.every("artifact"):
            yield Entity(one["ArtifactArn"], "Artifact", one["ArtifactType"], one.get("ArtifactName", ""))
        for one in self._components():
            kind = one["TrialComponentSource"]["SourceType"]
            yield Entity(one["TrialComponentArn"], "TrialComponent", kind, one["TrialComponentName"])
        for one in self._contexts():
            yield Entity(one["ContextArn"], "Context", one["ContextType"], one["ContextName"])

    def _components(self) -> Iterator[Record]:
        for kind, (noun, ending, source_type) in _JOBS.items():
            for job in self._workshop.store.every(kind):
                name = f"{job[f'{noun}Name']}-{ending}"
                yield {
                    "TrialComponentName": name,
                    "TrialComponentArn": self._workshop.settings.arn(f"experiment-trial-component/{name}"),
                    "DisplayName": name,
                    "TrialComponentSource": {"SourceArn": job[f"{noun}Arn"], "SourceType": source_type},
                    "CreationTime": job["CreationTime"],
                }

    def _contexts(self) -> Iterator[Record]:
        for endpoint in self._workshop.store.every("endpoint"):
            name = f"{endpoint['EndpointName']}-context"
            yield {
                "ContextName": name,
                "ContextArn": self._workshop.settings.arn(f"context/{name}"),
                "ContextType": "Endpoint",
                "Source": {"SourceUri": endpoint["EndpointArn"], "SourceType": "ARN"},
                "CreationTime": endpoint["CreationTime"],
            }
