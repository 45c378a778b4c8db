"""Production's real figures are read from the bucket, answer by answer."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from tests.workflow.cloud import ScriptedCloud
from workflow.contract.feedback import Feedback
from workflow.errors import ServiceError
from workflow.feedback.figures import read_figures, rows, served_versions

NOW = datetime(2026, 12, 1, tzinfo=UTC)


def said(answer: str, by: str, verdict: str = "right") -> Feedback:
    """What somebody said of an answer of 30 November."""
    at = "2026-11-30T12:00:00+00:00"
    return Feedback(answer, "a" * 64, verdict, at, at, by)


def cloud_of(*kept: Feedback, **more: bytes) -> ScriptedCloud:
    """A bucket that holds these, and objects of other names beside them."""
    objects = {one.key(): json.dumps(one.document()).encode() for one in kept} | more

    def read(asked: Mapping[str, Any]) -> Mapping[str, Any]:
        if objects[asked["Key"]] == b"gone":
            raise ServiceError("NoSuchKey", "gone")
        return {"Body": io.BytesIO(objects[asked["Key"]])}

    return ScriptedCloud(
        {"list_objects_v2": {"Contents": [{"Key": key} for key in sorted(objects)]}, "get_object": read}
    )


def test_what_several_say_of_one_answer_is_one_answer() -> None:
    """They lie together, and the majority holds; what is no feedback, or not where it says, counts nothing."""
    forged = json.dumps(said("four", "eve").document()).encode()
    cloud = cloud_of(
        *(said("one", by, verdict) for by, verdict in (("ann", "right"), ("bob", "wrong"), ("cid", "right"))),
        said("two", "ann", "wrong"),
        **{"feedback/2026/11/30/three/a.json": b"no json", "feedback/2026/11/30/three/b.json": forged},
        **{"feedback/2026/11/30/three/c.json": b"gone"},
    )
    (found,) = read_figures(cloud, "bucket", now=NOW).models
    assert (found.right.hits, found.right.of) == (1, 2)


def test_so_many_days_are_listed_and_no_more() -> None:
    """The bucket is asked from that day on."""
    cloud = cloud_of()
    assert read_figures(cloud, "bucket", days=7, now=NOW).models == ()
    assert cloud.asked[0][1]["StartAfter"] == "feedback/2026/11/24/"


def test_a_model_is_called_by_its_version_where_one_is_known() -> None:
    """By its digest else."""
    item = {"version": {"N": "1"}, "model_digest": {"S": "a" * 64}, "package_version": {"N": "4"}}
    table = ScriptedCloud({"scan": {"Items": [item | {"evaluation_uri": {"S": "s3://b/runs/one/evaluation/"}}]}})
    versions = served_versions(table, "table")
    figures = read_figures(cloud_of(said("one", "ann")), "bucket", now=NOW)
    (known,), (unknown,) = rows(figures.weeks, versions), rows(figures.models, {})
    assert known[:4] == ("2026-W49", "v4", "1", "1.000 (0.207 to 1.000)")
    assert unknown[:2] == ("2026-11-30 to 2026-11-30", "a" * 12)
