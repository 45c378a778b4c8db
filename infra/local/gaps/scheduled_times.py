"""Gap: the engine hands a schedule's input on as it is written, with the attributes in it that Scheduler fills in.

Those are `<aws.scheduler.scheduled-time>`, at which it was to fire, and beside it the schedule's ARN, the number of the
attempt and a name for it. The engine looks every few seconds, so that it fires after that time.
"""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from ministack.services import eventbridge, scheduler

from infra.local.gaps.patching import replace, require

_theirs: dict[str, Any] = {}


def scheduled_time(schedule: dict[str, Any], now: datetime) -> datetime:
    """When a schedule that fires now was to fire."""
    expression = str(schedule.get("ScheduleExpression", ""))
    at = require(scheduler, "_at_time_epoch")(expression)
    if at is not None:
        return datetime.fromtimestamp(at, UTC)
    interval = require(eventbridge, "_parse_rate_seconds")(expression)
    if interval is not None:
        created = float(schedule.get("CreationDate", 0))
        return datetime.fromtimestamp(now.timestamp() - (now.timestamp() - created) % interval, UTC)
    fields = require(eventbridge, "_parse_cron_fields")(expression)
    fired = require(eventbridge, "_cron_next_fire")(fields, now - timedelta(minutes=1))
    return fired if isinstance(fired, datetime) and fired <= now else now


def fill_in(text: str, schedule: dict[str, Any], now: datetime) -> str:
    """An input with Scheduler's attributes filled in."""
    for name, value in {
        "scheduled-time": f"{scheduled_time(schedule, now):%Y-%m-%dT%H:%M:%SZ}",
        "schedule-arn": str(schedule.get("Arn", "")),
        "execution-id": uuid.uuid4().hex[:16],
        "attempt-number": "1",
    }.items():
        text = text.replace(f"<aws.scheduler.{name}>", value)
    return text


def _invoke_target(target: dict[str, Any], event: dict[str, Any], rule: dict[str, Any], view: Any = None) -> Any:
    if event.get("Source") == "aws.scheduler" and target.get("Input"):
        target = {**target, "Input": fill_in(str(target["Input"]), rule, datetime.now(UTC))}
    return _theirs["invoke"](target, event, rule, view)


def install() -> None:
    """Fill attributes in wherever the engine calls a schedule's target."""
    _theirs["invoke"] = replace(eventbridge, "_invoke_target", _invoke_target)
