"""The console counts what people say beside its pages, and reads a day again only where something was said of it."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.workflow.cloud import ScriptedCloud
from tests.workflow.console.asking import ask
from tests.workflow.console.test_pages import HOSTILE, console, harmless
from workflow.console import real_figures
from workflow.console.real_figures import RealFigures
from workflow.contract.feedback import Agreement, Feedback
from workflow.errors import ServiceError

NOW = datetime.now(UTC)


def said(answer: str, days_ago: int, verdict: str = "right", model: str = "a", **more: Any) -> Feedback:
    """What somebody said of an answer."""
    at = (NOW - timedelta(days=days_ago)).isoformat(timespec="seconds")
    return Feedback(answer, model * 64, verdict, at, at, "maria", **more)


class Bucket:
    """A bucket of feedback, and what was read of it."""

    def __init__(self, *kept: Feedback) -> None:
        self.kept = {one.key(): one for one in kept}
        self.read: list[str] = []
        self.cloud = ScriptedCloud(self.answers())

    def answers(self) -> dict[str, Any]:
        """What S3 says."""

        def listed(asked: Mapping[str, Any]) -> Mapping[str, Any]:
            keys = sorted(
                key for key in self.kept if key.startswith(asked["Prefix"]) and key > asked.get("StartAfter", "")
            )
            return {"Contents": [{"Key": key, "ETag": self.kept[key].verdict} for key in keys]}

        def get(asked: Mapping[str, Any]) -> Mapping[str, Any]:
            self.read.append(asked["Key"])
            return {"Body": io.BytesIO(json.dumps(self.kept[asked["Key"]].document()).encode())}

        return {"list_objects_v2": listed, "get_object": get}


def test_a_day_is_read_again_only_where_something_was_said_of_its_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """And what it came to is the same as counted at once; what is too old is left out."""
    monkeypatch.setattr(real_figures, "SECONDS", 0.0)
    boxed: dict[str, Any] = {"agreement": Agreement(2, 2, 1)}
    bucket = Bucket(said("one", 9), said("two", 8, "wrong", **boxed), said("three", 8, **boxed), said("old", 91))
    real = RealFigures(bucket.cloud, "bucket")
    first = real.latest().figures
    assert first is not None
    assert (first.models[0].right.hits, first.models[0].right.of, first.models[0].boxed) == (2, 3, 2)
    bucket.read.clear()
    assert real.latest().figures == first
    assert bucket.read == []
    changed = said("one", 9, "wrong")
    bucket.kept[changed.key()] = changed
    latest = real.latest().figures
    assert latest is not None
    assert bucket.read == [changed.key()]
    assert (latest.models[0].right.hits, latest.models[0].right.of) == (1, 3)


def test_who_may_not_read_it_is_told_so() -> None:
    """And sees the rest of the page."""
    refused = ServiceError("AccessDenied", "s3:list_objects_v2: AccessDenied: not yours")
    assert "not yours" in RealFigures(ScriptedCloud({"list_objects_v2": refused}), "bucket").latest().trouble


def test_the_page_of_versions_shows_what_people_say() -> None:
    """By version where one is known, by digest else, in all and by week; whatever is named, nothing is obeyed."""
    bucket = Bucket(said("one", 0), said("two", 0, "wrong"), said("three", 0, model="b"))
    version = {
        "ModelPackageArn": "arn",
        "ModelPackageVersion": 4,
        "ModelApprovalStatus": "Approved",
        "CreationTime": NOW,
        "ApprovalDescription": HOSTILE,
        "CustomerMetadataProperties": {"model_digest": "a" * 64},
    }
    app, _ = console(
        list_model_packages={"ModelPackageSummaryList": [{"ModelPackageArn": "arn"}]},
        describe_model_package=version,
        **bucket.answers(),
    )
    page = ask(app, "/versions")
    assert harmless(page)
    assert "0.500" in page.text
    assert page.text.count(">v4<") == 3
    assert page.text.count("bbbbbbbbbbbb") == 2
