"""New data starts one run once it lies still, however its messages come."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from lambdas.start_run import arrival as function
from lambdas.start_run.arrival import Place, handler
from lambdas.start_run.settled import Stored, has_settled, name_after
from tests.lambdas.conftest import Context
from tests.lambdas.executions import Machine

PREFIX = "datasets/fasteners/"
NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)


class Lying:
    """S3 with objects by key, each since so many seconds after noon."""

    def __init__(self) -> None:
        self.since: dict[str, float] = {}

    def get_paginator(self, listing: str) -> Lying:
        """Itself."""
        return self

    def paginate(self, **asked: Any) -> Any:
        """The pages."""
        assert asked == {"Bucket": "greenlight-test", "Prefix": PREFIX}
        items = [
            {"Key": key, "ETag": f'"{since}"', "Size": 1, "LastModified": NOON + timedelta(seconds=since)}
            for key, since in sorted(self.since.items())
        ]
        yield from ({"Contents": items[at : at + 1000]} for at in range(0, len(items), 1000))


@pytest.fixture
def lying(monkeypatch: pytest.MonkeyPatch) -> Lying:
    """What lies below the dataset's prefix."""
    made = Lying()
    monkeypatch.setattr(function, "s3", made)
    return made


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    """The machine that is started."""
    made = Machine()
    monkeypatch.setattr(function, "stepfunctions", made)
    return made


def told(key: str, since: float, bucket: str = "greenlight-test") -> dict[str, Any]:
    """A message of the queue: that an object came so many seconds after noon."""
    detail = {"bucket": {"name": bucket}, "object": {"key": key}}
    moment = f"{NOON + timedelta(seconds=since):%Y-%m-%dT%H:%M:%SZ}"
    return {"body": json.dumps({"time": moment, "detail": detail})}


def take(context: Context, *messages: dict[str, Any]) -> str:
    """What one call starts."""
    return str(handler({"Records": list(messages)}, context)["execution"])


def test_an_upload_of_hours_starts_one_run_at_its_end(lying: Lying, machine: Machine, context: Context) -> None:
    """Ten thousand pictures in three hours: each message but the last finds that something came after it."""
    comings = [(f"{PREFIX}images/{number}.jpg", number * 1.08) for number in range(10_000)]
    wait = 300
    for at in range(0, len(comings), 500):
        batch = comings[at : at + 500]
        now = batch[-1][1] + wait
        lying.since = {key: since for key, since in comings if since <= now}
        take(context, *(told(key, since) for key, since in batch))
        assert not machine.started or at + 500 >= len(comings)
    (name,) = machine.started
    assert name.startswith("data-2026-11-30T14-59-58-")
    assert machine.started[name] == {"started_by": "new data"}


def test_messages_that_come_twice_side_by_side_or_out_of_order_start_one_run(
    lying: Lying, machine: Machine, context: Context
) -> None:
    """Also when the run of the first has ended."""
    lying.since = {f"{PREFIX}1.jpg": 0, f"{PREFIX}2.jpg": 60}
    first, last = told(f"{PREFIX}1.jpg", 0), told(f"{PREFIX}2.jpg", 60)
    assert take(context, last, first) != ""
    assert take(context, first) == ""
    assert take(context, last) == take(context, last, last)
    machine.ended = set(machine.started)
    assert take(context, last) != ""
    assert len(machine.started) == 1


def test_data_that_came_in_parts_is_told_by_what_lies_there(lying: Lying, machine: Machine, context: Context) -> None:
    """S3 dates an object that came in parts by the start of its upload; when it is complete, the data is another."""
    lying.since = {f"{PREFIX}1.jpg": 60}
    take(context, told(f"{PREFIX}1.jpg", 60))
    lying.since[f"{PREFIX}video.zip"] = 10
    take(context, told(f"{PREFIX}video.zip", 7200))
    assert len(machine.started) == 2


@pytest.mark.parametrize(
    "message",
    [
        told("datasets/fasteners2/1.jpg", 60),
        told("runs/one/record/run.json", 60),
        told(f"{PREFIX}1.jpg", 60, "another"),
        told(PREFIX, 60),
    ],
)
def test_what_is_no_part_of_the_dataset_starts_nothing(
    lying: Lying, machine: Machine, context: Context, message: dict[str, Any]
) -> None:
    """The queue gets more where a bucket is told of as a whole."""
    lying.since = {f"{PREFIX}1.jpg": 60}
    assert take(context, message) == ""


def test_a_dataset_that_is_gone_starts_nothing(lying: Lying, machine: Machine, context: Context) -> None:
    """It was deleted while its messages waited."""
    assert take(context, told(f"{PREFIX}1.jpg", 60)) == ""


def test_with_a_marker_nothing_else_starts_a_run(
    lying: Lying, machine: Machine, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It says that the data is complete; written once more, it starts once more, which the plan answers."""
    monkeypatch.setattr(function, "place", Place("greenlight-test", PREFIX, marked=True))
    lying.since = {f"{PREFIX}1.jpg": 60, f"{PREFIX}.ready": 61}
    assert take(context, told(f"{PREFIX}1.jpg", 60)) == ""
    assert take(context, told(f"{PREFIX}.ready", 61)) != ""
    take(context, told(f"{PREFIX}.ready", 61))
    assert len(machine.started) == 1
    lying.since[f"{PREFIX}.ready"] = 600
    take(context, told(f"{PREFIX}.ready", 600))
    assert len(machine.started) == 2


def test_a_message_that_is_none_of_s3_s_is_an_error(lying: Lying, machine: Machine, context: Context) -> None:
    """It comes back, and ends where an alarm watches."""
    with pytest.raises((KeyError, ValueError)):
        take(context, {"body": "{}"})


def test_names_follow_what_lies_there_and_not_its_order() -> None:
    """Another entity tag is another name."""
    one, two = (Stored(f"{number}", "e", 1, NOON) for number in range(2))
    assert name_after([one, two]) == name_after([two, one]) != name_after([one])
    assert has_settled([one], NOON - timedelta(seconds=5))
    assert not has_settled([one], NOON - timedelta(seconds=6))
