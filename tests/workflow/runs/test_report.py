"""The page that a run left is found, whichever it is, and brought here."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest

from tests.workflow.cloud import ScriptedCloud
from workflow.errors import ServiceError, UsageError
from workflow.runs.report import fetch_page, find_pages, require_page


def bucket(**objects: bytes) -> ScriptedCloud:
    """A bucket that holds these, by the end of their keys before the dot."""

    def get(asked: dict[str, Any]) -> dict[str, Any]:
        name = Path(asked["Key"]).stem
        if name not in objects:
            raise ServiceError("NoSuchKey", "none")
        return {"Body": io.BytesIO(objects[name])}

    return ScriptedCloud({"get_object": get})


def test_the_evaluation_s_report_is_fetched_and_else_what_was_found_in_the_data(tmp_path: Path) -> None:
    """The one that says more, where both are there."""
    target, pages = tmp_path / "deep" / "report.html", find_pages("bucket", "run-1", {})
    assert fetch_page(bucket(index=b"judged", data=b"found"), pages, target) == pages[0]
    assert target.read_bytes() == b"judged"
    assert fetch_page(bucket(data=b"found"), pages, target) == pages[1]
    assert target.read_bytes() == b"found"


def test_a_release_has_the_report_of_its_version() -> None:
    """Its plan says where."""
    (page,) = find_pages("b", "rollback-1", {"report_uri": "s3://b/runs/old/evaluation/report/index.html"})
    assert page.uri == "s3://b/runs/old/evaluation/report/index.html"


def test_a_run_without_a_report_says_how_it_ended_and_what_to_look_at(tmp_path: Path) -> None:
    """Nothing is written."""
    found = fetch_page(bucket(), find_pages("bucket", "run-1", {}), tmp_path / "report.html")
    with pytest.raises(UsageError, match=r"run-1 has left no report: failed at 'Train'\.\n  greenlight runs run-1"):
        require_page(found, "run-1", "failed at 'Train'")
    assert list(tmp_path.iterdir()) == []
