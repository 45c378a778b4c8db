"""A registered version of the model, as far as a release depends on it.

Reads DescribeModelPackage's answer and the properties that the build machine registered with it; refuses what is not
whole. Does not know whether the stored archive still is what was registered.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from workflow.contract.names import split_s3_uri
from workflow.contract.package_properties import PackageProperties
from workflow.contract.reading import ContractError

CONFIDENCE = "GREENLIGHT_CONFIDENCE"
SETTINGS = {CONFIDENCE}
"""What the build machine registers for the container to start with. A version's specification can be changed in the
registry after its approval, no decision names what is set there, and an interpreter does what its variables say."""


class RefusalError(ValueError):
    """The release may not start: says why."""


@dataclass(frozen=True)
class Package:
    """One version. ``environment`` is what it is registered to start with; digests are SHA-256 in hex.

    ``instance``, ``evaluation_digest`` and ``serving`` are empty where the version was registered without one, and
    ``serving`` is how it was to be served (``Serving.text``), unchecked. Its figures and the name of its data are not
    read here: people are shown those that were decided on.
    """

    arn: str
    version: int
    image: str
    model_data_url: str
    environment: Mapping[str, str]
    instance: str
    model_digest: str
    archive_digest: str
    evaluation_digest: str
    evaluation_uri: str
    serving: str = ""


def read(described: Mapping[str, Any], group: str) -> Package:
    """Read a version of this group. Raises RefusalError unless it is approved and whole."""
    arn = described["ModelPackageArn"]
    if described.get("ModelPackageGroupName") != group:
        raise RefusalError(f"{arn} is no version of the group {group}")
    version = described.get("ModelPackageVersion")
    if not isinstance(version, int):
        raise RefusalError(f"{arn} has no version")
    status = described.get("ModelApprovalStatus")
    if status != "Approved":
        raise RefusalError(f"version {version} is {status}, not Approved")
    specification = described.get("InferenceSpecification", {})
    containers = specification.get("Containers", [])
    if len(containers) != 1 or not containers[0].get("Image") or not containers[0].get("ModelDataUrl"):
        raise RefusalError(f"version {version} was not registered with one image and one archive")
    try:
        origin = PackageProperties.parse(described.get("CustomerMetadataProperties", {})).origin
    except ContractError as error:
        raise RefusalError(f"version {version} was not registered whole: {error}") from error
    environment = containers[0].get("Environment", {})
    if not environment.keys() <= SETTINGS:
        foreign = ", ".join(sorted(environment.keys() - SETTINGS))
        raise RefusalError(f"version {version} would start with settings that no build registers: {foreign}")
    instances = specification.get("SupportedRealtimeInferenceInstanceTypes", [])
    return Package(
        arn=arn,
        version=version,
        image=containers[0]["Image"],
        model_data_url=_check_address(version, "archive", containers[0]["ModelDataUrl"]),
        environment=environment,
        instance=instances[0] if instances else "",
        model_digest=origin.model_digest,
        archive_digest=origin.archive_digest,
        evaluation_digest=origin.evaluation_digest,
        evaluation_uri=origin.evaluation_uri,
        serving=origin.serving,
    )


def check_archive(package: Package, found_digest: str) -> None:
    """Raise RefusalError unless the stored archive is the registered one. An empty digest means it is gone."""
    if not found_digest:
        raise RefusalError(f"version {package.version}: no archive at {package.model_data_url}")
    if found_digest != package.archive_digest:
        raise RefusalError(
            f"version {package.version}: the archive changed after registration "
            f"(SHA-256 {found_digest[:12]}…, registered {package.archive_digest[:12]}…)"
        )


def _check_address(version: int, what: str, uri: str) -> str:
    try:
        split_s3_uri(uri)
    except ContractError as error:
        raise RefusalError(f"version {version}, {what}: {error}") from error
    return uri
