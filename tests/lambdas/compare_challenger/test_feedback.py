"""What people said is read of the time of a challenge alone, page by page, and of very much evenly a part."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from lambdas.compare_challenger import feedback
from lambdas.compare_challenger.feedback import read_judged
from tests.lambdas.conftest import Bucket

DIGEST = "a" * 64
BEGAN = datetime(2026, 11, 30, 23, tzinfo=UTC).timestamp()
HOUR = 3600


def put(bucket: Bucket, name: str, at_epoch: float, **changes: Any) -> None:
    """Keep what somebody said of an answer."""
    at = datetime.fromtimestamp(at_epoch, UTC)
    told = {"version": 1, "answered": at.isoformat(), "at": at.isoformat(), "by": "someone"}
    document = {"inference_id": name, "model_digest": DIGEST, "verdict": "right", **told, **changes}
    bucket.put(f"feedback/{at:%Y/%m/%d}/{name}/someone.json", json.dumps(document))


def names(bucket: Bucket) -> list[str]:
    """The answers since it began, two hours ago, that somebody judged."""
    return sorted(one.inference_id for one in read_judged(bucket.s3, bucket.name, BEGAN, BEGAN + 2 * HOUR))


def test_only_what_was_answered_since_the_challenge_began_is_read(bucket: Bucket) -> None:
    """On both days; earlier answers are of no challenger, and what is no feedback of none."""
    put(bucket, "before", BEGAN - 1)
    put(bucket, "first", BEGAN)
    put(bucket, "next-day", BEGAN + 1.5 * HOUR)
    put(bucket, "no-verdict", BEGAN + 1, verdict="perhaps")
    bucket.put("feedback/2026/11/30/broken.json", b"{")
    bucket.put("feedback/2026/11/30/deep.json", "[" * 100_000)
    bucket.put("feedback/2026/11/30/other.txt", b"{}")
    bucket.put("feedback/2026/11/29/day-before.json", b"{}")
    assert names(bucket) == ["first", "next-day"]


def test_of_very_many_a_part_is_read_evenly(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    """From the first to the last, so that no day is left out."""
    for number in range(10):
        put(bucket, f"answer-{number}", BEGAN + number)
    monkeypatch.setattr(feedback, "MOST", 4)
    assert names(bucket) == ["answer-0", "answer-3", "answer-6", "answer-9"]


def test_every_page_is_read(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page holds 1000 keys at most."""
    for number in range(5):
        put(bucket, f"answer-{number}", BEGAN + number)
    whole = bucket.s3.get_paginator("list_objects_v2")

    class InPages:
        """S3, whose pages are small."""

        def __init__(self) -> None:
            self.get_object = bucket.s3.get_object

        def get_paginator(self, name: str) -> Any:
            """Two keys a page."""
            assert name == "list_objects_v2"
            return self

        def paginate(self, **given: Any) -> Any:
            """The same listing."""
            return whole.paginate(**given, PaginationConfig={"PageSize": 2})

    assert len(read_judged(InPages(), bucket.name, BEGAN, BEGAN + HOUR)) == 5
