"""Which endpoints are put away, when, and that no release counts on one of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from lambdas.watch_production import handler as function
from lambdas.watch_production.idle import HOUR, Limits
from lambdas.watch_production.mail import write_put_away
from lambdas.watch_production.putting_away import PuttingAway
from tests.lambdas.conftest import ENVIRONMENT, Context, Mailbox
from tests.workflow.contract.released import CHAMPION
from workflow.contract.champion import read_champion
from workflow.contract.put_away import read_put_away
from workflow.contract.table_items import found_item
from workflow.contract.table_keys import PUT_AWAY

NOW = 1_800_000_000
RECORDED = read_champion(CHAMPION)
STAGING, PRODUCTION = "greenlight-staging", "greenlight-production"


@dataclass
class SageMaker:
    """Endpoints by name, each with its status, configuration and when it changed."""

    endpoints: dict[str, tuple[str, str, int]]
    deleted: list[str] = field(default_factory=list)

    def describe_endpoint(self, EndpointName: str) -> dict[str, Any]:
        if EndpointName not in self.endpoints:
            raise ClientError({"Error": {"Code": "ValidationException", "Message": "none"}}, "DescribeEndpoint")
        status, configuration, changed = self.endpoints[EndpointName]
        return {
            "EndpointStatus": status,
            "EndpointConfigName": configuration,
            "LastModifiedTime": datetime.fromtimestamp(changed, UTC),
        }

    def delete_endpoint(self, EndpointName: str) -> None:
        self.deleted.append(EndpointName)


@dataclass
class CloudWatch:
    """Counts so many requests to whatever is asked about."""

    requests: float = 0.0
    asked: list[dict[str, Any]] = field(default_factory=list)

    def get_metric_statistics(self, **given: Any) -> dict[str, Any]:
        self.asked.append(given)
        return {"Datapoints": [{"SampleCount": self.requests}] if self.requests else []}


def noted(table: Any) -> tuple[str, ...]:
    """The endpoints that the table says are being put away."""
    return read_put_away(found_item(table.get_item(Key={"id": PUT_AWAY})))


def putting_away(
    sagemaker: SageMaker, cloudwatch: CloudWatch, table: Any, limits: Limits, is_releasing: Callable[[], bool]
) -> PuttingAway:
    """Over one account for both stages."""
    return PuttingAway(lambda _: sagemaker, lambda _: cloudwatch, table, "greenlight", limits, is_releasing)


@pytest.mark.parametrize(
    ("hours", "age", "status", "requests", "gone"),
    [
        (24, 24 * HOUR, "InService", 0, True),
        (24, 24 * HOUR - 1, "InService", 0, False),
        (24, 99 * HOUR, "InService", 3, False),
        (24, 99 * HOUR, "Updating", 0, False),
        (24, 99 * HOUR, "Deleting", 0, False),
        (0, 9999 * HOUR, "InService", 0, False),
    ],
    ids=["idle", "not yet", "asked", "updated", "going", "kept"],
)
def test_staging_is_put_away_once_it_was_idle_for_long_enough(
    table: Any, hours: int, age: int, status: str, requests: int, gone: bool
) -> None:
    """Noted before it is deleted; the note goes when there is nothing to note."""
    sagemaker = SageMaker({STAGING: (status, "any", NOW - age)})
    putting = putting_away(sagemaker, CloudWatch(requests), table, Limits(hours, 0), lambda: False)
    assert putting.run(RECORDED, NOW) == ((STAGING,) if gone else ())
    assert sagemaker.deleted == ([STAGING] if gone else [])
    assert noted(table) == ((STAGING,) if gone else ())
    sagemaker.endpoints.clear()
    assert putting.run(RECORDED, NOW) == ()
    assert noted(table) == ()


def test_no_endpoint_is_put_away_under_a_release(table: Any) -> None:
    """One that began after the first look: the note is there before the lock is looked at, and goes again."""
    sagemaker = SageMaker({STAGING: ("InService", "any", 0)})
    seen: list[tuple[str, ...]] = []

    def is_releasing() -> bool:
        seen.append(noted(table))
        return True

    putting = putting_away(sagemaker, CloudWatch(), table, Limits(24, 0), is_releasing)
    assert putting.run(RECORDED, NOW) == ()
    assert seen == [(STAGING,)]
    assert (sagemaker.deleted, noted(table)) == ([], ())


@pytest.mark.parametrize(
    ("configuration", "hours", "gone"),
    [
        (CHAMPION["production_configuration"], 72, True),
        (CHAMPION["production_configuration"], 0, False),
        ("made-by-hand", 72, False),
    ],
    ids=["over", "kept", "foreign"],
)
def test_production_is_put_away_at_the_end_of_its_time(table: Any, configuration: str, hours: int, gone: bool) -> None:
    """Asked or not; what no release made is nobody's to delete."""
    assert RECORDED is not None
    released = RECORDED.released_epoch
    sagemaker = SageMaker({PRODUCTION: ("InService", configuration, released)})
    putting = putting_away(sagemaker, CloudWatch(5), table, Limits(0, hours), lambda: False)
    assert putting.run(RECORDED, released + 72 * HOUR - 1) == ()
    assert putting.run(None, released + 72 * HOUR) == ()
    assert putting.run(RECORDED, released + 72 * HOUR) == ((PRODUCTION,) if gone else ())
    assert sagemaker.deleted == ([PRODUCTION] if gone else [])


@pytest.mark.parametrize("hours", [1, 24, 25, 8760])
def test_the_question_whether_staging_was_asked_fits_into_one_answer(table: Any, hours: int) -> None:
    """CloudWatch gives 1,440 points, and wants whole minutes, hours for what is old."""
    cloudwatch = CloudWatch()
    sagemaker = SageMaker({STAGING: ("InService", "any", 0)})
    putting_away(sagemaker, cloudwatch, table, Limits(hours, 0), lambda: False).run(None, NOW)
    (asked,) = cloudwatch.asked
    seconds = (asked["EndTime"] - asked["StartTime"]).total_seconds()
    assert seconds == hours * HOUR
    assert seconds / asked["Period"] <= 1440
    assert asked["Period"] % HOUR == 0


def test_the_watch_tells_of_a_production_that_had_its_time(
    table: Any, mailbox: Mailbox, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody is answered any more: people have to know, and how it comes back. Staging goes in silence."""
    table.put_item(Item=CHAMPION)
    assert RECORDED is not None
    old = {
        STAGING: ("InService", "any", 0),
        PRODUCTION: ("InService", RECORDED.production_configuration, 0),
    }
    sagemaker = SageMaker(old)
    monkeypatch.setattr(function, "sagemaker", sagemaker)
    monkeypatch.setattr(function, "cloudwatch", CloudWatch())
    environment = function.Environment.read(ENVIRONMENT | {"STAGING_HOURS": "24", "PRODUCTION_HOURS": "72"})
    monkeypatch.setattr(function, "environment", environment)
    monkeypatch.setattr("lambdas.watch_production.handler.time.time", lambda: RECORDED.released_epoch + 72.0 * HOUR)
    looked = function.handler({}, context)
    assert looked["put_away"] == sagemaker.deleted == [STAGING, PRODUCTION]
    assert looked["foreign"] is False
    (mail,) = mailbox.mails()
    assert "put away, 72 h after version 4 was released" in mail["Message"]
    assert RECORDED.model_package_arn in mail["Message"]
    assert len(write_put_away("greenlight", PRODUCTION, RECORDED, 72).subject) < 100
