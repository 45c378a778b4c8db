"""Gap: the alarm that a request to delete alarms is about, by which a policy says whose may go.

The engine knows the resource of a request with one name, and takes every other to be about all that there is. One
about several counts as one about the first of them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ministack.core import iam_actions

from infra.local.gaps.patching import replace

_their_arn: Any = None


def first_alarm(body: bytes, params: Mapping[str, Any]) -> str:
    """The first of a request's AlarmNames, in JSON or as a query; empty where it has none, or another form."""
    if body[:1] == b"{":
        names = json.loads(body).get("AlarmNames") or [""]
        return str(names[0])
    found = params.get("AlarmNames.member.1", "")
    return str(found[0] if isinstance(found, list) and found else found)


def _extract_resource_arn(
    service: str,
    method: str,
    path: str,
    headers: dict[str, Any],
    body: bytes,
    query_params: dict[str, Any],
    region: str,
    account_id: str,
) -> str:
    name = first_alarm(body, query_params) if service == "monitoring" else ""
    if name:
        return f"arn:aws:cloudwatch:{region}:{account_id}:alarm:{name}"
    return str(_their_arn(service, method, path, headers, body, query_params, region, account_id))


def install() -> None:
    """Tell policies which alarm it is."""
    global _their_arn
    _their_arn = replace(iam_actions, "extract_resource_arn", _extract_resource_arn)
