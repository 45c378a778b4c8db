"""Gap: the dimensions of an alarm on a metric that somebody publishes.

The engine judges such an alarm by the metric's figures of every dimension together, so that what one fleet did would
ring the alarm of another, and leaves one that rang in ALARM for ever. Here an alarm sees the one series that it names,
goes by its TreatMissingData once that is silent, and is judged whenever somebody looks. Knows nothing of endpoints.
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


_SILENT = {"notBreaching": "OK", "breaching": "ALARM", "missing": "INSUFFICIENT_DATA"}
"""The state of an alarm whose series has nothing recent; any other way to treat that leaves it as it is."""
_their_describe_alarms: Any = None


def _evaluate_alarm(alarm: dict[str, Any]) -> None:
    """Set the alarm's state by the figures of its own series; one that never had any stays as it is."""
    dimensions = cloudwatch._dims_key(cloudwatch._dims_from_list(alarm.get("Dimensions") or []))
    points = cloudwatch._metrics.get((alarm.get("Namespace"), alarm.get("MetricName"), dimensions)) or []
    start = time.time() - alarm["Period"] * alarm["EvaluationPeriods"]
    recent = [point for point in points if point["Timestamp"] >= start]
    compare = COMPARE.get(alarm.get("ComparisonOperator") or "")
    if not points or compare is None:
        return
    if not recent:
        silent = _SILENT.get(alarm.get("TreatMissingData") or "missing", alarm["StateValue"])
        _enter(alarm, silent, f"no datapoints were received for {alarm['EvaluationPeriods']} periods")
        return
    statistic = alarm.get("ExtendedStatistic") or alarm.get("Statistic")
    value = cloudwatch._stat_value(cloudwatch._calc_stats(recent), statistic, recent)
    if value is None:
        return
    state = "ALARM" if compare(value, alarm["Threshold"]) else "OK"
    _enter(alarm, state, f"Threshold Crossed: the {statistic} is {value}, the threshold {alarm['Threshold']}")


def _enter(alarm: dict[str, Any], now: str, reason: str) -> None:
    """Put an alarm into a state, with all that follows; nothing where it is in it."""
    before = alarm["StateValue"]
    if now == before:
        return
    alarm.update(StateValue=now, StateReason=reason, StateUpdatedTimestamp=int(time.time()))
    cloudwatch._record_history(alarm["AlarmName"], before, now, reason)
    cloudwatch._dispatch_alarm_actions(alarm, before, now, reason)
    cloudwatch._evaluate_parent_alarms(alarm)


def _describe_alarms(params: Any, cbor_data: Any, is_cbor: bool, is_json: bool = False) -> Any:
    cloudwatch._evaluate_all_alarms()
    return _their_describe_alarms(params, cbor_data, is_cbor, is_json)


def install() -> None:
    """Judge each alarm by its own series, when it has a figure and when it is looked at."""
    global _their_describe_alarms
    helpers = ("_metrics", "_dims_key", "_dims_from_list", "_calc_stats", "_stat_value")
    for name in (*helpers, "_record_history", "_dispatch_alarm_actions", "_evaluate_parent_alarms"):
        require(cloudwatch, name)
    require(cloudwatch, "_evaluate_all_alarms")
    replace(cloudwatch, "_evaluate_alarm", _evaluate_alarm)
    _their_describe_alarms = replace(cloudwatch, "_describe_alarms", _describe_alarms)
