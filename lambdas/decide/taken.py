"""Whether an execution took a decision: what its history says, where Step Functions only says that nobody waits.

A function may break off after it told an execution and before it wrote that down; the token is used up then as well.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from lambdas.decide.services import stepfunctions


def has_taken(execution: str, told: Mapping[str, Any]) -> bool:
    """Whether a task of the execution of this ARN was completed with these very words, who, what and when.

    False where Step Functions has forgotten the execution. Raises botocore's errors where nobody can tell.
    """
    pages = stepfunctions.get_paginator("get_execution_history").paginate(executionArn=execution, reverseOrder=True)
    try:
        return any(_says(event, told) for page in pages for event in page["events"])
    except (stepfunctions.exceptions.ExecutionDoesNotExist, stepfunctions.exceptions.InvalidArn):
        return False


def _says(event: Mapping[str, Any], told: Mapping[str, Any]) -> bool:
    try:
        said: object = json.loads(event.get("taskSucceededEventDetails", {}).get("output", "null"))
    except (ValueError, RecursionError):
        return False
    return said == told
