"""A watch is about what production serves, by its own reference; of many pictures some are drawn."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.stub import Stubber

from lambdas.watch_drift import handler as function
from lambdas.watch_drift import window as listing
from tests.lambdas.conftest import ENVIRONMENT, Bucket, Context, client
from tests.lambdas.plan_release.test_handler import DECIDED, FIGURES, registered
from tests.lambdas.plan_release.test_plan import ARN
from tests.lambdas.signing import Signer, recorded
from tests.workflow.contract.released import CHAMPION
from workflow.contract.decision import Decision
from workflow.contract.drift import DRIFT_NAMESPACE, DriftPlan, DriftReport

EXECUTION = "arn:aws:states:us-east-1:123456789012:execution:greenlight-drift:one"
WITH_REFERENCE = json.dumps({**json.loads(FIGURES), "drift_reference_digest": "9" * 64}).encode()
CANDIDATE = json.loads(FIGURES)["candidate"]


def event(**given: Any) -> dict[str, Any]:
    """What the state gives."""
    # Objects are as old as they were put, and a window ends before what comes later.
    soon = datetime.now(UTC) + timedelta(minutes=1)
    return {"input": given, "execution": {"id": EXECUTION, "name": "one", "started": soon.isoformat()}}


def decided(figures: bytes = WITH_REFERENCE) -> Decision:
    """The decision that let the version into production, by these figures."""
    return replace(DECIDED, evaluation_digest=hashlib.sha256(figures).hexdigest())


@contextmanager
def registry_of(image: str = DECIDED.image) -> Iterator[None]:
    """A registry with the version, and the image that it names by now."""
    described = registered()
    described["InferenceSpecification"]["Containers"][0]["Image"] = image
    with Stubber(function.sagemaker) as stub:
        stub.add_response("describe_model_package", described, {"ModelPackageName": ARN})
        yield


@pytest.fixture
def signer(aws: None) -> Signer:
    """The stack's key, which the decide function alone may mark with."""
    return Signer()


@pytest.fixture
def served(bucket: Bucket, table: Any, signer: Signer, record_key: Any) -> Bucket:
    """A version in production that was judged with a reference, and what was captured yesterday and today."""
    digests = {name: CANDIDATE[name] for name in ("model_digest", "archive_digest")}
    table.put_item(Item=recorded({**CHAMPION, "model_package_arn": ARN, **digests}))
    table.put_item(Item=signer.item(decided()))
    bucket.put("runs/one/evaluation/metrics.json", WITH_REFERENCE)
    today = datetime.now(UTC)
    for at in range(40):
        day = today - timedelta(days=at % 2)
        bucket.put(f"captured/kept/{day:%Y/%m/%d}/{at}.jpg", b"a picture")
        bucket.put(f"captured/kept/{day:%Y/%m/%d}/{at}.json", b"{}")
    bucket.put(f"captured/kept/{today:%Y/%m/%d}/lines.request.json", b"{}")
    return bucket


def plan(context: Context, **given: Any) -> DriftPlan:
    """The plan of a watch."""
    with registry_of():
        return DriftPlan.parse(function.handler(event(**given), context))


def test_what_production_serves_is_held_against_its_own_reference(served: Bucket, context: Context) -> None:
    """By the digests of the record and of the figures; every request's body is a picture, what says of it is none."""
    planned = plan(context)
    assert (planned.count, planned.captured, planned.enough, planned.on_drift) == (41, 41, True, "mail")
    assert (planned.archive_digest, planned.reference_digest) == (CANDIDATE["archive_digest"], "9" * 64)
    assert planned.uris.reference == "s3://greenlight-test/runs/one/evaluation/drift-reference.json"
    prefix, *keys = json.loads(served.get("drift/one/window.manifest"))
    assert prefix == {"prefix": "s3://greenlight-test/"}
    assert len(keys) == 41
    assert keys == sorted(keys)
    assert sum(key.endswith(".json") for key in keys) == 1


def test_of_many_pictures_some_are_drawn_and_the_same_again(
    served: Bucket, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A repeated call plans the same watch; another one draws anew."""
    monkeypatch.setattr(listing, "MOST_PICTURES", 10)
    now = datetime.now(UTC) + timedelta(minutes=1)
    window = [
        listing.find_window(function.s3, "greenlight-test", now - timedelta(hours=1), now, seed) for seed in "aab"
    ]
    assert [(one.captured, len(one.keys)) for one in window] == [(41, 10)] * 3
    assert window[0] == window[1] != window[2]


def test_what_is_older_than_the_window_is_left_out(served: Bucket, context: Context) -> None:
    """Few are planned as few, and start no job."""
    before = datetime.now(UTC) - timedelta(hours=1)
    found = listing.find_window(function.s3, "greenlight-test", before - timedelta(hours=1), before, "a")
    assert found == listing.Window(0, ())


def test_a_version_without_a_reference_is_said_to_have_none(
    served: Bucket, table: Any, signer: Signer, context: Context
) -> None:
    """It was judged before versions kept what they saw."""
    served.put("runs/one/evaluation/metrics.json", FIGURES)
    table.put_item(Item=signer.item(decided(FIGURES)))
    with registry_of(), pytest.raises(function.WatchRefused, match="build and release one anew"):
        function.handler(event(), context)


def test_a_record_that_nobody_marked_is_not_believed(served: Bucket, table: Any, context: Context) -> None:
    """Whoever writes into the table does not say what is watched."""
    item = table.get_item(Key={"id": "champion"})["Item"]
    table.put_item(Item={**item, "archive_digest": "0" * 64})
    with pytest.raises(function.WatchRefused, match="carries no mark"):
        function.handler(event(), context)


def test_the_job_runs_the_image_that_was_decided_on_and_no_other_that_the_registry_names(
    served: Bucket, context: Context
) -> None:
    """As a release does: whoever changes a version in the registry does not say what reads production's pictures."""
    assert plan(context).image == DECIDED.image
    other = DECIDED.image + "-other"
    with registry_of(other), pytest.raises(function.WatchRefused, match=r"serving image is not what .* decided on"):
        function.handler(event(), context)


def test_figures_that_nobody_decided_on_name_no_reference(served: Bucket, context: Context) -> None:
    """They say which reference is believed."""
    served.put("runs/one/evaluation/metrics.json", WITH_REFERENCE.replace(b"9" * 64, b"8" * 64))
    with registry_of(), pytest.raises(function.WatchRefused, match=r"evaluation is not what .* decided on"):
        function.handler(event(), context)


def test_a_decision_that_is_missing_or_that_another_key_marked_is_not_believed(
    served: Bucket, table: Any, context: Context
) -> None:
    """Whoever writes into the table decides nothing."""
    forged = replace(decided(), image=DECIDED.image + "-other")
    item = Signer("alias/somebody-else").item(forged)
    table.put_item(Item=item)
    with registry_of(forged.image), pytest.raises(function.WatchRefused, match="cannot be believed: its mark"):
        function.handler(event(), context)
    table.delete_item(Key={"id": item["id"]})
    with registry_of(), pytest.raises(function.WatchRefused, match="nobody decided about version"):
        function.handler(event(), context)


def report(planned: DriftPlan, **changes: Any) -> bytes:
    """``drift.json`` as the job writes it."""
    found: dict[str, Any] = {
        "run": planned.run,
        "package_version": planned.package_version,
        "model_digest": planned.model_digest,
        "since": planned.since,
        "until": planned.until,
        "reference_pictures": 50,
        "pictures": 41,
        "unreadable": 0,
        "judged": True,
        "drifted": True,
        "line": "darker",
        "figures": (),
    }
    return json.dumps(DriftReport(**{**found, **changes}).document()).encode()


def test_what_was_found_is_counted_for_the_alarm_where_it_was_judged(served: Bucket, context: Context) -> None:
    """Of its own run alone."""
    planned = plan(context)
    given = {"plan": planned.document(), "wanted": "found"}
    served.put("drift/one/found/drift.json", report(planned, judged=False, drifted=False))
    assert function.handler(given, context)["judged"] is False
    assert client("cloudwatch").list_metrics(Namespace=DRIFT_NAMESPACE)["Metrics"] == []
    served.put("drift/one/found/drift.json", report(planned))
    assert function.handler(given, context) == {"judged": True, "drifted": True, "line": "darker"}
    counted = client("cloudwatch").list_metrics(Namespace=DRIFT_NAMESPACE)["Metrics"]
    assert {one["MetricName"] for one in counted} == {"Drifted", "DriftedFigures"}
    assert all(one["Dimensions"] == [{"Name": "project", "Value": ENVIRONMENT["PROJECT"]}] for one in counted)
    served.put("drift/one/found/drift.json", report(planned, run="another"))
    with pytest.raises(function.WatchRefused, match=r"drift\.json is about another"):
        function.handler(given, context)


def test_a_build_that_follows_is_started_once(served: Bucket, context: Context) -> None:
    """By the name of the watch, so that a repeated call finds it."""
    planned = plan(context)
    started = {"executionArn": "arn:started", "startDate": datetime.now(UTC)}
    with Stubber(function.stepfunctions) as stub:
        expected = {
            "stateMachineArn": ENVIRONMENT["BUILD_MACHINE"],
            "name": "drift-one",
            "input": json.dumps({"started_by": "drift"}),
        }
        stub.add_response("start_execution", started, expected)
        assert function.handler({"plan": planned.document(), "wanted": "build"}, context) == {
            "execution": "arn:started"
        }


def test_a_misspelled_input_is_refused_by_its_key(served: Bucket, context: Context) -> None:
    with pytest.raises(function.WatchRefused, match=r"window_hour.*window_hours"):
        function.handler(event(window_hour=3), context)
