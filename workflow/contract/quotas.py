"""What a run needs of the account's SageMaker quotas, which of them are too small, and how to ask for more.

SageMaker counts instances by type and by use, and a fresh account has none of many. What Service Quotas does not tell
is never held against a run: SageMaker itself has the last word. Pure: quotas come in as they were read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from workflow.contract.batch import JOIN_INSTANCE
from workflow.contract.console import HOSTS, Console
from workflow.contract.rule import InputError
from workflow.contract.run_input import RunInput
from workflow.contract.serverless import CONCURRENCY_QUOTA, SERVERLESS
from workflow.contract.serving import BATCH, Serving
from workflow.contract.shared_endpoint import SHARED

SERVICE = "sagemaker"
"""What Service Quotas calls SageMaker."""
PROCESSING, TRAINING, SPOT, ENDPOINT, TRANSFORM = (
    "processing job usage",
    "training job usage",
    "spot training job usage",
    "endpoint usage",
    "transform job usage",
)
LISTINGS = ("list_service_quotas", "list_aws_default_service_quotas")
"""The operations that tell quotas: what applies, and for quotas that nobody has changed what is the default."""
PAGE = 100


@dataclass(frozen=True)
class Need:
    """So many instances of one type at one time, for one use; ``key`` is the key of the input that chose the type.

    What is no instances names its ``quota``: then ``instance`` is the key's own value.
    """

    key: str
    instance: str
    use: str
    count: int
    quota: str = ""

    @property
    def name(self) -> str:
        """What Service Quotas calls the quota."""
        return self.quota or f"{self.instance} for {self.use}"


@dataclass(frozen=True)
class Quota:
    """What the account has, and the code to ask for more by."""

    value: float
    code: str


@dataclass(frozen=True)
class Needs:
    """What a run cannot do without, and the trainings of which one has to be possible, in the order they are tried."""

    every: tuple[Need, ...]
    one_of: tuple[Need, ...]

    def all(self) -> tuple[Need, ...]:
        """All of them."""
        return (*self.every, *self.one_of)


def needs_of(given: RunInput, endpoints: tuple[int, int] | None, tried: Sequence[tuple[str, bool]]) -> Needs:
    """What a run of this input needs.

    ``endpoints`` are so many instances for staging and for production as there are when most are there, where they
    serve on instances; None where they are in accounts of their own, whose quotas are theirs: a batch is in none of
    these. ``tried`` are the instance types that a training is tried on, each with whether on spot capacity.
    """
    processing = Need("processing_instance", given.processing_instance, PROCESSING, given.prepare_instances)
    if given.serve == BATCH:
        serving = needs_to_answer(given)
    else:
        serving = () if endpoints is None else needs_to_serve(given, endpoints)
    every = (processing, *(need for need in serving if need.name != processing.name))
    if given.tune:
        parallel = min(given.tuning_parallel, given.tuning_jobs)
        return Needs(every, (Need("training_instance", given.training_instance, TRAINING, parallel),))
    trainings = (
        Need(
            "training_instance" if instance == given.training_instance else "fallback_instances",
            instance,
            SPOT if spot else TRAINING,
            1,
        )
        for instance, spot in tried
    )
    return Needs(every, tuple(trainings))


def needs_to_answer(given: RunInput) -> tuple[Need, ...]:
    """What a release by batches needs: an instance that answers, and then one on which the answers are joined."""
    return (
        Need("endpoint_instance", given.endpoint_instance, TRANSFORM, 1),
        Need("serve", given.serve, "", 1, f"{JOIN_INSTANCE} for {PROCESSING}"),
    )


def needs_to_serve(given: RunInput, instances: tuple[int, int]) -> tuple[Need, ...]:
    """What both stages need: instances, as many as given where a stage has some, or a share of the concurrency.

    Production, where it follows its load, as many as it may grow to; on a shared endpoint it has none of its own.
    """
    staging, production = instances
    instances = (staging, max(production, given.maximum_instances))
    serving = Serving.of(given)
    kinds = [serving.stage("staging"), serving.stage("production")]
    count = sum(number for number, kind in zip(instances, kinds, strict=True) if kind not in (SERVERLESS, SHARED))
    concurrency = given.serverless_concurrency * kinds.count(SERVERLESS)
    asked = str(given.serverless_concurrency)
    return (
        *((Need("endpoint_instance", given.endpoint_instance, ENDPOINT, count),) if count else ()),
        *((Need("serverless_concurrency", asked, "", concurrency, CONCURRENCY_QUOTA),) if concurrency else ()),
    )


def read_quotas(names: Iterable[str], pages: Callable[[str], Iterator[Mapping[str, Any]]]) -> dict[str, Quota]:
    """The quotas of these names, as far as Service Quotas knows them.

    ``pages`` gives the quotas that one of ``LISTINGS`` lists for SageMaker, one by one; it is left as soon as all are
    found.
    """
    found: dict[str, Quota] = {}
    wanted = set(names)
    for listing in LISTINGS:
        if wanted:
            for item in pages(listing):
                name = item.get("QuotaName")
                if name in wanted and isinstance(item.get("Value"), int | float):
                    found[name] = Quota(float(item["Value"]), str(item.get("QuotaCode", "")))
                    wanted.discard(name)
                    if not wanted:
                        break
    return found


def is_short(need: Need, quotas: Mapping[str, Quota]) -> bool:
    """Whether the account certainly has less than this."""
    return need.name in quotas and quotas[need.name].value < need.count


def tell_short(need: Need, quota: Quota) -> str:
    """How much there is of what is needed, in words."""
    return f"the quota '{need.name}' ({quota.code}) is {quota.value:g}, and {need.count} needed"


def ask_for_more(need: Need, quota: Quota, region: str, partition: str) -> str:
    """How to ask AWS for more: what to type, or where to click."""
    return (
        f"aws service-quotas request-service-quota-increase --service-code {SERVICE} --quota-code {quota.code} "
        f"--desired-value {need.count}, or {console_link(quota, region, partition)}"
    )


def console_link(quota: Quota, region: str, partition: str) -> str:
    """The quota's page in the console."""
    return Console(HOSTS.get(partition, HOSTS["aws"]), region).quota(SERVICE, quota.code)


def refuse_short(needs: Needs, quotas: Mapping[str, Quota], region: str, partition: str) -> None:
    """Raise InputError where a run certainly could not end: naming each quota that is too small, and how to ask."""
    short = [need for need in needs.every if is_short(need, quotas)]
    if all(is_short(need, quotas) for need in needs.one_of):
        short += needs.one_of
    if not short:
        return
    told = (
        f"{need.key} = {need.instance}: {tell_short(need, quotas[need.name])}. Choose another, or ask for more: "
        f"{ask_for_more(need, quotas[need.name], region, partition)}"
        for need in short
    )
    raise InputError("; ".join(told))
