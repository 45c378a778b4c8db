"""Gap: what Step Functions and Lambda publish in CloudWatch of themselves, by which a stack's alarms ring.

The engine publishes nothing. From the documentation: AWS/States counts each execution once when it starts and once as
it ends, by StateMachineArn ("Monitoring Step Functions metrics using Amazon CloudWatch"; a redrive starts none);
AWS/Lambda counts each invocation and each error by FunctionName ("Types of metrics for Lambda functions"). Times are
left out. Knows nothing of what an alarm does.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from ministack.services import cloudwatch, lambda_svc, stepfunctions

from infra.local.gaps.patching import replace, require

STATES = {
    "RUNNING": "ExecutionsStarted",
    "SUCCEEDED": "ExecutionsSucceeded",
    "FAILED": "ExecutionsFailed",
    "ABORTED": "ExecutionsAborted",
    "TIMED_OUT": "ExecutionsTimedOut",
}
"""The figure of AWS/States that counts each status of an execution."""

_their_event: Any = None
_their_logs: Any = None


def _publish(namespace: str, dimensions: dict[str, str], figures: Mapping[str, float]) -> None:
    now = time.time()
    for name, value in figures.items():
        cloudwatch._store_datum(namespace, name, dimensions, now, "Count", value, None, None, None)
    cloudwatch._evaluate_all_alarms()


def _emit_execution_status_event(execution: dict[str, Any]) -> None:
    """Count, and tell the event as before."""
    status = execution["status"]
    if status in STATES and not (status == "RUNNING" and execution.get("redriveCount")):
        _publish("AWS/States", {"StateMachineArn": execution["stateMachineArn"]}, {STATES[status]: 1})
    _their_event(execution)


def _emit_lambda_logs(
    func: dict[str, Any],
    request_id: str,
    log_text: str,
    error: bool,
    duration_ms: int,
    *,
    log_source: str | None = None,
) -> None:
    """Count, and write the log as before."""
    config = func.get("config") or func
    _publish("AWS/Lambda", {"FunctionName": config["FunctionName"]}, {"Invocations": 1, "Errors": float(error)})
    _their_logs(func, request_id, log_text, error, duration_ms, log_source=log_source)


def install() -> None:
    """Publish whenever an execution starts or ends, and whenever a function was called."""
    global _their_event, _their_logs
    for name in ("_store_datum", "_evaluate_all_alarms"):
        require(cloudwatch, name)
    _their_event = replace(stepfunctions, "_emit_execution_status_event", _emit_execution_status_event)
    _their_logs = replace(lambda_svc, "_emit_lambda_logs", _emit_lambda_logs)
