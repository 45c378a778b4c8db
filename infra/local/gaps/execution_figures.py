"""Gap: what Step Functions publishes in CloudWatch of executions, by which a stack's alarms ring.

The engine publishes of Lambda functions alone. AWS/States counts each execution once as it starts and once as it ends,
by StateMachineArn ("Monitoring Step Functions metrics using Amazon CloudWatch"); a redrive starts none. Times are left
out. Knows nothing of alarms, which are judged when somebody looks.
"""

from __future__ import annotations

from typing import Any

from ministack.services import cloudwatch, stepfunctions

from infra.local.gaps.patching import replace, require

STATES = {
    "RUNNING": "ExecutionsStarted",
    "SUCCEEDED": "ExecutionsSucceeded",
    "FAILED": "ExecutionsFailed",
    "ABORTED": "ExecutionsAborted",
    "TIMED_OUT": "ExecutionsTimedOut",
}
"""The figure that counts each status of an execution."""

_their_event: Any = None


def _emit_execution_status_event(execution: dict[str, Any]) -> None:
    status = execution["status"]
    if status in STATES and not (status == "RUNNING" and execution.get("redriveCount")):
        machine = {"StateMachineArn": execution["stateMachineArn"]}
        cloudwatch.record_metric("AWS/States", STATES[status], 1, "Count", machine)
    _their_event(execution)


def install() -> None:
    """Count whenever the engine tells of a status."""
    global _their_event
    require(cloudwatch, "record_metric")
    _their_event = replace(stepfunctions, "_emit_execution_status_event", _emit_execution_status_event)
