"""The short remark behind a finished state: what it found out, in a few words. Pure.

Reads only what the state added to the execution's data, so it follows the documents and not the states' names.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from workflow.contract.plain_text import show_plain
from workflow.runs.history import Step, readable_cause
from workflow.table import shorten

_LONGEST = 110


def note_of(step: Step) -> str:
    """What a step found out, or why it failed; empty where there is nothing worth saying."""
    if step.failed:
        return readable_cause(step.cause)
    if not step.gained:
        return ""
    return shorten(show_plain(_note(step.gained)), _LONGEST)


def _note(gained: Mapping[str, Any]) -> str:
    plan = gained.get("plan")
    if isinstance(plan, dict):
        if "package_version" in plan:
            return f"version {plan['package_version']}"
        return str(plan.get("reason", ""))
    approval = gained.get("approval")
    if isinstance(approval, dict) and "decision" in approval:
        comment = f": {approval['comment']}" if approval.get("comment") else ""
        return f"{approval['decision']} by {approval.get('by') or 'somebody'}{comment}"
    package = gained.get("package")
    if isinstance(package, dict) and "arn" in package:
        return f"version {str(package['arn']).rsplit('/', 1)[-1]}"
    noted = gained.get("noted")
    if isinstance(noted, dict) and noted.get("missed"):
        return f"not written: {', '.join(map(str, noted['missed']))}"
    summaries = (value.get("summary") for value in gained.values() if isinstance(value, dict))
    return next((str(summary) for summary in summaries if summary), "")
