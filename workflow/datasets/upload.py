"""Brings a checked dataset, or pretrained weights, to the project's bucket.

Sends what changed and nothing else: a file whose MD5 is already the object's is left alone, and an object that the
folder no longer holds is removed, so that the prefix is always exactly the folder. The MD5 is the ETag, but not under a
KMS key: an upload notes it beside the object, too.
"""

from __future__ import annotations

import hashlib
import re
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workflow.clients import CONNECTIONS, Cloud
from workflow.contract.weights import Pretrained, WeightsError, read_pretrained, require_fit
from workflow.contract.whole_zip import check_whole_zip
from workflow.datasets.check import Dataset
from workflow.errors import UsageError

_MD5 = "md5"
"""Key of the note beside an object: the MD5 of its bytes, in hexadecimal."""
_DELETED_AT_ONCE = 1000
"""Objects that S3 deletes in one call."""

Progress = Callable[[int, int], None]
"""Told after each file: files done, files in all."""

Ask = Callable[[Sequence[str]], None]
"""Told before anything is sent which keys of the name will be removed; raises where they shall stay."""

DATASETS = "datasets/"
"""Below which a stack's bucket holds its datasets, each in a folder of its name."""


@dataclass(frozen=True)
class Uploaded:
    """What an upload did."""

    uri: str
    sent: int
    unchanged: int
    removed: int


def upload_dataset(
    cloud: Cloud, bucket: str, dataset: Dataset, name: str, progress: Progress, ask: Ask = lambda gone: None
) -> Uploaded:
    """Make ``s3://bucket/datasets/<name>/`` hold exactly the dataset's files.

    Raises UsageError for a name with a slash or the like: what is not in the folder is removed below the name, once
    ``ask`` let it.
    """
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,59}", name):
        raise UsageError(f"--name {name}: must be of letters, digits, dots, dashes and underscores, 60 at most.")
    prefix = f"{DATASETS}{name}/"
    there = {str(item["Key"])[len(prefix) :]: item for item in list_objects(cloud, bucket, prefix)}
    if gone := sorted(there.keys() - dataset.files.keys()):
        ask(gone)
    done = 0

    def send(key: str, path: Path) -> bool:
        return put_unless_there(cloud, bucket, prefix + key, path.read_bytes(), there.get(key))

    sent = 0
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        waiting = [pool.submit(send, key, path) for key, path in dataset.files.items()]
        try:
            for future in waiting:
                sent += future.result()
                done += 1
                progress(done, len(waiting))
        except BaseException:
            pool.shutdown(wait=True, cancel_futures=True)
            raise
    delete_objects(cloud, bucket, [prefix + key for key in gone])
    return Uploaded(f"s3://{bucket}/{prefix}", sent, len(waiting) - sent, len(gone))


def check_weights(weights: Path, task: str = "auto", model: str = "") -> Pretrained:
    """What the weights are. Raises UsageError where they are none, or do not fit the task of the data and the model."""
    if not weights.is_file():
        raise UsageError(f"{weights}: there is no such file of pretrained weights.")
    wanted = "pretrained weights are a .pt file written by torch.save, and this is none"
    if weights.suffix != ".pt":
        raise UsageError(f"{weights}: {wanted}.")
    try:
        check_whole_zip(weights)
        found = read_pretrained(weights)
    except (zipfile.BadZipFile, ValueError, EOFError) as error:
        raise UsageError(f"{weights}: {wanted}: {error}.") from error
    try:
        require_fit(found, task=task, model=model)
    except WeightsError as error:
        raise UsageError(f"{weights}: {error}.") from error
    return found


def upload_weights(cloud: Cloud, bucket: str, weights: Path) -> str:
    """Upload pretrained weights and return their S3 address."""
    check_weights(weights)
    key = f"weights/{weights.name}"
    there = next((item for item in list_objects(cloud, bucket, key) if item["Key"] == key), None)
    put_unless_there(cloud, bucket, key, weights.read_bytes(), there)
    return f"s3://{bucket}/{key}"


def list_objects(cloud: Cloud, bucket: str, prefix: str) -> Iterator[Mapping[str, Any]]:
    """What S3 lists below a prefix."""
    return cloud.pages("s3", "list_objects_v2", "Contents", Bucket=bucket, Prefix=prefix)


def delete_objects(cloud: Cloud, bucket: str, keys: Sequence[str]) -> list[str]:
    """Delete objects by their keys; the codes of errors for those that cannot be."""
    codes: list[str] = []
    for at in range(0, len(keys), _DELETED_AT_ONCE):
        objects = [{"Key": key} for key in keys[at : at + _DELETED_AT_ONCE]]
        told = cloud.call("s3", "delete_objects", Bucket=bucket, Delete={"Objects": objects, "Quiet": True})
        codes += [str(error.get("Code")) for error in told.get("Errors", [])]
    return codes


def put_unless_there(cloud: Cloud, bucket: str, key: str, body: bytes, listed: Mapping[str, Any] | None) -> bool:
    """Send a file unless the object that was ``listed`` at its key is the same; whether it was sent."""
    digest = hashlib.md5(body, usedforsecurity=False).hexdigest()
    if listed is not None and is_same(cloud, bucket, key, listed, len(body), digest):
        return False
    cloud.call("s3", "put_object", Bucket=bucket, Key=key, Body=body, Metadata={_MD5: digest})
    return True


def is_same(cloud: Cloud, bucket: str, key: str, listed: Mapping[str, Any], size: int, digest: str) -> bool:
    """Whether an object holds these bytes: by its ETag, or by the note beside it where sizes are the same."""
    if str(listed["ETag"]).strip('"') == digest:
        return True
    if listed.get("Size") != size:
        return False
    return bool(cloud.call("s3", "head_object", Bucket=bucket, Key=key).get("Metadata", {}).get(_MD5) == digest)
