"""Every alarm of the stack rings: the machines' and functions' by what really happens, and those that mail by mail."""

from __future__ import annotations

import json
from typing import Any

from tests.flow.driver import Flow

MACHINES = ("build", "release", "challenge", "batch")
REFUSED = [1]
"""An input that every machine refuses at its first state."""
ENDLESS = {"StartAt": "Wait", "TimeoutSeconds": 1, "States": {"Wait": {"Type": "Wait", "Seconds": 10**6, "End": True}}}


def ringing(flow: Flow) -> dict[str, Any]:
    """The stack's alarms that are in ALARM, by name without the project's; a release's own are not the stack's."""
    pages = flow.stand_in.client("cloudwatch").get_paginator("describe_alarms").paginate(AlarmNamePrefix="greenlight-")
    found = {alarm["AlarmName"].removeprefix("greenlight-"): alarm for page in pages for alarm in page["MetricAlarms"]}
    return {name: alarm for name, alarm in found.items() if alarm["StateValue"] == "ALARM"}


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
    wanted = {f"{name}-{how}" for name in MACHINES for how in ("failed", "timed-out")}
    flow.wait_until(lambda: wanted <= ringing(flow).keys(), f"not all of {wanted} ring")
    for execution in ended:
        run = execution.rpartition(":")[2]
        flow.wait_until(lambda run=run: flow.mails(run), f"nobody is told of {run}")


def test_a_function_that_fails_beside_the_machines_and_an_ill_production_are_mailed(flow: Flow) -> None:
    """Functions by an error of theirs; what no test can make ill in time as CloudWatch says that it is."""
    cloudwatch, functions = (flow.stand_in.client(service) for service in ("cloudwatch", "lambda"))
    functions.invoke(FunctionName="greenlight-notify", Payload=b"[]")
    flow.wait_until(lambda: "notify-errors" in ringing(flow), "the function's alarm does not ring")
    pages = cloudwatch.get_paginator("describe_alarms").paginate(AlarmNamePrefix="greenlight-")
    mailing = {
        alarm["AlarmName"]: alarm["AlarmDescription"]
        for page in pages
        for alarm in page["MetricAlarms"]
        if alarm["AlarmActions"] and not alarm["AlarmName"].startswith("greenlight-production-v")
    }
    for name in mailing:
        for state in ("OK", "ALARM", "OK"):
            cloudwatch.set_alarm_state(AlarmName=name, StateValue=state, StateReason="a test says so")
    for name, description in mailing.items():
        flow.wait_until(lambda name=name: flow.mails(name), f"{name} mails nobody")
        assert any(description in mail["body"] for mail in flow.mails(name)), name
