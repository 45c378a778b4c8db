"""The versions in the model registry as their page shows them: figures, status, who decided, and what is live."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any

from workflow.clients import CONNECTIONS, Cloud
from workflow.console.visits import Status
from workflow.contract.package_properties import Origin, PackageProperties
from workflow.contract.plain_text import show_plain
from workflow.contract.reading import ContractError
from workflow.contract.scores import FIGURE_NAMES
from workflow.runs.releases import Release, list_releases

LISTED = 100
"""Newest versions that are shown."""

_STATUSES = {"Approved": Status.DONE, "Rejected": Status.FAILED}
_WORDS = {"Approved": "approved", "Rejected": "rejected"}


@dataclass(frozen=True)
class Version:
    """One registered version. ``figures`` are by the names people read; ``run`` is the execution that built it.

    ``decided`` says who decided and why, as far as it is known; ``releases`` are those that brought it to production.
    """

    number: int
    arn: str
    status: Status
    words: str
    registered: datetime
    dataset: str = ""
    digest: str = ""
    run: str = ""
    decided: str = ""
    figures: Mapping[str, float | None] = field(default_factory=dict)
    releases: Sequence[Release] = ()

    @property
    def live(self) -> bool:
        """Whether production serves it, as the last release says."""
        return any(release.live for release in self.releases)


class Versions:
    """The versions of one package group."""

    def __init__(self, cloud: Cloud, group: str, table: str) -> None:
        """Read from the registry, and who released from ``table``."""
        self._cloud = cloud
        self._group = group
        self._table = table

    def newest(self) -> list[Version]:
        """The newest versions, the last registered first."""
        listed = self._cloud.pages(
            "sagemaker",
            "list_model_packages",
            "ModelPackageSummaryList",
            ModelPackageGroupName=self._group,
            SortBy="CreationTime",
            SortOrder="Descending",
        )
        releases = list_releases(self._cloud, self._table)
        arns = [str(item["ModelPackageArn"]) for item in islice(listed, LISTED)]
        with ThreadPoolExecutor(CONNECTIONS // 2) as at_once:
            described = at_once.map(
                lambda arn: self._cloud.call("sagemaker", "describe_model_package", ModelPackageName=arn), arns
            )
            return [read(found, releases) for found in described]


def read(found: Mapping[str, Any], releases: Sequence[Release]) -> Version:
    """A version from DescribeModelPackage's answer and all releases."""
    origin = Origin.of(found)
    arn, approval = str(found["ModelPackageArn"]), str(found.get("ModelApprovalStatus", ""))
    return Version(
        number=int(found.get("ModelPackageVersion", 0)),
        arn=arn,
        status=_STATUSES.get(approval, Status.ASKING),
        words=_WORDS.get(approval, "waits for a decision"),
        registered=found["CreationTime"],
        dataset=show_plain(origin.dataset_name),
        digest=origin.model_digest,
        run=origin.build_execution,
        decided=show_plain(str(found.get("ApprovalDescription", ""))),
        figures=_figures(found),
        releases=tuple(one for one in releases if one.package == arn),
    )


def _figures(found: Mapping[str, Any]) -> dict[str, float | None]:
    """Figures of a version that this project registered; none of another's."""
    try:
        figures = PackageProperties.parse(found.get("CustomerMetadataProperties", {})).figures.by_name()
    except ContractError:
        return {}
    return {FIGURE_NAMES[name]: value for name, value in figures.values.items() if value is not None}
