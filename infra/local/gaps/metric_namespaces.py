"""Gap: the condition key `cloudwatch:namespace`, by which a policy says what somebody may publish figures of.

PutMetricData names no resource, so this is the boundary that AWS offers. Knows nothing of who publishes what.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ministack.core import iam_actions

from infra.local.gaps.patching import replace

_their_context: Any = None


def namespace_of(body: bytes, params: Mapping[str, Any]) -> str:
    """The namespace of a PutMetricData request in JSON or as a query; empty where it has none, or another form."""
    found = json.loads(body).get("Namespace", "") if body[:1] == b"{" else params.get("Namespace", "")
    return str(found[0] if isinstance(found, list) and found else found)


def _request_tag_context(service: str, iam_action: str, body: bytes, params: dict[str, Any]) -> dict[str, Any]:
    context: dict[str, Any] = _their_context(service, iam_action, body, params)
    if iam_action != "cloudwatch:PutMetricData":
        return context
    return {**context, "cloudwatch:namespace": namespace_of(body, params)}


def install() -> None:
    """Tell policies the namespace."""
    global _their_context
    _their_context = replace(iam_actions, "request_tag_context", _request_tag_context)
