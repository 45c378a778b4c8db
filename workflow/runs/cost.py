"""What runs cost: the jobs that SageMaker bills for each of them."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from workflow.clients import Cloud
from workflow.contract.billed_jobs import find_billed_jobs
from workflow.contract.cost import Job
from workflow.errors import ServiceError

AT_ONCE = 8
"""Runs that are asked about at one time."""


def find_bills(cloud: Cloud, project: str, runs: Sequence[str]) -> list[tuple[Job, ...]]:
    """The billed jobs of each run; none where the caller may not see jobs: a list of runs is shown without its cost."""

    def find(run: str) -> tuple[Job, ...]:
        try:
            return find_billed_jobs(partial(cloud.call, "sagemaker"), project, run)
        except ServiceError as error:
            if "AccessDenied" in error.code:
                return ()
            raise

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(find, runs))
