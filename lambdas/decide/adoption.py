"""What an administrator adopts: a version that was approved before decisions were signed. Pure.

Nothing is taken over unseen. The digests are those of what lies there now, and they must agree with what was
registered; the status in the registry must be Approved, as it was when the version was approved.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from lambdas.decide.answer import UnusableError
from workflow.contract.approval import APPROVED
from workflow.contract.decision import ADOPTION, Decision
from workflow.contract.document import Matching, PackageVersion, read
from workflow.contract.package_properties import PackageProperties
from workflow.contract.plain_text import show_plain
from workflow.contract.reading import ContractError

EVALUATION = "metrics.json"
REPORT = "report/index.html"
"""What of the evaluation's folder is decided on beside what a release is tried with: its figures, and its report."""


@dataclass(frozen=True)
class Adoption:
    """What an administrator asks for: a version by its number, and why it is to be believed."""

    version: PackageVersion
    reason: Annotated[str, Matching(r".{1,500}", "a text of 1 to 500 characters")]

    @staticmethod
    def read(given: object) -> Adoption:
        """Read what was sent. Raises ContractError naming the key and what is allowed."""
        asked = read(Adoption, given, "request")
        return read(Adoption, {"version": asked.version, "reason": show_plain(asked.reason)}, "request")


@dataclass(frozen=True)
class Registered:
    """A version as the registry has it: where its bytes lie, and what they were. A digest may be empty."""

    arn: str
    version: int
    image: str
    archive_uri: str
    archive_digest: str
    evaluation_uri: str
    evaluation_digest: str
    smoke_digest: str
    dataset: str

    @staticmethod
    def read(described: Mapping[str, Any], group: str) -> Registered:
        """Read DescribeModelPackage's answer. Raises UnusableError where there is no whole, approved version."""
        arn, version = str(described.get("ModelPackageArn")), described.get("ModelPackageVersion")
        if described.get("ModelPackageGroupName") != group or not isinstance(version, int):
            raise UnusableError(f"{arn} is no version of the group {group}.")
        status = described.get("ModelApprovalStatus")
        if status != "Approved":
            raise UnusableError(f"version {version} is {status}, not Approved: there is nothing to adopt.")
        containers = described.get("InferenceSpecification", {}).get("Containers", [])
        if len(containers) != 1 or not containers[0].get("Image") or not containers[0].get("ModelDataUrl"):
            raise UnusableError(f"version {version} was not registered with one image and one archive.")
        try:
            origin = PackageProperties.parse(described.get("CustomerMetadataProperties", {})).origin
        except ContractError as error:
            raise UnusableError(f"version {version} was not registered whole: {error}.") from error
        return Registered(
            arn=arn,
            version=version,
            image=containers[0]["Image"],
            archive_uri=containers[0]["ModelDataUrl"],
            archive_digest=origin.archive_digest,
            evaluation_uri=origin.evaluation_uri,
            evaluation_digest=origin.evaluation_digest,
            smoke_digest=origin.smoke_digest,
            dataset=origin.dataset_uri.rstrip("/").rpartition("/")[2],
        )


@dataclass(frozen=True)
class Stored:
    """The digests of what lies there now; empty for what is gone."""

    archive_digest: str
    evaluation_digest: str
    smoke_digest: str
    report_digest: str


def draw_up(registered: Registered, stored: Stored, reason: str, by: str, now_epoch: int) -> Decision:
    """The decision that takes a version over. Raises UnusableError where its bytes are gone, or not the registered."""
    _check(registered, "archive", registered.archive_uri, stored.archive_digest, registered.archive_digest)
    folder = registered.evaluation_uri
    _check(registered, "evaluation", folder + EVALUATION, stored.evaluation_digest, registered.evaluation_digest)
    _check(registered, "smoke test", folder, stored.smoke_digest, registered.smoke_digest)
    given = {
        "model_package_arn": registered.arn,
        "package_version": registered.version,
        "archive_digest": stored.archive_digest,
        "evaluation_digest": stored.evaluation_digest,
        "image": registered.image,
        "decision": APPROVED,
        "by": by,
        "door": ADOPTION,
        "comment": reason,
        "at_epoch": now_epoch,
        "dataset": registered.dataset,
        "smoke_digest": stored.smoke_digest,
        "report_digest": stored.report_digest,
    }
    try:
        return read(Decision, given, "decision")
    except ContractError as error:
        raise UnusableError(f"version {registered.version} cannot be adopted: {error}.") from error


def check_replaced(before: Decision, adopted: Decision) -> None:
    """Raise UnusableError where an older approval, which is to be taken over, was given to other bytes."""
    for what, approved, found in (
        ("archive", before.archive_digest, adopted.archive_digest),
        ("evaluation", before.evaluation_digest, adopted.evaluation_digest),
        ("image", before.image, adopted.image),
    ):
        if approved != found:
            raise UnusableError(
                f"version {adopted.package_version}: the {what} is not the one that {before.by} approved: it was "
                "changed since, and nobody adopts it."
            )


def _check(registered: Registered, what: str, uri: str, stored: str, wanted: str) -> None:
    if not stored:
        raise UnusableError(f"version {registered.version}: no {what} at {uri}.")
    if wanted and stored != wanted:
        raise UnusableError(
            f"version {registered.version}: the {what} changed after registration "
            f"(SHA-256 {stored[:12]}…, registered {wanted[:12]}…)."
        )
