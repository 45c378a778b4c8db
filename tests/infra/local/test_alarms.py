"""Alarms on published metrics: each sees the series that it names, and machines make and delete them."""

from __future__ import annotations

import datetime
from typing import Any

import pytest

from tests.infra.local.machines import Machines, eventually

NAMESPACE = "Greenlight/Tests"


def put_alarm(name: str, metric: str, fleet: str) -> dict[str, Any]:
    """The state that makes an alarm on what one fleet does wrong."""
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::aws-sdk:cloudwatch:putMetricAlarm",
        "Parameters": {
            "AlarmName": name,
            "Namespace": NAMESPACE,
            "MetricName": metric,
            "Dimensions": [{"Name": "Fleet", "Value": fleet}],
            "Statistic": "Sum",
            "Period": 60,
            "EvaluationPeriods": 1,
            "Threshold.$": "States.StringToJson('1')",
            "ComparisonOperator": "GreaterThanOrEqualToThreshold",
            "TreatMissingData": "notBreaching",
        },
        "ResultPath": None,
    }


def states(machines: Machines, *names: str) -> dict[str, str]:
    """The state of each of these alarms that is there."""
    found = machines.stand_in.client("cloudwatch").describe_alarms(AlarmNames=list(names))["MetricAlarms"]
    return {alarm["AlarmName"]: alarm["StateValue"] for alarm in found}


def count(machines: Machines, metric: str, fleet: str, value: int) -> None:
    """Publish one figure of one fleet."""
    datum = {"MetricName": metric, "Dimensions": [{"Name": "Fleet", "Value": fleet}], "Value": value}
    machines.stand_in.client("cloudwatch").put_metric_data(Namespace=NAMESPACE, MetricData=[datum])


def test_an_alarm_sees_the_series_it_names_and_no_other(machines: Machines) -> None:
    """What the old fleet did before it was made, and does afterwards, leaves the new fleet's alarm alone."""
    metric, old, new = machines.name("Wrong"), machines.name("old"), machines.name("new")
    count(machines, metric, "old", 5)
    machines.output(
        {"Old": put_alarm(old, metric, "old") | {"Next": "New"}, "New": put_alarm(new, metric, "new") | {"End": True}}
    )
    assert states(machines, old, new) == {old: "ALARM", new: "INSUFFICIENT_DATA"}
    count(machines, metric, "new", 0)
    count(machines, metric, "old", 5)
    assert states(machines, old, new) == {old: "ALARM", new: "OK"}
    count(machines, metric, "new", 1)
    assert states(machines, new) == {new: "ALARM"}
    gone = {
        "Type": "Task",
        "Resource": "arn:aws:states:::aws-sdk:cloudwatch:deleteAlarms",
        "Parameters": {"AlarmNames.$": f"States.Array('{old}', '{new}')"},
        "End": True,
    }
    machines.output({"Gone": gone})
    assert states(machines, old, new) == {}


@pytest.mark.parametrize(
    ("treated", "state"),
    [
        ("notBreaching", "OK"),
        ("missing", "INSUFFICIENT_DATA"),
        ("ignore", "ALARM"),
        ("breaching", "ALARM"),
    ],
)
def test_an_alarm_whose_series_falls_silent_goes_by_what_it_says_of_that(
    machines: Machines, treated: str, state: str
) -> None:
    """When somebody looks; one that never had a figure stays as it was set."""
    cloudwatch, name = machines.stand_in.client("cloudwatch"), machines.name("silent")
    alarm = {
        "Namespace": NAMESPACE,
        "Statistic": "Sum",
        "Period": 60,
        "EvaluationPeriods": 1,
        "Threshold": 1,
        "ComparisonOperator": "GreaterThanOrEqualToThreshold",
        "TreatMissingData": treated,
    }
    cloudwatch.put_metric_alarm(AlarmName=name, MetricName=name, **alarm)
    cloudwatch.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="set by hand")
    assert states(machines, name) == {name: "ALARM"}
    long_ago = datetime.datetime.now(datetime.UTC) - datetime.timedelta(minutes=5)
    datum = {"MetricName": name, "Value": 5, "Timestamp": long_ago}
    cloudwatch.put_metric_data(Namespace=NAMESPACE, MetricData=[datum])
    assert states(machines, name) == {name: state}


def total(machines: Machines, namespace: str, metric: str, dimension: str, value: str) -> float:
    """The sum of a figure that a service publishes of itself."""
    now = datetime.datetime.now(datetime.UTC)
    points = machines.stand_in.client("cloudwatch").get_metric_statistics(
        Namespace=namespace,
        MetricName=metric,
        Dimensions=[{"Name": dimension, "Value": value}],
        StartTime=now - datetime.timedelta(hours=1),
        EndTime=now + datetime.timedelta(minutes=1),
        Period=7200,
        Statistics=["Sum"],
    )["Datapoints"]
    return sum(point["Sum"] for point in points)


def test_executions_are_counted_by_how_they_end_and_invocations_by_their_errors(machines: Machines) -> None:
    """Of one machine, and of one function; a redrive ends once more and starts none."""
    machine = machines.create({"No": {"Type": "Fail", "Error": "Gate.Rejected"}})
    execution = machines.start(machine)
    machines.end(execution)
    machines.sfn.redrive_execution(executionArn=execution)
    machines.end(execution)

    def states(metric: str) -> float:
        return total(machines, "AWS/States", metric, "StateMachineArn", machine)

    eventually(lambda: states("ExecutionsFailed") == 2)
    assert (states("ExecutionsStarted"), states("ExecutionsSucceeded")) == (1, 0)
    function = machines.function("def handler(event, context): return 1 / event['by']").rpartition(":")[2]
    for by in (1, 0):
        machines.stand_in.client("lambda").invoke(FunctionName=function, Payload=f'{{"by": {by}}}')
    counted = [total(machines, "AWS/Lambda", name, "FunctionName", function) for name in ("Invocations", "Errors")]
    assert counted == [2, 1]
