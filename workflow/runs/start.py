"""Starts runs of the Build machine, from settings that a person gave.

Checks an input's keys before it starts anything; the machine's first state checks them again, with the stack's
defaults.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from workflow.clients import Cloud
from workflow.contract.rule import InputError
from workflow.contract.run_input import RunInput
from workflow.contract.way_on import read_policy
from workflow.errors import ServiceError, UsageError

_ANY_DATASET = {"dataset": "s3://bucket/any/"}


def read_settings(pairs: tuple[str, ...], document: str = "", policy: str = "") -> dict[str, Any]:
    """An execution input from a JSON text and ``key=value`` pairs over it; ``hyperparameters.lr0=0.01`` goes inside.

    ``policy`` is what is done about kinds of findings, as ``way_on`` spells it, over what the others say of it. Raises
    UsageError naming the key and what it may hold.
    """
    try:
        given = json.loads(document) if document else {}
    except ValueError as error:
        raise UsageError(f"the input is not readable JSON: {error}") from error
    if not isinstance(given, dict):
        raise UsageError("the input must be a JSON object.")
    for pair in pairs:
        key, equals, text = pair.partition("=")
        if not equals or not key:
            raise UsageError(f"--set {pair}: must be key=value, for example --set epochs=20")
        outer, _, inner = key.partition(".")
        if inner:
            holder = given.setdefault(outer, {})
            if not isinstance(holder, dict):
                raise UsageError(f"--set {pair}: {outer} is no object that could hold {inner}")
            holder[inner] = _value(text)
        else:
            given[outer] = _value(text)
    try:
        if policy:
            given["policy"] = {**given.get("policy", {}), **read_policy(policy)}
        RunInput.parse(given, _ANY_DATASET)
    except InputError as error:
        raise UsageError(str(error)) from error
    return given


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def start_run(cloud: Cloud, machine: str, given: Mapping[str, Any], name: str = "") -> str:
    """Start the Build machine and return the execution's ARN; ``name`` is made from the time when it is empty."""
    name = name or datetime.now(UTC).strftime("%Y-%m-%dT%H-%M-%S")
    try:
        answer = cloud.call(
            "stepfunctions", "start_execution", stateMachineArn=machine, name=name, input=json.dumps(dict(given))
        )
    except ServiceError as error:
        if error.code == "ExecutionAlreadyExists":
            raise UsageError(f"a run named {name!r} exists already: choose another with --name.") from error
        if error.code in {"InvalidName", "ValidationException"}:
            raise UsageError(f"{name!r} is no name for a run: letters, digits, - and _, 80 at most.") from error
        raise
    return str(answer["executionArn"])
