"""The pictures of a window as they lie in S3: how many were kept, and which of them are looked at.

Every name is looked at once and forgotten: a window may have a million.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any

from workflow.contract.capture import KEPT
from workflow.contract.drift import MOST_PICTURES

MOST_BYTES = 20_000_000_000
"""Of all pictures of a window, so that they fit the job's disk."""
LATEST = timedelta(days=1)
"""How long after its answer a request is kept at the latest: SageMaker collects many of them first."""


@dataclass(frozen=True)
class Window:
    """How many requests were kept, and the keys of those that are looked at, by name."""

    captured: int
    keys: tuple[str, ...]

    def manifest(self, bucket: str) -> bytes:
        """The keys as SageMaker's ManifestFile (ProcessingS3Input, S3DataType)."""
        return json.dumps([{"prefix": f"s3://{bucket}/"}, *self.keys]).encode()


def find_window(s3: Any, bucket: str, since: datetime, until: datetime, seed: str) -> Window:
    """Look at every request that was kept between two times.

    Of more than MOST_PICTURES so many are drawn, each as likely as any other (Vitter, "Random sampling with a
    reservoir", 1985, algorithm R), and the same ones for the same ``seed``.
    """
    random, drawn, captured = Random(seed), list[tuple[str, int]](), 0  # noqa: S311 (a sample, no secret)
    for key, size in _kept(s3, bucket, since, until):
        captured += 1
        if len(drawn) < MOST_PICTURES:
            drawn.append((key, size))
        elif (at := random.randrange(captured)) < MOST_PICTURES:
            drawn[at] = (key, size)
    while sum(size for _, size in drawn) > MOST_BYTES:
        drawn = drawn[::2]
    return Window(captured, tuple(sorted(key for key, _ in drawn)))


def _kept(s3: Any, bucket: str, since: datetime, until: datetime) -> Iterator[tuple[str, int]]:
    """Key and size of every request that was kept between two times; what says of it is no request."""
    day = (since - LATEST).date()
    while day <= until.date():
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=f"{KEPT}{day:%Y/%m/%d}/")
        for page in pages:
            for item in page.get("Contents", []):
                key = item["Key"]
                says = key.endswith(".json") and not key.endswith(".request.json")
                if not says and since <= item["LastModified"] < until:
                    yield key, item["Size"]
        day += timedelta(days=1)
