"""No state reads what may not be there: a path to nothing is States.Runtime, which no catcher catches.

Both machines are walked from their first state along every arrow, with what is known to be there: of a service's answer
only the members that botocore's model requires, of a plan the fields that it always writes, of an error its name, of a
function's answer what it promises, of a person's answer nothing. Where arrows meet, what all of them bring counts.
A choice that asks IsPresent makes known what it asked for.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import MISSING, fields, is_dataclass
from pathlib import Path
from typing import Any, get_args, get_type_hints

import botocore.session
import pytest

from workflow.contract.batch import BatchPlan
from workflow.contract.build_plan import BuildPlan
from workflow.contract.drift import DriftPlan
from workflow.contract.release_plan import ReleasePlan
from workflow.contract.stage_plan import StagePlan

MACHINES = Path(__file__).parents[3] / "workflow" / "machines"
SESSION = botocore.session.get_session()
ANYTHING, VALUE = "all below it is promised", "nothing below it is known"
PLANS = {"${PlanRunArn}": BuildPlan, "${PlanReleaseArn}": ReleasePlan, "${WatchDriftArn}": DriftPlan}
ALWAYS_PLANNED = {
    *("inference_ami", "limits", "resources", "tags", "clusters", "serving"),
    *("archive_etag", "previous", "smoke_digest", "variant", "kinds", "serverless_environment"),
    *("challenge", "challenged"),
}
"""Fields with a default for plans from before, which every plan that is made today has with another value."""
NOT_YET = {"DescribeTrainingJob": {"ModelArtifacts"}}
"""Members that the model requires, and that a job which was stopped too early has all the same not got."""


def members(known: Any) -> dict[str, Any]:
    """What is known of each member that a value has for certain."""
    if isinstance(known, dict):
        return known
    if is_dataclass(known):
        parts = fields(known)
        return {
            part.name: kind_of(as_type(known), part.name)
            for part in parts
            if part.default is MISSING or part.name in ALWAYS_PLANNED
        }
    if getattr(known, "type_name", "") == "structure":
        return {name: known.members[name] for name in known.required_members}
    return {}


def as_type(known: Any) -> Hashable:
    """A plan's type, which is what is known of a plan."""
    assert isinstance(known, type)
    return known


@functools.cache
def kind_of(part: Any, name: str) -> Any:
    """What is known of a plan's field, once it is there."""
    kind = get_type_hints(part)[name]
    return next((one for one in (kind, *get_args(kind)) if is_dataclass(one)), VALUE)


def below(known: Any, keys: list[str]) -> Any:
    """What is known of a value's member; None where it may be missing."""
    for key in keys:
        if known is ANYTHING:
            return ANYTHING
        known = members(known).get(key)
    return known


def keys_of(path: str) -> list[str]:
    return [key for key in path.removeprefix("$").split(".") if key]


def paths_in(text: str) -> list[str]:
    """The paths of an expression; the context object has whatever is asked of it."""
    return re.findall(r"(?<![$\w])\$(?:\.[\w.]*\w)?(?![\w$])", re.sub(r"\$\$[\w.]*", "", text))


def reads(value: Any) -> Iterator[str]:
    """Every path that a Parameters or ResultSelector reads."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            if key.endswith(".$"):
                yield from paths_in(item)
            else:
                yield from reads(item)
    elif isinstance(value, list):
        for item in value:
            yield from reads(item)


def shaped(template: Any, known: Any) -> Any:
    """What is known of what a Parameters or ResultSelector makes."""
    if isinstance(template, Mapping):
        return {
            key.removesuffix(".$"): (
                below(known, keys_of(item)) if re.fullmatch(r"\$[\w.]*", item) and not item.startswith("$$") else VALUE
            )
            if key.endswith(".$")
            else shaped(item, known)
            for key, item in template.items()
        }
    return VALUE


def with_result(known: Any, path: str | None, result: Any) -> Any:
    """The data once a result is put at a path: null throws it away, none replaces all."""
    if path is None:
        return known
    if not keys_of(path):
        return result
    first, *rest = keys_of(path)
    before = known if isinstance(known, dict) else {}
    return {**before, first: with_result(before.get(first, {}), "$." + ".".join(rest), result) if rest else result}


def meet(one: Any, other: Any) -> Any:
    """What is known whichever of two ways was taken."""
    if one is other:
        return one
    both = members(one), members(other)
    shared = both[0].keys() & both[1].keys()
    return {key: meet(both[0][key], both[1][key]) for key in shared} if shared else VALUE


def answer(state: Mapping[str, Any]) -> Any:
    """What is known of the raw result of a Task."""
    resource = state["Resource"].split(":states:::", 1)[1]
    if resource.startswith("lambda:invoke"):
        payload = state["Parameters"]["Payload"]
        plan = payload.get("input.$") and PLANS.get(state["Parameters"]["FunctionName"])
        plan = plan and {"batch": BatchPlan, "stage": StagePlan}.get(payload.get("machine", ""), plan)
        return VALUE if "waitForTaskToken" in resource else {"Payload": plan or ANYTHING}
    if resource.startswith("states:"):
        return {"ExecutionArn": VALUE, "Status": VALUE, "Output": ANYTHING}
    return described(*resource.removeprefix("aws-sdk:").split(":"))


@functools.cache
def described(service: str, action: str) -> Any:
    """What is known of what an operation answers, or of the job that it starts once that has ended."""
    operation = action[0].upper() + action.removesuffix(".sync")[1:]
    if action.endswith(".sync"):
        operation = operation.replace("Create", "Describe")
    shape = SESSION.get_service_model(service).operation_model(operation).output_shape
    if operation not in NOT_YET or shape is None:
        return VALUE if shape is None else shape
    return {name: shape.members[name] for name in shape.required_members if name not in NOT_YET[operation]}


def asked(rule: Mapping[str, Any], known: Any, where: str, missing: list[str]) -> Any:
    """What is known once a rule is true; what it reads and may be missing is added to ``missing``."""
    for part in rule.get("And", []):
        known = asked(part, known, where, missing)
    for part in [*rule.get("Or", []), *([rule["Not"]] if "Not" in rule else [])]:
        asked(part, known, where, missing)
    if "Variable" not in rule or rule["Variable"].startswith("$$"):
        return known
    if "IsPresent" in rule:
        present = below(known, keys_of(rule["Variable"])) is not None
        return known if present or not rule["IsPresent"] else add(known, keys_of(rule["Variable"]))
    for path in (rule["Variable"], *(item for key, item in rule.items() if key.endswith("Path"))):
        if below(known, keys_of(path)) is None:
            missing.append(f"{where}: {path}")
    return known


def add(known: Any, keys: list[str]) -> Any:
    """The data with a value that was asked for, and so all that it lies in."""
    if not keys:
        return VALUE
    has = members(known)
    inner = has.get(keys[0], kind_of(as_type(known), keys[0]) if is_dataclass(known) else {})
    return {**has, keys[0]: add(inner, keys[1:]) if len(keys) > 1 or not is_dataclass(inner) else inner}


def leave(name: str, state: Mapping[str, Any], known: Any) -> tuple[list[tuple[str, Any]], list[str]]:
    """Where a state leads, with what is known there, and what it reads that may be missing."""
    missing: list[str] = []

    def look(paths: Iterator[str] | list[str], data: Any, where: str = name) -> None:
        missing.extend(f"{where}: {path}" for path in paths if below(data, keys_of(path)) is None)

    ways: list[tuple[str, Any]] = []
    look([state[key] for key in ("InputPath", "TimeoutSecondsPath", "ErrorPath", "CausePath") if state.get(key)], known)
    look(reads(state.get("Parameters", {})), known)
    if state["Type"] == "Choice":
        for rule in state["Choices"]:
            ways.append((rule["Next"], asked(rule, known, name, missing)))
        ways.append((state["Default"], known))
        return ways, missing
    given = below(known, keys_of(state["InputPath"])) if state.get("InputPath") else known
    result = shaped(state["Parameters"], known) if "Parameters" in state else given
    if state["Type"] == "Task":
        result = answer(state)
        look(reads(state.get("ResultSelector", {})), result, f"{name}, its result")
        if "ResultSelector" in state:
            result = shaped(state["ResultSelector"], result)
        for catch in state["Catch"]:
            ways.append((catch["Next"], with_result(known, catch.get("ResultPath", "$"), {"Error": VALUE})))
    if "Next" in state:
        after = known if state["Type"] == "Wait" else with_result(known, state.get("ResultPath", "$"), result)
        ways.append((state["Next"], after))
    return ways, missing


def find_missing(definition: Mapping[str, Any]) -> list[str]:
    """What some way through a machine reads where it may be missing. The input may be any JSON."""
    states, known, missing = definition["States"], {definition["StartAt"]: VALUE}, set()
    open_ends: list[str] = [definition["StartAt"]]
    while open_ends:
        name = open_ends.pop()
        for target, data in leave(name, states[name], known[name])[0]:
            before = known.get(target)
            after = data if before is None else meet(before, data)
            if before is None or after != before:
                known[target] = after
                open_ends.append(target)
    for name, data in known.items():
        missing.update(leave(name, states[name], data)[1])
    return sorted(missing)


def definition(machine: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((MACHINES / f"{machine}.asl.json").read_text())
    return found


@pytest.mark.parametrize("machine", ["build", "release", "stage", "challenge", "batch", "drift"])
def test_nothing_is_read_that_may_be_missing(machine: str) -> None:
    """After a stopped job, a timeout without a cause, an answer of whoever had the token, an input that is a list."""
    assert find_missing(definition(machine)) == []


@pytest.mark.parametrize(
    ("state", "change", "said"),
    [
        (
            "Train",
            {"ResultSelector": {"url.$": "$.ModelArtifacts.S3ModelArtifacts", "on.$": "$.ResourceConfig.InstanceType"}},
            "Train, its result: $.ModelArtifacts.S3ModelArtifacts",
        ),
        ("Tell everyone why", {"ResultPath": "$.failure"}, "Failed: $.failure.Error"),
        ("The training failed", {"Parameters": {"Error": "Training.Failed"}}, "Failed: $.failure.told.Cause"),
        ("Approved?", {"Choices": [], "Default": "Mark the model approved"}, "Mark the model approved: $.approval.by"),
        (
            "Note the training",
            {"Parameters": {"a.$": "$.training.FailureReason"}},
            "Note the training: $.training.Fail",
        ),
        ("Evaluate", {"TimeoutSecondsPath": "$.plan.loosened"}, "Evaluate: $.plan.loosened"),
    ],
)
def test_the_walk_finds_what_is_missing(state: str, change: dict[str, Any], said: str) -> None:
    """Each of these would end an execution as States.Runtime, with nobody told by the machine."""
    changed = definition("build")
    changed["States"][state] |= change
    assert any(found.startswith(said) for found in find_missing(changed)), find_missing(changed)
