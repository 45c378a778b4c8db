"""Reads the template as plain data, every short tag in its long form, and lists the permissions it gives."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cfnlint.decode import cfn_yaml

ROOT = Path(__file__).parents[2]
PATH = ROOT / "infra" / "template.yaml"
OF_A_STAGE = ROOT / "infra" / "account.yaml"

Json = dict[str, Any]


@dataclass(frozen=True)
class Grant:
    """One statement of one role: ``role`` is its logical id; actions and resources are lists."""

    role: str
    sid: str
    effect: str
    actions: list[str]
    resources: list[Any]
    condition: Json


def load(path: Path = PATH) -> Json:
    """The whole template; everybody's own."""
    loaded: Json = json.loads(_read(path))
    return loaded


@functools.cache
def _read(path: Path) -> str:
    return json.dumps(cfn_yaml.load(str(path)))


def resolved(path: Path = PATH, /, **parameters: Any) -> Json:
    """The template as a stack with these parameters gets it: no condition is left, and what it lacks is gone."""
    template = load(path)
    given = {name: item.get("Default") for name, item in template["Parameters"].items()} | parameters
    holds = {name: _evaluate(condition, given, template) for name, condition in template["Conditions"].items()}
    kept = {name: item for name, item in template["Resources"].items() if holds.get(item.get("Condition", ""), True)}
    return {**template, "Resources": _choose(kept, holds)}


def of_type(template: Json, kind: str) -> dict[str, Json]:
    """Properties of every resource of one type, by logical id."""
    return {name: item["Properties"] for name, item in template["Resources"].items() if item["Type"] == kind}


def grants(template: Json) -> Iterator[Grant]:
    """Every statement of every role, conditional ones included."""
    for role, properties in of_type(template, "AWS::IAM::Role").items():
        for policy in properties["Policies"]:
            for statement in policy["PolicyDocument"]["Statement"]:
                given = statement["Fn::If"][1] if "Fn::If" in statement else statement
                yield Grant(
                    role=role,
                    sid=given["Sid"],
                    effect=given["Effect"],
                    actions=as_list(given["Action"]),
                    resources=as_list(given["Resource"]),
                    condition=given.get("Condition", {}),
                )


def as_list(value: Any) -> list[Any]:
    """A value that the policy language lets stand for a list of one."""
    return value if isinstance(value, list) else [value]


def function_name(properties: Json) -> str:
    """``plan_run`` for the function ``<Project>-plan-run``."""
    name: str = properties["FunctionName"]["Fn::Sub"]
    return name.removeprefix("${Project}-").replace("-", "_")


def folder(properties: Json) -> str:
    """``decide`` for a function whose handler is ``lambdas.decide.command.handler``."""
    _, name, _, _ = properties["Handler"].split(".")
    return str(name)


def way_in(properties: Json) -> str:
    """``command`` for the same function; most have ``handler`` alone."""
    _, _, module, function = properties["Handler"].split(".")
    assert function == "handler"
    return str(module)


def leading_keys(grant: Grant) -> list[str]:
    """The keys of the table that a statement is about."""
    keys: list[str] = as_list(grant.condition.get("ForAllValues:StringLike", {}).get("dynamodb:LeadingKeys", []))
    return keys


def _evaluate(condition: Any, given: Json, template: Json) -> Any:
    """A condition, or what it compares, with these parameters."""
    if not isinstance(condition, dict):
        return condition
    ((function, about),) = condition.items()
    if function == "Ref":
        return "aws" if about == "AWS::Partition" else given[about]
    if function == "Condition":
        return _evaluate(template["Conditions"][about], given, template)
    values = [_evaluate(item, given, template) for item in about]
    if function == "Fn::Select":
        return str(values[1])
    return {
        "Fn::Join": lambda: values[0].join(as_list(values[1])),
        "Fn::Equals": lambda: values[0] == values[-1],
        "Fn::Not": lambda: not values[0],
        "Fn::And": lambda: all(values),
        "Fn::Or": lambda: any(values),
    }[function]()


_NOTHING = {"Ref": "AWS::NoValue"}


def _choose(value: Any, holds: dict[str, bool]) -> Any:
    """A value with the branch of every Fn::If that holds, without what is no value."""
    if isinstance(value, dict):
        if set(value) == {"Fn::If"}:
            condition, yes, no = value["Fn::If"]
            return _choose(yes if holds[condition] else no, holds)
        chosen = {key: _choose(item, holds) for key, item in value.items()}
        return {key: item for key, item in chosen.items() if item != _NOTHING or key == "Ref"}
    if isinstance(value, list):
        return [item for item in (_choose(item, holds) for item in value) if item != _NOTHING]
    return value
