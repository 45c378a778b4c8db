"""The alarms of a flow's stack, and the bad ends of a machine that ring its own."""

from __future__ import annotations

import json
from typing import Any

from tests.flow.driver import Flow

REFUSED = [1]
"""An input that every machine refuses at its first state."""
ENDLESS = {"StartAt": "Wait", "TimeoutSeconds": 1, "States": {"Wait": {"Type": "Wait", "Seconds": 10**6, "End": True}}}


def alarms(flow: Flow) -> dict[str, dict[str, Any]]:
    """The stack's own alarms, by their names."""
    listing = flow.stand_in.client("cloudformation").get_paginator("list_stack_resources")
    resources = [one for page in listing.paginate(StackName="greenlight") for one in page["StackResourceSummaries"]]
    names = [one["PhysicalResourceId"] for one in resources if one["ResourceType"] == "AWS::CloudWatch::Alarm"]
    found = flow.stand_in.client("cloudwatch").describe_alarms(AlarmNames=names)["MetricAlarms"]
    return {alarm["AlarmName"]: alarm for alarm in found}


def ringing(flow: Flow) -> set[str]:
    """The names of those that are in ALARM."""
    return {name for name, alarm in alarms(flow).items() if alarm["StateValue"] == "ALARM"}


def of_machine(name: str) -> set[str]:
    """The names of the two alarms of a machine of the project."""
    return {f"greenlight-{name}-{how}" for how in ("failed", "timed-out")}


def end_badly(flow: Flow, name: str) -> list[str]:
    """Have one execution of a machine fail and one run out of time; the names of both, which have ended."""
    arn = flow.stack.build_machine_arn.removesuffix("build") + name
    definition = flow.machines.describe_state_machine(stateMachineArn=arn)["definition"]
    refused = flow.machines.start_execution(stateMachineArn=arn, input=json.dumps(REFUSED))
    flow.machines.update_state_machine(stateMachineArn=arn, definition=json.dumps(ENDLESS))
    late = flow.machines.start_execution(stateMachineArn=arn)
    flow.machines.update_state_machine(stateMachineArn=arn, definition=definition)
    ended = [one["executionArn"] for one in (refused, late)]
    assert [flow.end(execution).status for execution in ended] == ["FAILED", "TIMED_OUT"]
    return [execution.rpartition(":")[2] for execution in ended]
