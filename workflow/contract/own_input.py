"""Reads the input of an execution whose every key is a field of one document, by the rules of its fields."""

from __future__ import annotations

from dataclasses import fields
from typing import Any, TypeVar

from workflow.contract.document import read
from workflow.contract.execution import own_keys
from workflow.contract.reading import mapping
from workflow.contract.rule import InputError, among

Input = TypeVar("Input")


def read_own(kind: type[Input], given: object) -> Input:
    """What ``given`` says, without the keys that are Step Functions' own.

    Raises ContractError naming the key and what is allowed.
    """
    own = own_keys(mapping(given, "input"))
    document: Any = kind
    known = sorted(field.name for field in fields(document))
    for key in own:
        if key not in known:
            raise InputError(f"input.{key}: unknown key{among(key, known)}")
    return read(kind, own, "input")
