"""What the table remembers of a release: the champion, and one line of history. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from workflow.contract.reading import VERSION

RECORDED = (
    "model_package_arn",
    "package_version",
    "model_digest",
    "archive_digest",
    "model_data_url",
    "production_configuration",
)


def champion(plan: Mapping[str, Any], released_epoch: int) -> dict[str, Any]:
    """The record of what production serves from now on."""
    return {"id": "champion", **_release(plan, released_epoch)}


def history(plan: Mapping[str, Any], released_epoch: int) -> dict[str, Any]:
    """The line of history; ids sort by time."""
    number = f"release#{released_epoch:010d}#{plan['package_version']}"
    return {
        "id": number,
        "kind": "release",
        **_release(plan, released_epoch),
        "run": plan["run"],
        "started_by": plan["started_by"],
        "previous_configuration": plan["previous_configuration"],
    }


def _release(plan: Mapping[str, Any], released_epoch: int) -> dict[str, Any]:
    fields = {name: plan[name] for name in RECORDED}
    return {"version": VERSION, **fields, "released_epoch": released_epoch, "execution": plan["execution_arn"]}
