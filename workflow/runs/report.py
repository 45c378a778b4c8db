"""The page that a run left: the evaluation's report, or what was found in its data where that was refused.

Finds it in the run's own folder of the bucket, or by a release's plan, and brings it to this machine.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workflow.clients import Cloud
from workflow.contract.dataset_report import PAGE
from workflow.contract.names import NOT_THERE, split_s3_uri
from workflow.errors import ServiceError, UsageError

EVALUATION, DATA = "evaluation", "data"
_MISSING = {"NoSuchKey", "404", *NOT_THERE}


@dataclass(frozen=True)
class Page:
    """A page in the bucket; ``kind`` is EVALUATION or DATA."""

    kind: str
    uri: str


def find_pages(bucket: str, run: str, plan: Mapping[str, Any]) -> tuple[Page, ...]:
    """Where the pages of a run are, the one that says most first: a release's plan names that of its version."""
    if plan.get("report_uri"):
        return (Page(EVALUATION, str(plan["report_uri"])),)
    base = f"s3://{bucket}/runs/{run}/"
    return Page(EVALUATION, f"{base}evaluation/report/index.html"), Page(DATA, f"{base}dataset/{PAGE}")


def fetch_page(cloud: Cloud, pages: tuple[Page, ...], target: Path) -> Page | None:
    """Write the first of the pages that is there to ``target``; None where none is, and nothing is written."""
    for page in pages:
        bucket, key = split_s3_uri(page.uri)
        try:
            body = cloud.call("s3", "get_object", Bucket=bucket, Key=key)["Body"].read()
        except ServiceError as error:
            if error.code not in _MISSING:
                raise
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(body)
        return page
    return None


def require_page(page: Page | None, run: str, why: str) -> Page:
    """The page. Raises UsageError where there is none; ``why`` is how the run stands, in words."""
    if page is None:
        raise UsageError(
            f"run {run} has left no report: {why}.\n"
            f"  greenlight runs {run}   tells how far it came\n"
            f"  greenlight logs {run}   shows what its last job wrote"
        )
    return page
