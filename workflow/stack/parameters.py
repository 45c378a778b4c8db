"""The template's parameters as a person gives them: checked, and joined to those that the stack has. Asks no AWS."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from workflow.contract.reading import ContractError
from workflow.contract.rule import InputError
from workflow.contract.run_input import RunInput
from workflow.contract.sources import bucket_of, source_arn, split_sources
from workflow.contract.tags import check_tags, read_tags
from workflow.errors import UsageError

PROJECT_PATTERN = r"[a-z][a-z0-9]*(-[a-z0-9]+)*"
PROJECT_LENGTH = 30
"""Longest project name: the code bucket's name must stay within S3's 63 characters."""

_FOR_GOOD = {
    "ExistingBucket": "what was approved lies in the bucket that it was made with",
    "KeyArn": "a registry keeps the key that it was made with",
}
"""Parameters that are chosen when a stack is made, and why."""


def check_project(project: str) -> None:
    """Raise UsageError for a name that some resource could not carry."""
    if not re.fullmatch(PROJECT_PATTERN, project) or not 2 <= len(project) <= PROJECT_LENGTH:
        raise UsageError(
            f"{project!r} cannot name a project: 2 to {PROJECT_LENGTH} lower-case letters, digits and single dashes,"
            " a letter first."
        )


def collect_parameters(
    *,
    email: str | None,
    defaults: Mapping[str, Any] | None,
    dataset: str | None,
    parameters: Mapping[str, str] | None,
    partition: str = "aws",
) -> dict[str, str]:
    """The template's parameters a person named, checked. Raises UsageError for a default no run could use."""
    given = dict(parameters or {})
    if email is not None:
        given["NotificationEmail"] = email
    if dataset is not None:
        # With the slash, permissions end at the folder and do not reach into one whose name only begins alike.
        given["Dataset"] = dataset if not dataset or dataset.endswith("/") else dataset + "/"
    if given.get("Sources"):
        given |= name_sources(given["Sources"], partition)
    if defaults is not None:
        try:
            RunInput.parse({}, {"dataset": dataset or "s3://any-bucket/any/", **defaults})
        except InputError as error:
            raise UsageError(f"--default {error}") from error
        given["Defaults"] = json.dumps(dict(defaults), sort_keys=True, separators=(",", ":"))
    return given


def name_sources(text: str, partition: str) -> dict[str, str]:
    """The parameters of sources that a person named by address or ARN. Raises UsageError for what is neither."""
    try:
        sources = [source_arn(part, partition) for part in split_sources(text)]
    except ContractError as error:
        raise UsageError(f"--parameter {error}") from error
    buckets = sorted({bucket_of(source) for source in sources})
    return {"Sources": ",".join(sources), "SourceBuckets": ",".join(buckets)}


def refuse_to_replace(has: Mapping[str, str], given: Mapping[str, str]) -> None:
    """Raise UsageError for a parameter that a stack cannot change: what it is about would have to be made anew."""
    for name, why in _FOR_GOOD.items():
        if has and name in given and given[name] != has.get(name, ""):
            raise UsageError(
                f"{name} cannot change once a stack is made: {why}. This one has {has.get(name) or 'none'}; "
                "deploy another one with --project, or remove this one first (greenlight destroy)."
            )


def choose_tags(has: Mapping[str, str], given: Mapping[str, str], tags: Mapping[str, str]) -> dict[str, str]:
    """The stack's own tags: those it has, changed by ``tags``. Raises UsageError for one that AWS would refuse."""
    try:
        now = {**read_tags(given.get("Tags", has.get("Tags", ""))), **check_tags(tags)}
    except ContractError as error:
        raise UsageError(str(error)) from error
    return {key: value for key, value in now.items() if value}


def fill_in_parameters(
    before: Mapping[str, Any] | None, given: Mapping[str, str], known: set[str]
) -> list[dict[str, Any]]:
    """The parameters of the change set: what was given, and for the rest what the stack has.

    Raises UsageError for a name that is not in ``known``, the template's own. What the template no longer knows is
    left out.
    """
    unknown = sorted(given.keys() - known)
    if unknown:
        raise UsageError(f"the template has no parameter {', '.join(unknown)}; it has {', '.join(sorted(known))}.")
    kept = {item["ParameterKey"] for item in before.get("Parameters", [])} & known - given.keys() if before else set()
    return [
        *({"ParameterKey": key, "ParameterValue": value} for key, value in sorted(given.items())),
        *({"ParameterKey": key, "UsePreviousValue": True} for key in sorted(kept)),
    ]
