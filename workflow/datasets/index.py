"""The versions of the project's datasets: what the index keeps of each, which runs and models used it, what is live.

Versions of the model from before there was an index are known by the registry alone: their data is told by its digest.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from workflow.clients import CONNECTIONS, Cloud
from workflow.contract.dataset_index import PREFIX, REGISTERED, DatasetUse, DatasetVersion
from workflow.contract.package_properties import Origin
from workflow.contract.reading import ContractError
from workflow.errors import GreenlightError, ServiceError, UsageError
from workflow.stack.outputs import Stack

SHORT = 12
"""Digits of a digest that people read."""

_SHORTEST = 4
_LIST = "'greenlight datasets' lists what there is."
_GONE = {"ExecutionDoesNotExist", "InvalidArn"}


@dataclass(frozen=True)
class Use:
    """A run that used a version; ``ended`` tells how it stands in a word, ``live`` whether production serves its model.

    ``version`` is that of the model that came of it, 0 where none did.
    """

    run: str
    used: datetime
    ended: str
    version: int
    model_digest: str
    live: bool

    def document(self) -> dict[str, Any]:
        """The use as JSON."""
        return {
            "run": self.run,
            "used": _moment(self.used),
            "ended": self.ended,
            "model_version": self.version or None,
            "model_digest": self.model_digest,
            "live": self.live,
        }


@dataclass(frozen=True)
class Dataset:
    """One version of a dataset. ``kept`` is what the index holds of it, None where it is from before there was one.

    ``uses`` are the runs that used it, the first one first; there is one at least where nothing is kept.
    """

    digest: str
    name: str
    kept: DatasetVersion | None
    uses: tuple[Use, ...]

    @property
    def first(self) -> datetime:
        """When it was seen first."""
        moments = [use.used for use in self.uses]
        return min([*moments, _time(self.kept.first_seen_epoch)] if self.kept else moments)

    @property
    def last(self) -> datetime:
        """When it was used last."""
        return max((use.used for use in self.uses), default=self.first)

    @property
    def models(self) -> list[int]:
        """The versions of the model that learned from it."""
        return sorted({use.version for use in self.uses if use.version})

    @property
    def live(self) -> list[int]:
        """Those of them that production serves."""
        return sorted({use.version for use in self.uses if use.live})

    def title(self) -> str:
        """What people call it."""
        return f"{self.name} {self.digest[:SHORT]}"

    def document(self) -> dict[str, Any]:
        """The version as JSON; what is not known of it is null."""
        kept = self.kept
        return {
            "digest": self.digest,
            "name": self.name,
            "address": kept and kept.uri,
            "task": kept and kept.task,
            "pictures": kept and dict(kept.pictures),
            "classes": kept and dict(kept.classes),
            "manifest": (kept and kept.manifest) or None,
            "objects": (kept and kept.objects) or None,
            "first_used": _moment(self.first),
            "last_used": _moment(self.last),
            "runs": [use.document() for use in self.uses],
            "model_versions": self.models,
            "serving": self.live,
        }


def read_datasets(cloud: Cloud, stack: Stack, live: str) -> list[Dataset]:
    """Every version of a dataset that a run used, the last used first.

    ``live`` is the ARN of the model package that production serves, empty for none.
    """
    with ThreadPoolExecutor(CONNECTIONS // 2) as at_once:
        keys = [str(one["Key"]) for one in _list_index(cloud, stack.bucket)]
        read = list(at_once.map(lambda key: _read(cloud, stack.bucket, key), keys))
        kept = {one.digest: one for one in read if isinstance(one, DatasetVersion)}
        indexed = [one for one in read if isinstance(one, DatasetUse)]
        known = {one.package_arn for one in indexed}
        packages = [arn for arn in _list_packages(cloud, stack.package_group) if arn not in known]
        registered = at_once.map(lambda arn: _registered(cloud, arn), packages)
        told = [*indexed, *(one for one in registered if one)]
        # A run's own entry may be from before its version was registered.
        grown = {(one.digest, one.run) for one in told if one.package_arn}
        told = [one for one in told if one.package_arn or (one.digest, one.run) not in grown]
        ends = at_once.map(lambda one: one.ended or _ask_end(cloud, one.execution), told)
        uses = [(one, _use(one, ended, live)) for one, ended in zip(told, ends, strict=True)]
    names = {digest: one.name for digest, one in kept.items()}
    for raw, _ in uses:
        names.setdefault(raw.digest, raw.name)
    found = [
        Dataset(
            digest=digest,
            name=name,
            kept=kept.get(digest),
            uses=tuple(sorted((use for raw, use in uses if raw.digest == digest), key=lambda use: (use.used, use.run))),
        )
        for digest, name in names.items()
    ]
    return sorted(found, key=lambda one: one.last, reverse=True)


def choose_dataset(found: Sequence[Dataset], wanted: str) -> Dataset:
    """The version that a run's name or a digest's first digits mean. Raises UsageError where none or several do."""
    by_run = [one for one in found if any(use.run == wanted for use in one.uses)]
    short = wanted.lower()
    by_digest = [
        one for one in found if re.fullmatch(f"[0-9a-f]{{{_SHORTEST},64}}", short) and one.digest.startswith(short)
    ]
    named = by_run or by_digest
    if len(named) == 1:
        return named[0]
    if named:
        several = ", ".join(one.digest[:SHORT] for one in named)
        raise UsageError(f"{wanted!r} means several versions: {several}. Give more digits.")
    raise UsageError(
        f"no run of the name {wanted!r} used a dataset, and no version's digest begins so (at least {_SHORTEST} "
        f"digits): {_LIST}"
    )


def choose_model(found: Sequence[Dataset], wanted: str) -> tuple[Dataset, Use]:
    """The data and the run of a version of the model, by its number or by the first digits of its digest.

    Raises UsageError where none or several are meant.
    """
    uses = [(one, use) for one in found for use in one.uses if use.version]
    number = re.fullmatch("v?([0-9]{1,9})", wanted)
    named = [(one, use) for one, use in uses if number and use.version == int(number[1])]
    if not named:
        short = wanted.lower()
        if re.fullmatch(f"[0-9a-f]{{{_SHORTEST},64}}", short):
            named = [(one, use) for one, use in uses if use.model_digest.startswith(short)]
    # The same model may have been registered by several runs: the one that serves is meant, or else the first.
    if len({use.model_digest for _, use in named}) > 1:
        several = ", ".join(f"version {use.version} ({use.model_digest[:SHORT]})" for _, use in named)
        raise UsageError(f"{wanted!r} means several models: {several}. Give more digits.")
    if not named:
        raise UsageError(
            f"no version of the model is {wanted!r}: give its number, or the model_digest of an answer; {_LIST}"
        )
    return min(named, key=lambda pair: (not pair[1].live, pair[1].version))


def _list_index(cloud: Cloud, bucket: str) -> list[Any]:
    return list(cloud.pages("s3", "list_objects_v2", "Contents", Bucket=bucket, Prefix=PREFIX))


def _list_packages(cloud: Cloud, group: str) -> list[str]:
    listed = cloud.pages("sagemaker", "list_model_packages", "ModelPackageSummaryList", ModelPackageGroupName=group)
    return [str(one["ModelPackageArn"]) for one in listed]


def _read(cloud: Cloud, bucket: str, key: str) -> DatasetVersion | DatasetUse:
    body = cloud.call("s3", "get_object", Bucket=bucket, Key=key)["Body"].read()
    kind = DatasetVersion if key.endswith("/version.json") else DatasetUse
    try:
        return kind.parse(json.loads(body))
    except (ContractError, ValueError, RecursionError) as error:
        raise GreenlightError(f"s3://{bucket}/{key} is no part of the index of datasets: {error}.") from error


def _registered(cloud: Cloud, arn: str) -> DatasetUse | None:
    """The use that a version's own properties tell; None of a version that names no data."""
    described = cloud.call("sagemaker", "describe_model_package", ModelPackageName=arn)
    origin = Origin.of(described)
    if not origin.dataset_digest:
        return None
    return DatasetUse(
        run=origin.build_execution.rpartition(":")[2],
        execution=origin.build_execution,
        digest=origin.dataset_digest,
        name=origin.dataset_name,
        used_epoch=int(described["CreationTime"].timestamp()),
        ended=REGISTERED,
        package_arn=arn,
        model_digest=origin.model_digest,
    )


def _ask_end(cloud: Cloud, execution: str) -> str:
    """How a run stands, in Step Functions' word; empty where that has forgotten it."""
    try:
        found = cloud.call("stepfunctions", "describe_execution", executionArn=execution)
    except ServiceError as error:
        if error.code not in _GONE:
            raise
        return ""
    return str(found["status"]).lower()


def _use(raw: DatasetUse, ended: str, live: str) -> Use:
    version = raw.package_arn.rpartition("/")[2]
    return Use(
        run=raw.run,
        used=_time(raw.used_epoch),
        ended=ended,
        version=int(version) if version.isdecimal() else 0,
        model_digest=raw.model_digest,
        live=bool(live) and raw.package_arn == live,
    )


def _time(epoch: int) -> datetime:
    return datetime.fromtimestamp(epoch, UTC)


def _moment(at: datetime) -> str:
    return at.isoformat(timespec="seconds")
