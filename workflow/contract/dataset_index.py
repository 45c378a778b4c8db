"""The index of datasets: a small object for each version of one, and one for each run that used it.

A version is named by the digest of its content. It lies below PREFIX of the stack's bucket, ``<digest>/version.json``
with ``<digest>/runs/<run>.json`` beside it: each run writes its own, so that two that end at once lose nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from workflow.contract.document import Digest, Document, Folder, Text
from workflow.contract.reading import ContractError

PREFIX = "datasets-index/"
REFUSED, REGISTERED = "refused", "registered"
"""How a run ended, as far as those know who write it."""

Kept = TypeVar("Kept", bound=Document)


@dataclass(frozen=True)
class DatasetVersion(Document):
    """One version: ``name`` and ``uri`` are of the dataset in which it was seen first, at ``first_seen_epoch`` seconds.

    ``pictures`` are those of each split, ``classes`` the objects of each class in all splits. ``manifest`` is the S3
    address of its manifest, empty where the run that prepared it left none. ``objects`` is that of the newest list of
    the very objects it was read from (``dataset_objects``), empty where nobody could write one.
    """

    digest: Digest
    name: Text
    uri: Folder
    task: Text
    pictures: Mapping[str, int]
    classes: Mapping[str, int]
    first_seen_epoch: int
    manifest: str = ""
    objects: str = ""


@dataclass(frozen=True)
class DatasetUse(Document):
    """One run that used a version, since ``used_epoch`` seconds.

    ``ended`` is REFUSED, REGISTERED, or empty where it is not known here; then the execution tells. ``package_arn`` and
    ``model_digest`` are of the model that came of it, empty where none did.
    """

    run: Text
    execution: Text
    digest: Digest
    name: Text
    used_epoch: int
    ended: str = ""
    package_arn: str = ""
    model_digest: str = ""


def version_key(digest: str) -> str:
    """Where a version's object lies. Raises ContractError where the digest is none, for it becomes part of a key."""
    if not re.fullmatch("[0-9a-f]{64}", digest):
        raise ContractError(f"dataset.digest: must be a SHA-256 of 64 hexadecimal digits, found {digest!r}")
    return f"{PREFIX}{digest}/version.json"


def use_key(digest: str, run: str) -> str:
    """Where the object of a run's use lies. Raises ContractError where digest or name cannot be part of a key."""
    if not run or "/" in run:
        raise ContractError(f"run: must be the name of an execution, found {run!r}")
    return version_key(digest).replace("version.json", f"runs/{run}.json")


def note_version(s3: Any, bucket: str, version: DatasetVersion) -> None:
    """Keep a version; ``s3`` is a client. What was seen first stays, but a manifest that was missing is added, and the
    newest list of its objects takes the place of an older one, whose objects may expire before.

    Raises the client's error where it cannot be kept, ContractError where what is there is no such object.
    """
    key = version_key(version.digest)
    known = _find(s3, bucket, key, DatasetVersion)
    if known is None:
        _put(s3, bucket, key, version)
        return
    grown = replace(known, manifest=known.manifest or version.manifest, objects=version.objects or known.objects)
    if grown != known:
        _put(s3, bucket, key, grown)


def note_use(s3: Any, bucket: str, use: DatasetUse) -> None:
    """Keep a use, from its first moment on; raises as ``note_version`` does."""
    key = use_key(use.digest, use.run)
    known = _find(s3, bucket, key, DatasetUse)
    _put(s3, bucket, key, use if known is None else replace(use, used_epoch=known.used_epoch))


def _find(s3: Any, bucket: str, key: str, kind: type[Kept]) -> Kept | None:
    try:
        body = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    except s3.exceptions.NoSuchKey:
        return None
    try:
        return kind.parse(json.loads(body))
    except (ValueError, RecursionError) as error:
        raise ContractError(f"s3://{bucket}/{key}: {error}") from error


def _put(s3: Any, bucket: str, key: str, document: Document) -> None:
    body = json.dumps(document.document(), indent=1) + "\n"
    s3.put_object(Bucket=bucket, Key=key, Body=body.encode(), ContentType="application/json")
