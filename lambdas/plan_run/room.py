"""Whether the account's quotas have room for a run, asked of Service Quotas before anything is paid.

A stack whose account, network or policy does not let it ask goes on: SageMaker has the last word.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from aws_lambda_powertools import Logger
from botocore.exceptions import BotoCoreError, ClientError

from workflow.contract.build_plan import Attempt
from workflow.contract.quotas import PAGE, SERVICE, is_short, needs_of, read_quotas, refuse_short, tell_short
from workflow.contract.run_input import RunInput

EACH = 1
"""Instances of a stage that serve at the least once a release is over."""


def check_room(
    client: Any, logger: Logger, given: RunInput, attempt: Attempt | None, served_by: str | None, topic_arn: str
) -> None:
    """Raise InputError where the run certainly could not end for want of a quota.

    ``attempt`` is the first of the planned trainings. ``served_by`` is the instance type of production, empty where
    there is none, None where production is in another account: while a release moves its traffic, the old fleet is
    there beside the new one. ``topic_arn`` says in which region and partition the stack is.
    """
    tried = []
    while attempt is not None:
        tried.append((attempt.instance, attempt.spot))
        attempt = attempt.fallback
    endpoints = None if served_by is None else (EACH, EACH + (served_by == given.endpoint_instance))
    needs = needs_of(given, endpoints, tried)

    def pages(listing: str) -> Iterator[Mapping[str, Any]]:
        for page in client.get_paginator(listing).paginate(ServiceCode=SERVICE, PaginationConfig={"PageSize": PAGE}):
            yield from page["Quotas"]

    try:
        quotas = read_quotas({need.name for need in needs.all()}, pages)
    except (BotoCoreError, ClientError) as error:
        logger.warning("the account's quotas cannot be read", reason=str(error))
        return
    for need in needs.all():
        if need.name not in quotas:
            logger.warning("Service Quotas does not know the quota", quota=need.name)
        elif is_short(need, quotas):
            logger.warning("a quota is too small", reason=tell_short(need, quotas[need.name]))
    _, partition, _, region, *_ = topic_arn.split(":")
    refuse_short(needs, quotas, region, partition)
