"""What a run needs of the account, and what is told where it is not there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from workflow.contract.instances import tried_instances
from workflow.contract.quotas import Need, Needs, Quota, console_link, needs_of, read_quotas, refuse_short
from workflow.contract.rule import InputError
from workflow.contract.run_input import RunInput
from workflow.contract.serverless import CONCURRENCY_QUOTA

DATASET = {"dataset": "s3://bucket/x/"}


def given(**keys: Any) -> RunInput:
    """An input over the built-in defaults."""
    return RunInput.parse(keys, DATASET)


def needs_with(asked: RunInput, endpoints: int) -> Needs:
    """What it needs, with this many instances for endpoints."""
    return needs_of(asked, (1, endpoints - 1), tried_instances(asked))


def names(needs: tuple[Need, ...]) -> list[tuple[str, int]]:
    """Each quota with what is needed of it."""
    return [(need.name, need.count) for need in needs]


def test_each_instance_type_is_counted_as_it_will_be_used() -> None:
    """Names and counts are SageMaker's: spot has a quota of its own, and so has each use of one type."""
    needs = needs_with(given(prepare_instances=4, fallback_instances=["ml.c5.xlarge"]), 3)
    assert names(needs.every) == [
        ("ml.m7i.xlarge for processing job usage", 4),
        ("ml.c7i.xlarge for endpoint usage", 3),
    ]
    assert names(needs.one_of) == [
        ("ml.g5.xlarge for spot training job usage", 1),
        ("ml.c5.xlarge for training job usage", 1),
    ]
    assert names(needs_with(given(spot=False), 2).one_of) == [("ml.g5.xlarge for training job usage", 1)]


def test_a_search_needs_as_many_on_demand_as_train_at_one_time() -> None:
    """A search takes no spot capacity."""
    needs = needs_with(given(tune=True, tuning_jobs=4, tuning_parallel=9), 2)
    assert names(needs.one_of) == [("ml.g5.xlarge for training job usage", 4)]


def test_a_fleet_that_follows_its_load_needs_what_it_may_grow_to() -> None:
    """Before anything is paid for, and not on the first busy day."""
    needs = needs_with(given(maximum_instances=6, scale_target=600), 2)
    assert ("ml.c7i.xlarge for endpoint usage", 7) in names(needs.every)


def test_a_stage_without_instances_needs_a_share_of_the_concurrency_instead() -> None:
    """Instances are counted of the other stage alone; what is short is refused by the key that chose it."""
    both, name = needs_with(given(serve="serverless", serverless_concurrency=8), 3), CONCURRENCY_QUOTA
    assert names(both.every)[1:] == [(name, 16)]
    one = needs_with(given(staging_serve="serverless"), 3)
    assert names(one.every)[1:] == [("ml.c7i.xlarge for endpoint usage", 2), (name, 5)]
    with pytest.raises(InputError, match=f"serverless_concurrency = 8: the quota '{name}' .* is 10, and 16 needed"):
        refuse_short(both, quotas() | {name: Quota(10, "L-1")}, "us-east-1", "aws")


def test_a_production_on_a_shared_endpoint_has_no_instance_of_its_own() -> None:
    """Staging has; the shared endpoint's fleet is there whether it serves one version or another."""
    needs = needs_with(given(serve="shared"), 3)
    assert names(needs.every)[1:] == [("ml.c7i.xlarge for endpoint usage", 1)]


@pytest.mark.parametrize("endpoints", [(1, 2), None])
def test_a_production_by_batches_needs_what_answers_and_what_joins_and_no_endpoint(
    endpoints: tuple[int, int] | None,
) -> None:
    """In this account, wherever the stages' accounts are; one that only the answers lack is named by what asks so."""
    asked = given(serve="batch")
    needs, join = needs_of(asked, endpoints, tried_instances(asked)), "ml.m7i.large for processing job usage"
    assert names(needs.every)[1:] == [("ml.c7i.xlarge for transform job usage", 1), (join, 1)]
    with pytest.raises(InputError, match=f"^serve = batch: the quota '{join}' "):
        refuse_short(needs, quotas() | {join: Quota(0, "L-1")}, "us-east-1", "aws")
    alike = given(serve="batch", processing_instance="ml.m7i.large", prepare_instances=2)
    assert names(needs_of(alike, endpoints, tried_instances(alike)).every)[::2] == [(join, 2)]


def quotas(**values: float) -> dict[str, Quota]:
    """Twenty of everything that a plain run needs, but for what is said."""
    of = {"processing": "ml.m7i.xlarge for processing job usage", "endpoint": "ml.c7i.xlarge for endpoint usage"}
    of |= {"spot": "ml.g5.xlarge for spot training job usage", "demand": "ml.g5.xlarge for training job usage"}
    return {name: Quota(values.get(key, 20.0), f"L-{key.upper()}") for key, name in of.items()}


@pytest.mark.parametrize(
    ("short", "said"),
    [
        ({"processing": 0}, "processing_instance = ml.m7i.xlarge: the quota 'ml.m7i.xlarge for processing job usage'"),
        ({"endpoint": 2}, r"\(L-ENDPOINT\) is 2, and 3 needed.*--quota-code L-ENDPOINT --desired-value 3"),
        ({"spot": 0, "demand": 0}, "training_instance = ml.g5.xlarge: .* is 0, and 1 needed"),
    ],
)
def test_a_run_that_could_not_end_is_refused_with_what_to_ask_for(short: dict[str, float], said: str) -> None:
    """Value, what is needed, the quota's name and code, and what to type or where to click."""
    with pytest.raises(InputError, match=said) as caught:
        refuse_short(needs_with(given(), 3), quotas(**short), "eu-central-1", "aws")
    assert "https://eu-central-1.console.aws.amazon.com/servicequotas/home/services/sagemaker/quotas/L-" in str(
        caught.value
    )


def test_one_possible_training_is_enough() -> None:
    """The first has no quota and the next has: the run goes on there. With none it is refused, and all are named.

    The last of them is tried on demand.
    """
    refuse_short(needs_with(given(), 2), quotas(spot=0), "us-east-1", "aws")
    asked = given(fallback_instances=["ml.g4dn.xlarge"], spot=True)
    needs = needs_with(asked, 2)
    fallback = "ml.g4dn.xlarge for training job usage"
    refuse_short(needs, quotas(spot=0) | {fallback: Quota(1, "L-1")}, "us-east-1", "aws")
    with pytest.raises(InputError, match=r"training_instance = ml\.g5\.xlarge: .*; fallback_instances = ml\.g4dn"):
        refuse_short(needs, quotas(spot=0) | {fallback: Quota(0, "L-1")}, "us-east-1", "aws")


def test_what_service_quotas_does_not_know_is_not_held_against_a_run() -> None:
    """SageMaker has the last word."""
    refuse_short(needs_with(given(), 3), {}, "us-east-1", "aws")


@pytest.mark.parametrize(
    ("partition", "start"),
    [
        ("aws", "https://r.console.aws.amazon.com/"),
        ("aws-us-gov", "https://r.console.amazonaws-us-gov.com/"),
        ("aws-cn", "https://r.console.amazonaws.cn/"),
    ],
)
def test_the_console_is_the_partitions_own(partition: str, start: str) -> None:
    """A link that leads to another partition's console asks for a sign-in that nobody has."""
    assert console_link(Quota(0, "L-1"), "r", partition).startswith(start)


def test_what_applies_comes_before_the_default_and_listing_ends_when_all_is_found() -> None:
    """A quota that nobody changed may be among the defaults alone."""
    listed: list[str] = []
    pages = {
        "list_service_quotas": [{"QuotaName": "a", "Value": 0.0, "QuotaCode": "L-A"}],
        "list_aws_default_service_quotas": [
            {"QuotaName": "a", "Value": 9.0, "QuotaCode": "L-A"},
            {"QuotaName": "b", "Value": 4.0, "QuotaCode": "L-B"},
            {"QuotaName": "c", "Value": 4.0, "QuotaCode": "L-C"},
        ],
    }

    def read(listing: str) -> Iterator[Mapping[str, Any]]:
        for item in pages[listing]:
            listed.append(f"{listing}.{item['QuotaName']}")
            yield item

    assert read_quotas({"a", "b"}, read) == {"a": Quota(0.0, "L-A"), "b": Quota(4.0, "L-B")}
    assert listed[-1] == "list_aws_default_service_quotas.b"
    assert read_quotas({"nowhere"}, read) == {}
