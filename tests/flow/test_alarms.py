"""Every alarm of the stack rings: the machines' and functions' by what really happens, and those that mail by mail."""

from __future__ import annotations

import json
from typing import Any

from tests.flow.driver import Flow

MACHINES = ("build", "release", "challenge", "batch")
OF_MACHINES = {f"greenlight-{name}-{how}" for name in MACHINES for how in ("failed", "timed-out")}
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


def test_an_execution_that_fails_and_one_that_runs_out_of_time_ring_their_machine_s_alarms(flow: Flow) -> None:
    """Each of every machine; who looks at the alarms need not read mails. And everyone is told of both ends by mail."""
    arns = [flow.stack.build_machine_arn.removesuffix("build") + name for name in MACHINES]
    ended: list[str] = []
    for arn in arns:
        definition = flow.machines.describe_state_machine(stateMachineArn=arn)["definition"]
        refused = flow.machines.start_execution(stateMachineArn=arn, input=json.dumps(REFUSED))
        flow.machines.update_state_machine(stateMachineArn=arn, definition=json.dumps(ENDLESS))
        late = flow.machines.start_execution(stateMachineArn=arn)
        flow.machines.update_state_machine(stateMachineArn=arn, definition=definition)
        ended += [refused["executionArn"], late["executionArn"]]
    assert [flow.end(execution).status for execution in ended] == ["FAILED", "TIMED_OUT"] * len(arns)
    flow.wait_until(lambda: ringing(flow) >= OF_MACHINES, f"not all of {OF_MACHINES} ring")
    for execution in ended:
        run = execution.rpartition(":")[2]
        flow.wait_until(lambda run=run: flow.mails(run), f"nobody is told of {run}")


def test_a_function_that_fails_beside_the_machines_and_an_ill_production_are_mailed(flow: Flow) -> None:
    """Functions by an error of theirs; what no test can make ill in time as CloudWatch says that it is."""
    flow.stand_in.client("lambda").invoke(FunctionName="greenlight-notify", Payload=b"[]")
    flow.wait_until(lambda: "greenlight-notify-errors" in ringing(flow), "the function's alarm does not ring")
    mailing = {name: alarm["AlarmDescription"] for name, alarm in alarms(flow).items() if alarm["AlarmActions"]}
    assert set(alarms(flow)) == set(mailing) | OF_MACHINES
    for name in mailing:
        for state in ("OK", "ALARM", "OK"):
            flow.stand_in.client("cloudwatch").set_alarm_state(
                AlarmName=name, StateValue=state, StateReason="a test says so"
            )
    for name, description in mailing.items():
        flow.wait_until(lambda name=name: flow.mails(name), f"{name} mails nobody")
        assert any(description in mail["body"] for mail in flow.mails(name)), name
