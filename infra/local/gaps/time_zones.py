"""Gap: the engine starts schedules by UTC, whatever time zone they name, and drops that of a template's.

One that would start at another hour than it says is refused; one that is switched off may name any zone there is.
"""

from __future__ import annotations

import zoneinfo
from collections.abc import Mapping
from typing import Any

from ministack.services import scheduler
from ministack.services.cloudformation import provisioners

from infra.local.gaps.patching import EngineChangedError, replace, require

_KIND = "AWS::Scheduler::Schedule"
_theirs: dict[str, Any] = {}


def fault_of(schedule: Mapping[str, Any]) -> str:
    """Why a schedule cannot be kept as it is asked for; empty where it can."""
    zone = schedule.get("ScheduleExpressionTimezone") or "UTC"
    try:
        zoneinfo.ZoneInfo(zone)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        return f"Provided ScheduleExpressionTimezone {zone} is invalid."
    if zone != "UTC" and schedule.get("State", "ENABLED") == "ENABLED":
        return f"the stand-in starts schedules by UTC alone, not by {zone}: leave the zone out here, or switch it off"
    return ""


def _create_schedule(name: str, body: dict[str, Any]) -> Any:
    fault = fault_of(body)
    return scheduler._error(400, "ValidationException", fault) if fault else _theirs["create"](name, body)


def _update_schedule(name: str, body: dict[str, Any]) -> Any:
    fault = fault_of(body)
    return scheduler._error(400, "ValidationException", fault) if fault else _theirs["update"](name, body)


def _create_from_template(logical_id: str, props: dict[str, Any], stack_name: str) -> Any:
    if fault := fault_of(props):
        raise ValueError(fault)
    return _theirs["template create"](logical_id, props, stack_name)


def _update_from_template(
    physical_id: str, old_props: dict[str, Any], new_props: dict[str, Any], stack_name: str
) -> Any:
    if fault := fault_of(new_props):
        raise ValueError(fault)
    return _theirs["template update"](physical_id, old_props, new_props, stack_name)


def install() -> None:
    """Look at every schedule's time zone before it is kept."""
    _theirs["create"] = replace(scheduler, "_create_schedule", _create_schedule)
    _theirs["update"] = replace(scheduler, "_update_schedule", _update_schedule)
    handlers = require(provisioners, "_RESOURCE_HANDLERS")[_KIND]
    _theirs["template create"] = replace(provisioners, "_scheduler_schedule_create", _create_from_template)
    _theirs["template update"] = replace(provisioners, "_scheduler_schedule_update", _update_from_template)
    if (handlers["create"], handlers["update"]) != (_theirs["template create"], _theirs["template update"]):
        raise EngineChangedError("makes a template's schedule elsewhere")
    handlers |= {"create": _create_from_template, "update": _update_from_template}
