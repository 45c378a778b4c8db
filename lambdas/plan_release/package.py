"""A registered version of the model, as far as a release depends on it.

Reads DescribeModelPackage's answer and the properties that the build machine registered with it; refuses what is not
whole. Does not know whether the stored archive still is what was registered.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from workflow.contract.names import split_s3_uri
from workflow.contract.reading import ContractError, finite
from workflow.contract.scores import QUALITY

FIGURES = ("map50", "map50_95", "precision", "recall")

UNKNOWN = ("", "none")
"""How a figure is registered that the version's task does not have."""


class RefusalError(ValueError):
    """The release may not start: says why."""


@dataclass(frozen=True)
class Package:
    """One version. ``environment`` is what its containers start with; digests are SHA-256 in hex.

    ``instance`` is empty where the version was registered without one. ``metrics`` are its ``task`` and its figures,
    None for those it does not have, to be shown to people.
    """

    arn: str
    version: int
    image: str
    model_data_url: str
    environment: Mapping[str, str]
    instance: str
    model_digest: str
    archive_digest: str
    dataset_name: str
    evaluation_uri: str
    report_uri: str
    metrics: Mapping[str, str | float | None]


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
    properties = described.get("CustomerMetadataProperties", {})
    instances = specification.get("SupportedRealtimeInferenceInstanceTypes", [])
    return Package(
        arn=arn,
        version=version,
        image=containers[0]["Image"],
        model_data_url=_address(version, "archive", containers[0]["ModelDataUrl"]),
        environment=containers[0].get("Environment", {}),
        instance=instances[0] if instances else "",
        model_digest=_property(version, properties, "model_digest", r"[0-9a-f]{64}"),
        archive_digest=_property(version, properties, "archive_digest", r"[0-9a-f]{64}"),
        dataset_name=_property(version, properties, "dataset_uri", r"s3://.+").rstrip("/").rpartition("/")[2],
        evaluation_uri=_property(version, properties, "evaluation_uri", r"s3://.+/"),
        report_uri=_property(version, properties, "report_uri", r"s3://.+"),
        metrics=_metrics(version, properties),
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


def _property(version: int, properties: Mapping[str, str], name: str, pattern: str) -> str:
    value = properties.get(name, "")
    if not re.fullmatch(pattern, value):
        raise RefusalError(f"version {version} was registered with {name} = {value!r}")
    return value


def _address(version: int, what: str, uri: str) -> str:
    try:
        split_s3_uri(uri)
    except ContractError as error:
        raise RefusalError(f"version {version}, {what}: {error}") from error
    return uri


def _metrics(version: int, properties: Mapping[str, str]) -> dict[str, str | float | None]:
    # Versions from before there were other tasks tell of none, and map50_95 is what they were compared by.
    task = _property(version, {"task": "detect", **properties}, "task", "|".join(QUALITY))
    figures = {name: _figure(version, properties, name) for name in FIGURES}
    quality = _figure(version, {"quality": properties.get(QUALITY[task], ""), **properties}, "quality")
    return {"task": task, **figures, QUALITY[task]: quality}


def _figure(version: int, properties: Mapping[str, str], name: str) -> float | None:
    text = properties.get(name, "")
    if text in UNKNOWN:
        return None
    try:
        number = finite(float(text))
    except ValueError:
        number = None
    if number is None:
        raise RefusalError(f"version {version} was registered with {name} = {text!r}")
    return number
