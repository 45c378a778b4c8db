"""Gap: the dimensions of an alarm on a metric that somebody publishes.

The engine judges such an alarm by the metric's figures of every dimension together, so that what one fleet did would
ring the alarm of another. Here an alarm sees the one series that it names, as on AWS. Knows nothing of endpoints.
"""

from __future__ import annotations

import operator
import time
from collections.abc import Callable
from typing import Any

from ministack.services import cloudwatch

from infra.local.gaps.patching import replace, require

COMPARE: dict[str, Callable[[float, float], bool]] = {
    "GreaterThanThreshold": operator.gt,
    "GreaterThanOrEqualToThreshold": operator.ge,
    "LessThanThreshold": operator.lt,
    "LessThanOrEqualToThreshold": operator.le,
}


def _evaluate_alarm(alarm: dict[str, Any]) -> None:
    """Set the alarm's state by the figures of its own series; without any, or with an unknown comparison, it stays."""
    dimensions = cloudwatch._dims_key(cloudwatch._dims_from_list(alarm.get("Dimensions") or []))
    points = cloudwatch._metrics.get((alarm.get("Namespace"), alarm.get("MetricName"), dimensions)) or []
    start = time.time() - alarm["Period"] * alarm["EvaluationPeriods"]
    recent = [point for point in points if point["Timestamp"] >= start]
    compare = COMPARE.get(alarm.get("ComparisonOperator") or "")
    if not recent or compare is None:
        return
    statistic = alarm.get("ExtendedStatistic") or alarm.get("Statistic")
    value = cloudwatch._stat_value(cloudwatch._calc_stats(recent), statistic, recent)
    if value is None:
        return
    before, now = alarm["StateValue"], "ALARM" if compare(value, alarm["Threshold"]) else "OK"
    if now == before:
        return
    reason = f"Threshold Crossed: the {statistic} is {value}, the threshold {alarm['Threshold']}"
    alarm.update(StateValue=now, StateReason=reason, StateUpdatedTimestamp=int(time.time()))
    cloudwatch._record_history(alarm["AlarmName"], before, now, reason)
    cloudwatch._dispatch_alarm_actions(alarm, before, now, reason)
    cloudwatch._evaluate_parent_alarms(alarm)


def install() -> None:
    """Judge each alarm by its own series."""
    helpers = ("_metrics", "_dims_key", "_dims_from_list", "_calc_stats", "_stat_value")
    for name in (*helpers, "_record_history", "_dispatch_alarm_actions", "_evaluate_parent_alarms"):
        require(cloudwatch, name)
    replace(cloudwatch, "_evaluate_alarm", _evaluate_alarm)
