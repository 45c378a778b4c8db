"""What there is to look at in the AWS console after an execution ended: its job, the pages about it. Pure.

Every value may be missing or of a wrong type: what cannot be read is left out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from workflow.contract.cause import DEPTH
from workflow.contract.console_links import Places
from workflow.contract.failures import Failure

NAME = r"[A-Za-z0-9](-*[A-Za-z0-9]){0,62}"
"""What SageMaker takes for a name."""

RUN = r"[A-Za-z0-9_.=+@-]+"
"""What a run that got as far as a page may be called."""

EVALUATED = frozenset(
    {
        Failure.GATE_REJECTED,
        Failure.REGISTRATION_FAILED,
        Failure.APPROVAL_REJECTED,
        Failure.APPROVAL_EXPIRED,
        Failure.APPROVAL_FAILED,
        Failure.RELEASE_FAILED,
    }
)
"""Errors of a build that end it after its evaluation, which has left a report."""


def places_of_failure(event: Mapping[str, object], bucket: str, dashboard: str) -> Places:
    """What a failed state and its run left; ``event`` is what the machine says of it."""
    run, error = event.get("run"), event.get("error_name")
    build = event.get("machine") == "build" and isinstance(run, str) and re.fullmatch(RUN, run) is not None
    jobs = find_job(event.get("error"))
    return Places(
        execution=_text(event.get("execution")),
        training_job=jobs.get("TrainingJobName", ""),
        processing_job=jobs.get("ProcessingJobName", ""),
        transform_job=jobs.get("TransformJobName", ""),
        search=jobs.get("HyperParameterTuningJobName", ""),
        report=f"s3://{bucket}/runs/{run}/evaluation/report/index.html" if build and error in EVALUATED else "",
        data=f"s3://{bucket}/runs/{run}/dataset/data.html" if build and error == Failure.DATA_REJECTED else "",
        dashboard=dashboard,
    )


def places_of_release(event: Mapping[str, object], dashboard: str) -> Places:
    """What a release that went through serves, and stands on."""
    given = event.get("plan")
    plan: Mapping[str, object] = given if isinstance(given, Mapping) else {}
    return Places(
        execution=_text(event.get("execution")),
        endpoint="" if plan.get("batch") else _text(plan.get("production_endpoint")),
        report=_text(plan.get("report_uri")),
        dashboard=dashboard,
    )


def places_of_batch(event: Mapping[str, object], dashboard: str) -> Places:
    """The page of a batch that was answered."""
    given = event.get("plan")
    uris = given.get("uris") if isinstance(given, Mapping) else None
    joined = _text(uris.get("joined")) if isinstance(uris, Mapping) else ""
    page = f"{joined}index.html" if joined else ""
    return Places(execution=_text(event.get("execution")), report=page, dashboard=dashboard)


def places_of_drift(event: Mapping[str, object], dashboard: str) -> Places:
    """The page of a watch that found a drift."""
    given = event.get("plan")
    uris = given.get("uris") if isinstance(given, Mapping) else None
    found = _text(uris.get("found")) if isinstance(uris, Mapping) else ""
    page = f"{found}index.html" if found else ""
    return Places(execution=_text(event.get("execution")), report=page, dashboard=dashboard)


def find_job(error: object, depth: int = DEPTH) -> dict[str, str]:
    """The job that a failed state's error describes, by the key of its name; none where it describes none."""
    if depth <= 0:
        return {}
    if isinstance(error, str):
        try:
            error = json.loads(error)
        except (ValueError, RecursionError):
            return {}
    if not isinstance(error, Mapping):
        return {}
    for key in ("TrainingJobName", "ProcessingJobName", "TransformJobName", "HyperParameterTuningJobName"):
        name = error.get(key)
        if isinstance(name, str) and re.fullmatch(NAME, name):
            return {key: name}
    return find_job(error.get("Cause"), depth - 1)


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
