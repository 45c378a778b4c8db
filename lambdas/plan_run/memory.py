"""What is answered to a start of what was built before: that there is nothing to do, and why; or to build it again.

Pure. An answer is remembered where the same start would get it again: a version that is registered, whatever people or
its release made of it, and a refusal by the same thresholds against the same champion. What was stopped or broke is
built again.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass

from workflow.contract.build_plan import BuildPlan
from workflow.contract.build_record import BuildRecord
from workflow.contract.execution import BUSY
from workflow.contract.failures import Failure

AGAIN = "force=true builds it once more"

DECIDED = {
    Failure.APPROVAL_REJECTED: ", which a person rejected",
    Failure.APPROVAL_EXPIRED: ", which nobody decided on in time",
    Failure.RELEASE_FAILED: ", whose release failed",
}
"""Ends of a run after which its version is what it would be again; any other end came from outside of it."""


@dataclass(frozen=True)
class End:
    """How an execution stands, in Step Functions' words; both empty where it is forgotten, which is after 90 days."""

    status: str = ""
    error: str = ""


def judgement(plan: BuildPlan) -> str:
    """SHA-256 (hex) of what a verdict on a plan's model depends on beside data, settings and code."""
    judged = [plan.compare, plan.judged_against, dict(plan.thresholds)]
    return hashlib.sha256(json.dumps(judged, sort_keys=True).encode()).hexdigest()


def recall(record: BuildRecord, end: End, judged_by: str, registered: bool) -> str:
    """Why there is nothing to do where the same is started again; empty where it is to be built again.

    ``judged_by`` is the ``judgement`` of this start; ``registered`` whether the record's version is still there.
    """
    run = record.execution.rpartition(":")[2]
    if end.status in BUSY:
        return f"run {run} builds the same at this moment"
    if record.refused:
        known = record.judged_by == judged_by
        return f"run {run} ended {record.refused} on the same: {record.because} ({AGAIN})" if known else ""
    version = record.package_arn.rpartition("/")[2]
    if not version or not registered:
        return ""
    if end.status in ("SUCCEEDED", ""):
        return f"run {run} built the same: version {version} ({AGAIN})"
    became = next((words for error, words in DECIDED.items() if end.error == error), "")
    return f"run {run} built the same: version {version}{became} ({AGAIN})" if became else ""
