"""ARNs of what belongs to a version, beside the version's own: the same partition, region and account. Pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Place:
    """Where a version is registered: what every ARN of SageMaker's there begins with."""

    prefix: str

    @staticmethod
    def of(package_arn: str) -> Place:
        """The place of a version."""
        return Place(":".join(package_arn.split(":")[:5]))

    def training_job(self, name: str) -> str:
        """The ARN of a training job."""
        return f"{self.prefix}:training-job/{name}"

    def processing_job(self, name: str) -> str:
        """The ARN of a processing job."""
        return f"{self.prefix}:processing-job/{name}"

    def endpoint(self, name: str) -> str:
        """The ARN of an endpoint."""
        return f"{self.prefix}:endpoint/{name}"
