"""Starts runs of the Build machine, from settings that a person gave.

Checks an input's keys before it starts anything; the machine's first state checks them again, with the stack's
defaults.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from workflow.clients import Cloud
from workflow.contract.execution import own_keys
from workflow.contract.names import split_s3_uri
from workflow.contract.reading import ContractError
from workflow.contract.rule import InputError, among
from workflow.contract.run_input import RunInput
from workflow.contract.way_on import read_policy
from workflow.errors import ServiceError, UsageError

DATASETS = "datasets/"
"""What the keys of every uploaded dataset begin with."""
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


def input_of(cloud: Cloud, execution: str) -> dict[str, Any]:
    """The input that a run was given, without who started it: the next one is somebody else's, or another time's."""
    found = cloud.call("stepfunctions", "describe_execution", executionArn=execution)
    given = json.loads(found.get("input") or "{}")
    return {key: value for key, value in own_keys(given).items() if key not in {"started_by", "force"}}


def require_dataset(cloud: Cloud, bucket: str, given: Mapping[str, Any]) -> None:
    """Raise UsageError where the dataset that an input names holds nothing; those in ``bucket`` are named then.

    What the caller may not look into, and what is no address, is left to the run's first state.
    """
    try:
        place, prefix = split_s3_uri(str(given.get("dataset", "")))
        if _holds_files(cloud, place, prefix):
            return
    except ContractError:
        return
    except ServiceError as error:
        if "AccessDenied" in error.code or error.code == "403":
            return
        if error.code not in {"NoSuchBucket", "404"}:
            raise
        raise UsageError(f"there is no bucket {place}, in which the dataset should be; nothing was started.") from error
    name = prefix.removeprefix(DATASETS).strip("/")
    if place != bucket or not prefix.startswith(DATASETS) or "/" in name:
        raise UsageError(f"s3://{place}/{prefix} holds no files; nothing was started.")
    known = _list_datasets(cloud, bucket)
    others = among(name, known, "there are") if known else "; none was uploaded yet"
    raise UsageError(
        f"there is no dataset {name!r}, so nothing was started{others}.\n"
        f"  Upload it: greenlight upload FOLDER --name {shlex.quote(name)}"
    )


def _holds_files(cloud: Cloud, bucket: str, prefix: str) -> bool:
    folder = f"{prefix.rstrip('/')}/" if prefix else ""
    found = cloud.call("s3", "list_objects_v2", Bucket=bucket, Prefix=folder, MaxKeys=1)
    return bool(found.get("Contents"))


def _list_datasets(cloud: Cloud, bucket: str) -> list[str]:
    """The names of the datasets in a bucket, in order, as far as the first page of them goes."""
    found = cloud.call("s3", "list_objects_v2", Bucket=bucket, Prefix=DATASETS, Delimiter="/")
    folders = (str(item["Prefix"]) for item in found.get("CommonPrefixes", []))
    return [folder.removeprefix(DATASETS).strip("/") for folder in folders]


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
