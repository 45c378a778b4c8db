"""The pictures of a batch as they lie in S3: how many there are, which is too large, and which few the page shows.

Every name is looked at once and forgotten: a batch may have a hundred thousand.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from lambdas.plan_release.package import RefusalError
from workflow.contract.names import split_s3_uri

PAYLOAD_MB = 25
"""The largest picture: what the serving image takes (containers/serving, MAXIMUM_BODY_BYTES)."""
CONCURRENT = 4
"""Pictures that are on their way at one time: SageMaker allows 100 MB of them (CreateTransformJob, MaxPayloadInMB)."""
MOST_PICTURES = 1_000_000
SHOWN = 24
"""Pictures on the page."""
SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff")


@dataclass(frozen=True)
class Pictures:
    """The folder as an address, how many objects it holds, and the names of some that look like pictures.

    Where none does, it is the first.
    """

    uri: str
    count: int
    some: tuple[str, ...]

    def sheet(self) -> bytes:
        """The few as SageMaker's ManifestFile (ProcessingS3Input, S3DataType)."""
        return json.dumps([{"prefix": self.uri}, *self.some]).encode()


def find_pictures(s3: Any, uri: str) -> Pictures:
    """Look at every object of the folder ``uri``. Raises RefusalError where there is nothing, or what would fail.

    What lies under a prefix is a folder's: ``photos`` never takes ``photos-of-last-year`` along.
    """
    folder = uri if uri.endswith("/") else f"{uri}/"
    bucket, prefix = split_s3_uri(folder)
    some: list[str] = []
    count, stride, first = 0, 1, ""
    try:
        for name, size in _listed(s3, bucket, prefix):
            if size > PAYLOAD_MB * 1_000_000:
                raise RefusalError(
                    f"{folder}{name} has {size / 1e6:.0f} MB, and a picture may have {PAYLOAD_MB}: one that is larger "
                    "would fail the whole batch. Make it smaller, or move it elsewhere"
                )
            first = first or name
            if name.lower().endswith(SUFFIXES) and count % stride == 0:
                some.append(name)
                if len(some) == 2 * SHOWN:
                    # Of what is left every second goes, and from here on half as many are taken: spread over all.
                    some, stride = some[::2], 2 * stride
            count += 1
            if count > MOST_PICTURES:
                raise RefusalError(f"{folder} holds more than {MOST_PICTURES:,} objects: ask for a folder at a time")
    except ClientError as error:
        raise RefusalError(
            f"{folder} cannot be listed ({error.response['Error']['Code']}): a batch reads the stack's own bucket and "
            "the buckets that it was deployed with as Sources"
        ) from error
    if not count:
        raise RefusalError(f"there are no pictures at {folder}")
    shown = min(SHOWN, len(some))
    return Pictures(folder, count, tuple(some[at * len(some) // shown] for at in range(shown)) or (first,))


def _listed(s3: Any, bucket: str, prefix: str) -> Iterator[tuple[str, int]]:
    """Name below the folder and size of every object; folder markers are left out, as SageMaker leaves them."""
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        for item in page.get("Contents", []):
            if not item["Key"].endswith("/"):
                yield item["Key"][len(prefix) :], item["Size"]
