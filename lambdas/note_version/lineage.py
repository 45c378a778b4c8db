"""The edge of lineage: finds or makes what a chain names, and associates neighbours. Safe to repeat."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from lambdas.note_version.chain import Artifact, Job, Link, name_links


@dataclass(frozen=True)
class Lineage:
    """SageMaker's lineage; what is made there carries the project's tag."""

    sagemaker: Any
    project: str

    def keep(self, chain: Sequence[Link]) -> None:
        """Associate each two neighbours of a chain; what SageMaker does not know is left out between its neighbours."""
        found = [(link, arn) for link in chain if (arn := self._find_or_make(link))]
        for source, destination, kind in name_links(found):
            self._associate(source, destination, kind)

    def _find_or_make(self, link: Link) -> str:
        if isinstance(link, Artifact):
            return self._find_artifact(link.address) or self._make(link)
        if isinstance(link, Job):
            return self._first(
                "list_trial_components", "TrialComponentSummaries", "TrialComponentArn", SourceArn=link.arn
            )
        return self._first("list_contexts", "ContextSummaries", "ContextArn", SourceUri=link.arn)

    def _find_artifact(self, address: str) -> str:
        return self._first("list_artifacts", "ArtifactSummaries", "ArtifactArn", SourceUri=address)

    def _make(self, artifact: Artifact) -> str:
        request: Mapping[str, Any] = {
            "Source": {"SourceUri": artifact.address},
            "ArtifactType": artifact.kind,
            "Properties": {**artifact.properties},
            "Tags": [{"Key": "project", "Value": self.project}],
        }
        try:
            return str(self.sagemaker.create_artifact(**request)["ArtifactArn"])
        except ClientError:
            # SageMaker keeps artifacts of its own, and may just have made this one.
            found = self._find_artifact(artifact.address)
            if not found:
                raise
            return found

    def _associate(self, source: str, destination: str, kind: str) -> None:
        ends = {"SourceArn": source, "DestinationArn": destination}
        if not self._first("list_associations", "AssociationSummaries", "SourceArn", **ends):
            self.sagemaker.add_association(**ends, AssociationType=kind)

    def _first(self, operation: str, listed: str, arn: str, **given: str) -> str:
        """The ARN of the first that is listed; empty for none. A page that is empty need not be the last."""
        pages = self.sagemaker.get_paginator(operation).paginate(**given)
        return next((str(one[arn]) for page in pages for one in page[listed]), "")
