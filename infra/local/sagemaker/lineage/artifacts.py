"""Artifacts: things with an address, such as a dataset or a model's archive. Each address has one."""

from __future__ import annotations

import time
import uuid

from infra.local.sagemaker.callers import user_context
from infra.local.sagemaker.errors import conflict, invalid, not_found
from infra.local.sagemaker.lineage.associations import KIND as ASSOCIATION
from infra.local.sagemaker.listing import listed
from infra.local.sagemaker.model_checks import described
from infra.local.sagemaker.store import Record
from infra.local.sagemaker.workshop import Workshop

KIND = "artifact"


class Artifacts:
    """CreateArtifact and its siblings."""

    def __init__(self, workshop: Workshop) -> None:
        self._workshop = workshop

    def create(self, parameters: Record) -> Record:
        """Remember an artifact; refused where its address or its name has one."""
        address, name = parameters["Source"]["SourceUri"], parameters.get("ArtifactName")
        arn = self._workshop.settings.arn(f"{KIND}/{uuid.uuid4().hex}")
        with self._workshop.store.lock:
            for other in self._workshop.store.every(KIND):
                if other["Source"]["SourceUri"] == address:
                    raise invalid(f"Artifact {other['ArtifactArn']} with the source {address} already exists.")
                if name is not None and other.get("ArtifactName") == name:
                    raise invalid(f"Artifact names must be unique: {name} is {other['ArtifactArn']}.")
            now = time.time()
            record = {
                **{member: value for member, value in parameters.items() if member != "Tags"},
                "ArtifactArn": arn,
                "CreationTime": now,
                "LastModifiedTime": now,
                "CreatedBy": user_context(),
            }
            self._workshop.store.add(KIND, arn, record)
            self._workshop.store.tag(arn, parameters.get("Tags"))
        return {"ArtifactArn": arn}

    def describe(self, parameters: Record) -> Record:
        """One artifact, by its ARN."""
        record = self._find(parameters["ArtifactArn"])
        return described("DescribeArtifact", {"ArtifactName": record["ArtifactArn"], **record})

    def list_all(self, parameters: Record) -> Record:
        """The artifacts, filtered and in pages."""
        artifacts = self._workshop.store.every(KIND)
        if "SourceUri" in parameters:
            artifacts = [one for one in artifacts if one["Source"]["SourceUri"] == parameters["SourceUri"]]
        if "ArtifactType" in parameters:
            artifacts = [one for one in artifacts if one["ArtifactType"] == parameters["ArtifactType"]]
        return listed("ListArtifacts", parameters, artifacts, "Artifact")

    def delete(self, parameters: Record) -> Record:
        """Forget an artifact that nothing is associated with, by its ARN or its address."""
        with self._workshop.store.lock:
            arn = self._find(parameters["ArtifactArn"])["ArtifactArn"] if "ArtifactArn" in parameters else None
            for one in self._workshop.store.every(KIND) if arn is None else []:
                if one["Source"]["SourceUri"] == parameters.get("Source", {}).get("SourceUri"):
                    arn = one["ArtifactArn"]
            if arn is None:
                raise invalid("DeleteArtifact needs an ArtifactArn, or a Source that an artifact has.")
            for association in self._workshop.store.every(ASSOCIATION):
                if arn in (association["SourceArn"], association["DestinationArn"]):
                    raise conflict(f"Artifact {arn} cannot be deleted: it has associations.")
            self._workshop.store.remove(KIND, arn)
            self._workshop.store.untag(arn)
        return {"ArtifactArn": arn}

    def _find(self, arn: str) -> Record:
        record = self._workshop.store.read(KIND, arn)
        if record is None:
            raise not_found(f"Artifact {arn} does not exist.")
        return record
