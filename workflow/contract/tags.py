"""The tags of what runs and releases create: the project, the run that created it, and the stack's own.

Knows what AWS takes as a tag; sets none.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from workflow.contract.reading import mapping
from workflow.contract.rule import InputError

PROJECT, RUN = "project", "run"
OWN_LIMIT = 40
"""Tags of a stack's own: AWS takes fifty on a resource, and adds some of its own."""
KEY = r"[\w .:/=+@-]{1,128}"
VALUE = r"[\w .:/=+@-]{0,256}"


def read_tags(text: str) -> dict[str, str]:
    """The stack's own tags from a JSON object. Raises InputError, or ContractError where it is no object of texts."""
    try:
        given: Mapping[str, Any] = mapping(json.loads(text or "{}"), "Tags")
    except json.JSONDecodeError as error:
        raise InputError(f"Tags = {text!r}: must be a JSON object") from error
    return check_tags(given)


def check_tags(given: Mapping[str, Any]) -> dict[str, str]:
    """The tags, as they are. Raises InputError for one that AWS would refuse, or that Greenlight sets itself."""
    for key, value in given.items():
        if not re.fullmatch(KEY, key) or key.lower().startswith("aws:"):
            raise InputError(f"tag {key!r}: a key has 1 to 128 letters, digits, blanks and _.:/=+-@, and no aws: first")
        if key in (PROJECT, RUN):
            raise InputError(f"tag {key!r}: Greenlight sets it; choose another key")
        if not isinstance(value, str) or not re.fullmatch(VALUE, value):
            raise InputError(f"tag {key} = {value!r}: a value is a text of up to 256 letters, digits, blanks, _.:/=+-@")
    if len(given) > OWN_LIMIT:
        raise InputError(f"{len(given)} tags: a stack takes {OWN_LIMIT} of its own")
    return dict(given)


def tag_list(project: str, run: str, own: Mapping[str, str]) -> tuple[Mapping[str, str], ...]:
    """The tags as SageMaker and CloudWatch take them."""
    return tuple({"Key": key, "Value": value} for key, value in {PROJECT: project, RUN: run, **own}.items())
