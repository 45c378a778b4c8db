"""The dashboard shows figures that somebody counts, of resources that are there."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from tests.infra import template as read
from tests.infra.template import ROOT, Json

OF_SAGEMAKER = {
    "AWS/SageMaker": {
        *("Invocations", "Invocation4XXErrors", "Invocation5XXErrors", "InvocationModelErrors"),
        *("ModelLatency", "OverheadLatency"),
    },
    "/aws/sagemaker/Endpoints": {
        *("CPUUtilization", "MemoryUtilization", "DiskUtilization", "GPUUtilization", "GPUMemoryUtilization")
    },
    "AWS/States": {
        *("ExecutionsStarted", "ExecutionsSucceeded", "ExecutionsFailed", "ExecutionsAborted", "ExecutionsTimedOut"),
        "ExecutionTime",
    },
}
"""What AWS counts, as its guides name it."""


@pytest.fixture(scope="module")
def template() -> Json:
    """The template."""
    return read.load()


def widgets(template: Json) -> list[Json]:
    """What the dashboard shows; placeholders stay as they are."""
    (dashboard,) = read.of_type(template, "AWS::CloudWatch::Dashboard").values()
    found: list[Json] = json.loads(dashboard["DashboardBody"]["Fn::Sub"])["widgets"]
    return found


def metrics(template: Json) -> list[list[Any]]:
    """Every line of figures."""
    return [metric for widget in widgets(template) for metric in widget["properties"].get("metrics", [])]


def test_every_figure_of_ours_is_counted_by_the_function_that_it_names(template: Json) -> None:
    """A name that is changed on one side would leave a chart empty."""
    ours = [metric for metric in metrics(template) if metric[0] == "Greenlight"]
    assert len(ours) > 8
    for _, name, project, value, service, function, _ in ours:
        assert (project, value, service) == ("project", "${Project}", "service")
        source = "".join(path.read_text() for path in (ROOT / "lambdas" / function.replace("-", "_")).glob("*.py"))
        assert f'"{name}"' in source, name
        assert "set_default_dimensions(project=environment.project)" in source


def test_a_function_counts_under_the_service_and_namespace_that_the_dashboard_names(template: Json) -> None:
    """Both come from its environment."""
    services = {metric[5] for metric in metrics(template) if metric[0] == "Greenlight"}
    for properties in read.of_type(template, "AWS::Lambda::Function").values():
        given = properties["Environment"]["Variables"]
        services -= (
            {given["POWERTOOLS_SERVICE_NAME"]} if given["POWERTOOLS_METRICS_NAMESPACE"] == "Greenlight" else set()
        )
    assert services == set()


def test_every_figure_of_aws_is_one_that_it_counts(template: Json) -> None:
    """Of both machines and both endpoints, by the dimensions that each has."""
    for namespace, name, *dimensions, _ in metrics(template):
        if namespace != "Greenlight":
            assert name in OF_SAGEMAKER[namespace]
            machine = ["StateMachineArn"]
            assert dimensions[::2] == (machine if namespace == "AWS/States" else ["EndpointName", "VariantName"])
    shown = {name for _, name, *_ in metrics(template)}
    assert set().union(*OF_SAGEMAKER.values()) <= shown


def test_it_names_what_the_stack_has(template: Json) -> None:
    """Every placeholder is a resource, the project or the region, and every alarm that mails of production is shown."""
    (dashboard,) = read.of_type(template, "AWS::CloudWatch::Dashboard").values()
    named = set(re.findall(r"\$\{([\w:]+)", dashboard["DashboardBody"]["Fn::Sub"]))
    assert named <= set(template["Resources"]) | {"Project", "AWS::Region"}
    shown = {alarm for widget in widgets(template) for alarm in widget["properties"].get("alarms", [])}
    for name, item in template["Resources"].items():
        if item["Type"] == "AWS::CloudWatch::Alarm" and name.startswith("Production") and "Condition" not in item:
            assert f"${{{name}.Arn}}" in shown


def test_how_every_machine_that_people_start_ends_is_shown(template: Json) -> None:
    """Each with its five figures, and with its alarms."""
    shown = {alarm for widget in widgets(template) for alarm in widget["properties"].get("alarms", [])}
    for machine in ("Build", "Release", "Batch"):
        ends = {name for _, name, *rest in metrics(template) if rest[1] == f"${{{machine}Machine}}"}
        assert ends - {"ExecutionTime"} == OF_SAGEMAKER["AWS/States"] - {"ExecutionTime"}
        assert f"${{{machine}FailuresAlarm.Arn}}" in shown


def test_no_widget_covers_another(template: Json) -> None:
    """And none is wider than the page."""
    taken: set[tuple[int, int]] = set()
    for widget in widgets(template):
        columns = range(widget["x"], widget["x"] + widget["width"])
        mine = {(x, y) for x in columns for y in range(widget["y"], widget["y"] + widget["height"])}
        assert not mine & taken
        assert max(columns) < 24
        taken |= mine


def test_its_name_is_free_in_every_region(template: Json) -> None:
    """An account has one dashboard of a name; mails lead to this one."""
    (dashboard,) = read.of_type(template, "AWS::CloudWatch::Dashboard").values()
    assert dashboard["DashboardName"] == {"Fn::Sub": "${Project}-${AWS::Region}"}
    for name in ("NotifyFunction", "WatchProductionFunction"):
        given = read.of_type(template, "AWS::Lambda::Function")[name]["Environment"]["Variables"]
        assert given["DASHBOARD"] == dashboard["DashboardName"]
