"""Puts an item of the table that an execution holds, unless another one does. Knows not what it is held for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def put_unless_held(table: Any, item: Mapping[str, Any], expected: str) -> bool:
    """Put an item, whose ``execution`` holds it, where nobody or ``expected`` does; whether it was put."""
    try:
        table.put_item(
            Item=dict(item),
            ConditionExpression="attribute_not_exists(id) OR execution = :expected",
            ExpressionAttributeValues={":expected": expected},
        )
    except table.meta.client.exceptions.ConditionalCheckFailedException:
        return False
    return True
