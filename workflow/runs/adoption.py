"""Takes over a version that was approved before decisions were signed, as the caller's own identity in AWS."""

from __future__ import annotations

import json
from typing import Any

from workflow.clients import Cloud
from workflow.contract.reading import read_object
from workflow.errors import GreenlightError, UsageError
from workflow.runs.approvals import rights_at
from workflow.runs.releases import Release


def check_released(releases: list[Release], version: int) -> None:
    """Raise UsageError unless the history shows that a version was released."""
    known = sorted({one.version for one in releases})
    if version not in known:
        listed = ", ".join(map(str, known)) or "none"
        raise UsageError(
            f"version {version} was never released (released were: {listed}). Adopt it with --unreleased if it was "
            "approved all the same."
        )


def adopt(cloud: Cloud, url: str, version: int, reason: str) -> dict[str, Any]:
    """Adopt a version at the stack's signed address; the decision that then stands.

    Raises GreenlightError where something is against it or was decided before, UsageError where the caller may not.
    """
    order = {"action": "adopt", "version": version, "reason": reason}
    status, body = cloud.post_signed(url, json.dumps(order).encode())
    told = read_object(body.decode(errors="replace"))
    if status == 200:
        return told
    if status == 403:
        raise UsageError(f"AWS does not let you decide: you need {rights_at(url)}.")
    if status == 409 and told.get("decision"):
        raise GreenlightError(
            f"version {version} was decided on before: {told['decision']} by {told.get('by')} ({told.get('door')})."
        )
    raise GreenlightError(f"version {version} was not adopted: {told.get('error') or f'answer {status}'}")
