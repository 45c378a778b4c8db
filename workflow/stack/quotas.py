"""Asks Service Quotas whether the account has room for what a run, or the stack's own defaults, would use."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from workflow.clients import Cloud
from workflow.contract.instances import tried_instances
from workflow.contract.quotas import (
    PAGE,
    SERVICE,
    Need,
    Needs,
    Quota,
    ask_for_more,
    is_short,
    needs_of,
    read_quotas,
    refuse_short,
    tell_short,
)
from workflow.contract.rule import InputError
from workflow.contract.run_input import RunInput
from workflow.errors import GreenlightError, ServiceError, UsageError
from workflow.stack.changes import Progress, Step
from workflow.stack.outputs import Place, defaults_of, describe_stack, values_of

_ANY_DATASET = {"dataset": "s3://any-bucket/any/"}


def needs_on(cloud: Cloud, project: str, parameters: Mapping[str, str], given: Mapping[str, Any]) -> Needs:
    """What a run of this input over the stack's ``Defaults`` needs; ``parameters`` are the stack's, empty without one.

    Of instances for endpoints: staging's one, production's as many as it has, or would get, and as many once more where
    blue/green moves its traffic; none where these are in accounts of their own. Raises InputError for an input that no
    run could use.
    """
    asked = RunInput.parse(given, {**_ANY_DATASET, **defaults_of(parameters)})
    if parameters.get("ProductionAccount"):
        return needs_of(asked, None, tried_instances(asked))
    there = count_in_production(cloud, f"{project}-production") if parameters else 0
    count = there or int(parameters.get("EndpointInstanceCount", "1"))
    return needs_of(asked, (1, 2 * count), tried_instances(asked))


def count_in_production(cloud: Cloud, endpoint: str) -> int:
    """How many instances production has; 0 where there is none, or nobody may look."""
    try:
        variants = cloud.call("sagemaker", "describe_endpoint", EndpointName=endpoint).get("ProductionVariants", [])
    except ServiceError:
        return 0
    return sum(int(variant.get("DesiredInstanceCount", 0)) for variant in variants)


def find_quotas(cloud: Cloud, needs: tuple[Need, ...]) -> dict[str, Quota]:
    """The quotas by their names, without those that Service Quotas does not know.

    Raises GreenlightError where it cannot be asked.
    """

    def pages(listing: str) -> Iterator[Mapping[str, Any]]:
        return cloud.pages(
            "service-quotas", listing, "Quotas", ServiceCode=SERVICE, PaginationConfig={"PageSize": PAGE}
        )

    return read_quotas({need.name for need in needs}, pages)


def warn_of_quotas(cloud: Cloud, project: str, place: Place, on_progress: Progress) -> None:
    """Tell which quotas are too small for what the stack's runs start from, and how to ask for more."""
    try:
        needs = needs_on(cloud, project, values_of(describe_stack(cloud, project)), {}).all()
        quotas = find_quotas(cloud, needs)
    except InputError as error:
        on_progress(Step("Defaults", "cannot be used", f"{error}; deploy with --default KEY=VALUE"))
        return
    except GreenlightError as error:
        on_progress(Step("quotas", "cannot be read", str(error)))
        return
    for need in needs:
        if is_short(need, quotas):
            quota = quotas[need.name]
            more = ask_for_more(need, quota, place.region, place.partition)
            on_progress(Step("quota", "is too small", f"{tell_short(need, quota)}; ask for more: {more}"))


def check_quotas(cloud: Cloud, project: str, given: Mapping[str, Any]) -> str:
    """Raise UsageError where a run of this input on the project's stack certainly could not end for want of a quota.

    Returns why that could not be found out, empty where it was.
    """
    stack = describe_stack(cloud, project)
    if stack is None:
        return f"no stack {project}"
    _, partition, _, region, *_ = str(stack["StackId"]).split(":")
    try:
        needs = needs_on(cloud, project, values_of(stack), given)
        refuse_short(needs, find_quotas(cloud, needs.all()), region, partition)
    except InputError as error:
        raise UsageError(str(error)) from error
    except ServiceError as error:
        return f"the account's quotas cannot be read: {error}"
    return ""
