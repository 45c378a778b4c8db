"""What was released and when, and the way back to an earlier version: a release of that version.

Reads the project's table; starts the Release machine, which checks everything again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from workflow.clients import Cloud
from workflow.contract.champion import read_champion
from workflow.contract.names import NOT_THERE
from workflow.contract.package_properties import Origin
from workflow.contract.production import ForeignRecord, describe_foreign, is_foreign
from workflow.contract.reading import ContractError
from workflow.contract.release_approval import ReleaseApproval
from workflow.contract.release_history import ReleaseRecord
from workflow.contract.release_input import ReleaseInput
from workflow.contract.starter import STARTED_BY_LENGTH
from workflow.contract.table_items import plain_item
from workflow.contract.table_keys import CHAMPION, FOREIGN, RELEASE
from workflow.contract.vote import Vote
from workflow.errors import GreenlightError, ServiceError, UsageError


@dataclass(frozen=True)
class Release:
    """One release; ``live`` is true for the one production serves.

    ``approval`` is None for a release from before decisions were signed; ``skipped_by`` is who left out the question
    before production that the stack demands, empty where nobody did. ``by_batches`` where it made no endpoint serve it.
    """

    version: int
    package: str
    execution: str
    released: datetime
    live: bool
    approval: ReleaseApproval | None = None
    skipped_by: str = ""
    by_batches: bool = False

    def document(self) -> dict[str, Any]:
        """The release as JSON."""
        return {
            "version": self.version,
            "live": self.live,
            "released": self.released.isoformat(timespec="seconds"),
            "model_package": self.package,
            "execution": self.execution,
            "approval": None if self.approval is None else _show(self.approval),
            "skipped_by": self.skipped_by,
            "by_batches": self.by_batches,
        }


def list_releases(cloud: Cloud, table: str) -> list[Release]:
    """Every release, newest first."""
    items = cloud.pages(
        "dynamodb",
        "scan",
        "Items",
        TableName=table,
        FilterExpression="begins_with(id, :prefix)",
        ExpressionAttributeValues={":prefix": {"S": RELEASE}},
        ConsistentRead=True,
    )
    records = sorted((_read_record(item) for item in items), key=lambda record: record.released_epoch, reverse=True)
    return [
        Release(
            version=record.package_version,
            package=record.model_package_arn,
            execution=record.execution,
            released=datetime.fromtimestamp(record.released_epoch, UTC),
            live=at == 0,
            approval=record.approval,
            skipped_by=(record.started_by or "nobody named") if record.skipped_question else "",
            by_batches=record.by_batches,
        )
        for at, record in enumerate(records)
    ]


def find_foreign(
    cloud: Cloud, table: str, machine: str, endpoint: str, *, component: str = "", elsewhere: bool = False
) -> str:
    """What production serves, in words, where no release recorded that; empty where one did, or is under way.

    Of a production ``elsewhere``, in another account, it is what the stack's own watch has seen there; of the
    ``component`` of a shared endpoint it is a model.
    """
    running = cloud.call("stepfunctions", "list_executions", stateMachineArn=machine, statusFilter="RUNNING")
    if running["executions"]:
        return ""
    try:
        recorded = read_champion(_find(cloud, table, CHAMPION))
    except ContractError as error:
        raise GreenlightError(f"{error}.") from error
    serving = _find_noted(cloud, table) if elsewhere else _find_serving(cloud, endpoint, component)
    return describe_foreign(component or endpoint, serving, recorded) if is_foreign(serving, recorded) else ""


def _find_serving(cloud: Cloud, endpoint: str, component: str) -> str:
    try:
        if component:
            found = cloud.call("sagemaker", "describe_inference_component", InferenceComponentName=component)
            return str(found.get("Specification", {}).get("ModelName", ""))
        described = cloud.call("sagemaker", "describe_endpoint", EndpointName=endpoint)
    except ServiceError as error:
        if error.code in NOT_THERE:
            return ""
        raise
    return str(described["EndpointConfigName"])


def _find_noted(cloud: Cloud, table: str) -> str:
    noted = _find(cloud, table, FOREIGN)
    return ForeignRecord.parse(noted).configuration if noted else ""


def _find(cloud: Cloud, table: str, key: str) -> dict[str, Any] | None:
    answer = cloud.call("dynamodb", "get_item", TableName=table, Key={"id": {"S": key}}, ConsistentRead=True)
    return plain_item(answer["Item"]) if "Item" in answer else None


def served_dataset(cloud: Cloud, table: str) -> str:
    """The name of the dataset that production's model learned from; empty where nothing was released yet."""
    releases = list_releases(cloud, table)
    if not releases:
        return ""
    package = cloud.call("sagemaker", "describe_model_package", ModelPackageName=releases[0].package)
    return Origin.of(package).dataset_name


def choose_earlier(releases: list[Release], version: int | None) -> Release:
    """The release to go back to: of ``version``, or of the highest released version below the live one."""
    if not releases:
        raise UsageError("nothing was released yet, so there is nothing to go back to.")
    live = releases[0].version
    by_version = {one.version: one for one in reversed(releases)}
    known = ", ".join(str(number) for number in sorted(by_version))
    if version is None:
        below = [number for number in by_version if number < live]
        if not below:
            raise UsageError(f"no version before {live} was released; released were: {known}. Name one with --to.")
        return by_version[max(below)]
    if version not in by_version:
        raise UsageError(f"version {version} was never released; released were: {known}.")
    if version == live:
        raise UsageError(f"version {live} is what production serves already.")
    return by_version[version]


def start_release(
    cloud: Cloud,
    machine: str,
    package: str,
    *,
    started_by: str,
    why: str,
    serving: Mapping[str, Any] = MappingProxyType({}),
) -> str:
    """Start the Release machine on a model package and return the execution's ARN.

    ``serving`` are keys that say how it is served, where that is otherwise than as it is kept with the version.
    """
    version = package.rpartition("/")[2]
    name = f"{why}-{version}-{datetime.now(UTC).strftime('%Y-%m-%dT%H-%M-%S')}"
    asked = ReleaseInput(package, started_by=started_by[:STARTED_BY_LENGTH], serving=serving)
    given = asked.document()
    answer = cloud.call("stepfunctions", "start_execution", stateMachineArn=machine, name=name, input=json.dumps(given))
    return str(answer["executionArn"])


def _show(approval: ReleaseApproval) -> dict[str, Any]:
    shown = _show_one(approval)
    return {**shown, "votes": [_show_one(vote) for vote in approval.votes]} if approval.votes else shown


def _show_one(approval: ReleaseApproval | Vote) -> dict[str, str]:
    at = datetime.fromtimestamp(approval.at_epoch, UTC)
    return {
        "by": approval.by,
        "door": approval.door,
        "at": at.isoformat(timespec="seconds"),
        "comment": approval.comment,
    }


def _read_record(item: Mapping[str, Mapping[str, Any]]) -> ReleaseRecord:
    plain = plain_item(item)
    try:
        return ReleaseRecord.parse(plain)
    except ContractError as error:
        raise GreenlightError(f"the table's item {plain['id']} is not whole: {error}.") from error
