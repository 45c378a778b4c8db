"""In which time zone the stand-in starts what a schedule names."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from infra.local.gaps.time_zones import fault_of
from tests.infra.local.machines import Machines


def test_only_a_zone_that_is_kept_to_is_taken() -> None:
    """One that is switched off starts nothing at a wrong hour."""
    assert fault_of({}) == ""
    assert fault_of({"ScheduleExpressionTimezone": "UTC"}) == ""
    assert fault_of({"ScheduleExpressionTimezone": "Europe/Berlin", "State": "DISABLED"}) == ""
    assert "by UTC alone, not by Europe/Berlin" in fault_of({"ScheduleExpressionTimezone": "Europe/Berlin"})
    assert "Mars/Olympus is invalid" in fault_of({"ScheduleExpressionTimezone": "Mars/Olympus", "State": "DISABLED"})


def test_a_schedule_that_would_start_at_another_hour_is_refused(machines: Machines) -> None:
    """Clearly, and not kept."""
    scheduler = machines.stand_in.client("scheduler")
    given = {
        "Name": machines.name("schedule"),
        "ScheduleExpression": "cron(0 2 * * ? *)",
        "FlexibleTimeWindow": {"Mode": "OFF"},
        "Target": {"Arn": "arn:aws:sqs:us-east-1:000000000000:q", "RoleArn": "arn:aws:iam::000000000000:role/r"},
    }
    with pytest.raises(ClientError, match="by UTC alone, not by Europe/Berlin"):
        scheduler.create_schedule(**given, ScheduleExpressionTimezone="Europe/Berlin")
    scheduler.create_schedule(**given, ScheduleExpressionTimezone="Europe/Berlin", State="DISABLED")
    assert scheduler.get_schedule(Name=given["Name"])["ScheduleExpressionTimezone"] == "Europe/Berlin"
