"""A dataset as an earlier run had it: which objects that were is kept beside every run, and brought back from there.

S3 keeps what an object was before it was overwritten or deleted as a version of it, until the bucket's lifecycle lets
it expire. A run from an earlier version copies exactly those versions to a folder of its own, which expires as all
copies of a run do. Safe to repeat: a copy that is there is not made again.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from lambdas.plan_run.fingerprint import StoredFile
from lambdas.plan_run.plan import end_with_slash
from workflow.contract.dataset_index import PREFIX, DatasetVersion, version_key
from workflow.contract.dataset_objects import KeptObject, objects_lines, read_objects
from workflow.contract.names import split_s3_uri
from workflow.contract.rule import InputError

AT_ONCE = 10
"""Copies that are made at one time: as many as a client has connections."""
MOST = 50_000
"""Objects that are copied at most: what the function has the time for."""
NAMED = 3
"""Missing objects that a refusal names."""
LIST = "'greenlight datasets' lists what there is"


@dataclass(frozen=True)
class EarlierVersion:
    """A version of a dataset that a run shall have once more: what was kept of it, and its objects as they were."""

    kept: DatasetVersion
    uri: str
    objects: Sequence[KeptObject]

    @property
    def files(self) -> tuple[StoredFile, ...]:
        """The listing as it was when the version was seen: the same data has the same digest again."""
        return tuple(StoredFile(one.key, one.etag, one.size) for one in self.objects)


@dataclass(frozen=True)
class Earlier:
    """The earlier versions in a stack's bucket, by a client of S3."""

    s3: Any
    bucket: str

    def find(self, beginning: str) -> EarlierVersion:
        """The version whose digest begins so. Raises InputError where none or several do, or it cannot be had again."""
        kept = self._read_version(self._choose(beginning))
        said = f"dataset_version = {beginning!r}: "
        if not kept.objects:
            raise InputError(
                f"{said}nobody kept which objects {kept.name} {kept.digest[:12]} was: it is from before that was "
                f"kept, or of another bucket than the stack's own, {self.bucket}"
            )
        bucket, key = split_s3_uri(kept.objects)
        try:
            uri, objects = read_objects(self.s3.get_object(Bucket=bucket, Key=key)["Body"].iter_lines())
        except self.s3.exceptions.NoSuchKey as error:
            raise InputError(f"{said}the list of its objects is gone: {kept.objects} was deleted") from error
        if len(objects) > MOST:
            raise InputError(f"{said}has {len(objects):,} objects, and {MOST:,} at most are brought back")
        there = {(one.key, one.version_id, one.etag) for one in self._list(uri)}
        lost = [one.key for one in objects if (one.key, one.version_id, one.etag) not in there]
        if lost:
            raise InputError(
                f"{said}{len(lost):,} of its {len(objects):,} objects have expired or were deleted for good: "
                f"{', '.join(lost[:NAMED])}{', …' if len(lost) > NAMED else ''} in {uri}; the bucket's lifecycle "
                "says how long it keeps what was overwritten or deleted (template.yaml: 365 days of a dataset)"
            )
        return EarlierVersion(kept, uri, objects)

    def bring_back(self, version: EarlierVersion, target: str) -> None:
        """Copy the version's objects to a folder. Raises the client's error where one cannot be copied any more."""
        bucket, prefix = split_s3_uri(version.uri)
        to_bucket, to_prefix = split_s3_uri(target)
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=to_bucket, Prefix=to_prefix)
        there = {item["Key"][len(to_prefix) :]: item["Size"] for page in pages for item in page.get("Contents", [])}

        def copy(one: KeptObject) -> None:
            self.s3.copy_object(
                Bucket=to_bucket,
                Key=to_prefix + one.key,
                CopySource={"Bucket": bucket, "Key": prefix + one.key, "VersionId": one.version_id},
                CopySourceIfMatch=f'"{one.etag}"',
            )

        with ThreadPoolExecutor(AT_ONCE) as at_once:
            list(at_once.map(copy, [one for one in version.objects if there.get(one.key) != one.size]))

    def keep(self, uri: str, files: Iterable[StoredFile], target: str) -> bool:
        """Write down which objects a dataset's files are; whether that could be done.

        It cannot of another bucket, whose versions the stack may not list, and where something changed since the files
        were listed: then nobody knows which of both the preparation will read.
        """
        bucket, _ = split_s3_uri(uri)
        if bucket != self.bucket:
            return False
        wanted = set(files)
        objects = [one for one in self._list(uri, latest=True) if StoredFile(one.key, one.etag, one.size) in wanted]
        if len(objects) != len(wanted):
            return False
        to_bucket, key = split_s3_uri(target)
        body = "".join(objects_lines(end_with_slash(uri), objects)).encode()
        self.s3.put_object(Bucket=to_bucket, Key=key, Body=body, ContentType="application/jsonl")
        return True

    def _choose(self, beginning: str) -> str:
        pages = self.s3.get_paginator("list_objects_v2").paginate(
            Bucket=self.bucket, Prefix=PREFIX + beginning, Delimiter="/"
        )
        found = [str(item["Prefix"])[len(PREFIX) : -1] for page in pages for item in page.get("CommonPrefixes", [])]
        found = [digest for digest in found if re.fullmatch("[0-9a-f]{64}", digest)]
        if len(found) == 1:
            return found[0]
        said = f"dataset_version = {beginning!r}: "
        if found:
            several = ", ".join(digest[: len(beginning) + 4] for digest in found[:5])
            raise InputError(f"{said}means several versions ({several}, …): give more digits")
        raise InputError(f"{said}no version's digest begins so; {LIST}")

    def _read_version(self, digest: str) -> DatasetVersion:
        body = self.s3.get_object(Bucket=self.bucket, Key=version_key(digest))["Body"].read()
        return DatasetVersion.parse(json.loads(body))

    def _list(self, uri: str, *, latest: bool = False) -> Iterable[KeptObject]:
        """Every version of every object below an address, or those alone that are what lies there now."""
        bucket, prefix = split_s3_uri(end_with_slash(uri))
        for page in self.s3.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=prefix):
            for item in page.get("Versions", []):
                if not latest or item["IsLatest"]:
                    key = item["Key"][len(prefix) :]
                    if key:
                        yield KeptObject(key, item["VersionId"], item["ETag"].strip('"'), item["Size"])
