"""The stand-in's SageMaker as a boto3 client, in this process: it refuses what is noted as it does over the wire."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from infra.local.sagemaker.errors import ServiceError
from infra.local.sagemaker.service import SageMaker
from infra.local.sagemaker.settings import Settings
from tests.lambdas.note_version.told import PREPARE, TRAIN

GROUP = "greenlight"


class Registry:
    """A package group, the jobs of a run and both endpoints; an operation named in ``broken`` is refused.

    ``called`` are the operations so far, ``updates`` what was asked of cards.
    """

    def __init__(self, state: Path) -> None:
        self.service = SageMaker(Settings(state, "http://127.0.0.1:1", account_id="123456789012"))
        self.broken: set[str] = set()
        self.called: list[str] = []
        self.updates: list[dict[str, Any]] = []
        self.call("CreateModelPackageGroup", ModelPackageGroupName=GROUP)
        store, settings = self.service.workshop.store, self.service.workshop.settings
        for kind, noun, name in (
            ("processing-job", "ProcessingJob", PREPARE),
            ("training-job", "TrainingJob", TRAIN),
            ("endpoint", "Endpoint", "greenlight-staging"),
            ("endpoint", "Endpoint", "greenlight-production"),
        ):
            arn = settings.arn(f"{kind}/{name}")
            store.add(kind, name, {f"{noun}Name": name, f"{noun}Arn": arn, "CreationTime": time.time()})

    def register(self) -> str:
        """The next version; its ARN."""
        specification = {"Containers": [{"Image": "x"}], "SupportedContentTypes": [], "SupportedResponseMIMETypes": []}
        created = self.call("CreateModelPackage", ModelPackageGroupName=GROUP, InferenceSpecification=specification)
        return str(created["ModelPackageArn"])

    def describe(self, arn: str) -> dict[str, Any]:
        """DescribeModelPackage."""
        return self.call("DescribeModelPackage", ModelPackageName=arn)

    def ascendants(self, arn: str) -> list[str]:
        """What leads to a lineage entity, as ``source -type-> destination`` with the last words of each, sorted."""
        asked = {"StartArns": [arn], "Direction": "Ascendants", "IncludeEdges": True}
        edges = self.call("QueryLineage", **asked)["Edges"]
        return sorted(
            f"{self._name(one['SourceArn'])} -{one['AssociationType']}-> {self._name(one['DestinationArn'])}"
            for one in edges
        )

    def artifact(self, address: str) -> str:
        """The ARN of the artifact at an address."""
        (found,) = self.call("ListArtifacts", SourceUri=address)["ArtifactSummaries"]
        return str(found["ArtifactArn"])

    def _name(self, arn: str) -> str:
        if ":artifact/" not in arn:
            return arn.rpartition("/")[2]
        return str(self.call("DescribeArtifact", ArtifactArn=arn)["Source"]["SourceUri"]).rstrip("/").rpartition("/")[2]

    def call(self, operation: str, **parameters: Any) -> dict[str, Any]:
        """One operation, refused as boto3 says it."""
        self.called.append(operation)
        if "ModelCard" in parameters:
            self.updates.append(parameters["ModelCard"])
        try:
            if operation in self.broken:
                raise ServiceError("AccessDeniedException", "not today")
            return self.service.call(operation, parameters)
        except ServiceError as error:
            raise ClientError({"Error": {"Code": error.code, "Message": error.message}}, operation) from error

    def __getattr__(self, name: str) -> Any:
        operation = re.sub(r"(?:^|_)(.)", lambda found: found[1].upper(), name)
        return lambda **parameters: self.call(operation, **parameters)

    def get_paginator(self, name: str) -> Any:
        """Pages of one item each, so that whoever reads the first alone is found out."""
        registry = self

        class Paginator:
            def paginate(self, PaginationConfig: Any = None, **given: Any) -> Iterator[dict[str, Any]]:
                page = getattr(registry, name)(**given, MaxResults=1)
                yield page
                while "NextToken" in page:
                    page = getattr(registry, name)(**given, MaxResults=1, NextToken=page["NextToken"])
                    yield page

        return Paginator()
