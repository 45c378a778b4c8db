"""What makes a state machine's definition one that AWS would refuse to create.

Pure: a definition in, findings out. Looks at the skeleton (states, their fields and the transitions between them),
not at paths or at what a task is given.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

_KINDS = {"Task", "Pass", "Choice", "Wait", "Succeed", "Fail", "Parallel", "Map"}
_WITHOUT_NEXT = {"Succeed", "Fail", "Choice"}
_REQUIRED = {"Task": "Resource", "Choice": "Choices", "Parallel": "Branches"}
_COMMON = {"Type", "Comment", "QueryLanguage", "InputPath", "OutputPath", "Next", "End", "Assign", "Output"}
_RESULTS = {"Parameters", "ResultSelector", "ResultPath", "Retry", "Catch", "Arguments"}
_FIELDS = {
    "Task": _COMMON
    | _RESULTS
    | {
        "Resource",
        "TimeoutSeconds",
        "TimeoutSecondsPath",
        "HeartbeatSeconds",
        "HeartbeatSecondsPath",
        "Credentials",
    },
    "Pass": _COMMON | {"Result", "Parameters", "ResultPath"},
    "Choice": _COMMON | {"Choices", "Default"},
    "Wait": _COMMON | {"Seconds", "Timestamp", "SecondsPath", "TimestampPath"},
    "Succeed": _COMMON,
    "Fail": {"Type", "Comment", "QueryLanguage", "Error", "Cause", "ErrorPath", "CausePath"},
    "Parallel": _COMMON | _RESULTS | {"Branches"},
    "Map": _COMMON
    | _RESULTS
    | {
        "ItemProcessor",
        "Iterator",
        "ItemsPath",
        "Items",
        "ItemSelector",
        "ItemReader",
        "ItemBatcher",
        "ResultWriter",
        "MaxConcurrency",
        "MaxConcurrencyPath",
        "ToleratedFailureCount",
        "ToleratedFailureCountPath",
        "ToleratedFailurePercentage",
        "ToleratedFailurePercentagePath",
        "Label",
    },
}
_NAME_LENGTH = 80
_TEXT_INTRINSICS = ("Format", "JsonToString", "ArrayGetItem", "Base64Encode", "Base64Decode", "Hash", "UUID")
"""What ErrorPath and CausePath of a Fail state take besides a path."""


def problems(definition: str) -> list[str]:
    """Every finding, each with the place it is at; none means that the machine can be created."""
    try:
        document = json.loads(definition)
    except (TypeError, ValueError) as error:
        return [f"INVALID_JSON_DESCRIPTION: {error}"]
    if not isinstance(document, dict):
        return ["INVALID_JSON_DESCRIPTION: the definition is no JSON object"]
    return list(_machine_problems(document, "", set()))


def _machine_problems(machine: dict[str, Any], at: str, names: set[str]) -> Iterator[str]:
    states = machine.get("States")
    if not isinstance(states, dict) or not states:
        yield f"SCHEMA_VALIDATION_FAILED: States is required and holds at least one state at {at or '/'}"
        return
    start = machine.get("StartAt")
    if start not in states:
        yield f"MISSING_TRANSITION_TARGET: Missing 'StartAt' target: {start} at {at}/StartAt"
    reached = {start}
    for name, state in states.items():
        place = f"{at}/States/{name}"
        if len(name) > _NAME_LENGTH:
            yield f"SCHEMA_VALIDATION_FAILED: a state's name has at most {_NAME_LENGTH} characters at {place}"
        if name in names:
            yield f"DUPLICATE_STATE_NAME: Duplicate state name: {name} at {place}"
        names.add(name)
        yield from _state_problems(state, place, names)
        for field, target in _targets(state):
            reached.add(target)
            if target not in states:
                yield f"MISSING_TRANSITION_TARGET: Missing '{field}' target: {target} at {place}/{field}"
    for name in states.keys() - reached:
        yield f'MISSING_TRANSITION_TARGET: State "{name}" is not reachable. at {at}/States/{name}'


def _state_problems(state: dict[str, Any], place: str, names: set[str]) -> Iterator[str]:
    kind = state.get("Type")
    if kind not in _KINDS:
        yield f"SCHEMA_VALIDATION_FAILED: Type {kind!r} is none of {', '.join(sorted(_KINDS))} at {place}/Type"
        return
    for field in state.keys() - _FIELDS[kind]:
        yield f"SCHEMA_VALIDATION_FAILED: Field '{field}' is not supported in a {kind} state at {place}"
    required = _REQUIRED.get(kind)
    if required is not None and not state.get(required):
        yield f"SCHEMA_VALIDATION_FAILED: {required} is required at {place}"
    going_on = ("Next" in state) + (state.get("End") is True)
    if kind in _WITHOUT_NEXT and ("Next" in state or "End" in state):
        yield f"SCHEMA_VALIDATION_FAILED: a {kind} state has neither Next nor End at {place}"
    elif kind not in _WITHOUT_NEXT and going_on != 1:
        yield f"SCHEMA_VALIDATION_FAILED: exactly one of Next and End is required at {place}"
    for field in ("Error", "Cause") if kind == "Fail" else ():
        yield from _either_or_path_problems(state, field, place)
    if "TimeoutSeconds" in state and state.get("HeartbeatSeconds", 0) >= state["TimeoutSeconds"]:
        yield f"SCHEMA_VALIDATION_FAILED: HeartbeatSeconds is not smaller than TimeoutSeconds at {place}"
    if kind == "Task" and "waitForTaskToken" in str(state.get("Resource")) and not _passes_token(state):
        yield f"SCHEMA_VALIDATION_FAILED: the Task waits for a token that it gives to nobody at {place}/Parameters"
    for index, branch in enumerate(_branches(state)):
        yield from _machine_problems(branch, f"{place}/{index}", names)


def _either_or_path_problems(state: dict[str, Any], field: str, place: str) -> Iterator[str]:
    """A Fail state's error or cause: a constant, or a path or an intrinsic that gives a text, and never both."""
    path = state.get(f"{field}Path", "$")
    if field in state and f"{field}Path" in state:
        yield f"SCHEMA_VALIDATION_FAILED: {field} and {field}Path exclude each other at {place}"
    if not str(path).startswith(("$", *(f"States.{name}(" for name in _TEXT_INTRINSICS))):
        yield f"SCHEMA_VALIDATION_FAILED: {path!r} is no path, and no intrinsic of a text at {place}/{field}Path"


def _passes_token(state: dict[str, Any]) -> bool:
    given = json.dumps([state.get("Parameters"), state.get("Arguments")])
    return "$$.Task.Token" in given or "$states.context.Task.Token" in given


def _branches(state: dict[str, Any]) -> list[dict[str, Any]]:
    inner = state.get("ItemProcessor") or state.get("Iterator")
    return [*state.get("Branches", []), *([inner] if inner else [])]


def _targets(state: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for field in ("Next", "Default"):
        if field in state:
            yield field, state[field]
    for rule in (*state.get("Choices", []), *state.get("Catch", [])):
        yield "Next", rule.get("Next")
