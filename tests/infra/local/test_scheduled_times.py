"""What the stand-in fills into a schedule's input."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from infra.local.gaps.scheduled_times import fill_in, scheduled_time
from tests.infra.local.machines import Machines

NOW = datetime(2026, 11, 30, 2, 0, 7, tzinfo=UTC)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("cron(0 2 * * ? *)", datetime(2026, 11, 30, 2, tzinfo=UTC)),
        ("cron(* * * * ? *)", datetime(2026, 11, 30, 2, tzinfo=UTC)),
        ("at(2026-11-30T01:59:30)", datetime(2026, 11, 30, 1, 59, 30, tzinfo=UTC)),
        ("rate(5 minutes)", datetime(2026, 11, 30, 1, 58, tzinfo=UTC)),
    ],
)
def test_a_schedule_stands_for_the_time_it_was_to_fire_at(expression: str, expected: datetime) -> None:
    """The engine looks every few seconds, and so is late by some of them."""
    created = datetime(2026, 11, 30, 1, 53, tzinfo=UTC).timestamp()
    assert scheduled_time({"ScheduleExpression": expression, "CreationDate": created}, NOW) == expected


def test_scheduler_s_attributes_are_filled_in() -> None:
    """As AWS writes them, and nothing else in the input."""
    text = '{"at":"<aws.scheduler.scheduled-time>","of":"<aws.scheduler.schedule-arn>","<other>":1}'
    filled = json.loads(fill_in(text, {"ScheduleExpression": "at(2026-11-30T02:00:00)", "Arn": "arn"}, NOW))
    assert filled == {"at": "2026-11-30T02:00:00Z", "of": "arn", "<other>": 1}


def test_a_schedule_that_fires_hands_its_time_on(machines: Machines) -> None:
    """To its target, whatever that is."""
    sqs = machines.stand_in.client("sqs")
    url = sqs.create_queue(QueueName=machines.name("scheduled"))["QueueUrl"]
    queue = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    machines.stand_in.client("scheduler").create_schedule(
        Name=machines.name("schedule"),
        ScheduleExpression="at(2026-11-30T02:00:00)",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={
            "Arn": queue,
            "RoleArn": "arn:aws:iam::000000000000:role/r",
            "Input": '{"scheduled":"<aws.scheduler.scheduled-time>"}',
        },
    )
    told = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=20)["Messages"]
    assert json.loads(told[0]["Body"]) == {"scheduled": "2026-11-30T02:00:00Z"}
