"""The edge of the clock: a schedule calls it with the time that it stood for, and an execution is named after that.

A schedule may fire twice, and its call may be repeated: the second one finds the execution of the first.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from lambdas.start_run.services import logger, machine, metrics, stepfunctions, tracer
from workflow.contract.document import Text, read
from workflow.contract.reading import ContractError
from workflow.contract.starting import start_once


@dataclass(frozen=True)
class Event:
    """What the schedule gives: the time at which it was to fire, as EventBridge Scheduler writes it."""

    scheduled: Text


@metrics.log_metrics
@tracer.capture_lambda_handler
@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Return ``{"execution"}``, the ARN of the build that this time stands for."""
    name = name_after(read(Event, event, "event").scheduled)
    metrics.add_metric(name="StartedByTheClock", unit=MetricUnit.Count, value=1)
    execution = start_once(stepfunctions, machine, name, {"started_by": "schedule"})
    logger.info("started", execution=execution)
    return {"execution": execution}


def name_after(scheduled: str) -> str:
    """The execution's name. An execution's name takes no colons. Raises ContractError for what is no time."""
    try:
        moment = datetime.fromisoformat(scheduled)
    except ValueError as error:
        raise ContractError(f"event.scheduled: must be a time, found {scheduled!r}") from error
    return f"schedule-{moment:%Y-%m-%dT%H-%M-%S}"
