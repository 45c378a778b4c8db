"""Serverless inference: its keys, what SageMaker makes of them, and where it cannot be.

From SageMaker's guide, "Deploy models with Amazon SageMaker Serverless Inference" and "Update a serverless endpoint":
memory in six sizes, which the processors come with; no network isolation, no VPC, no GPU, no data capture, one variant;
and an endpoint on instances never becomes a serverless one, nor one that did the other way comes back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from workflow.contract.rule import InputError, Whole, key

SERVERLESS = "serverless"
LARGEST_BODY = 4 * 1024 * 1024
"""Bytes that such an endpoint takes in one request, where one on instances takes 6 MB."""
LARGEST_IMAGE_GB = 10
ONE_WORKER = {"GREENLIGHT_WORKERS": "1"}
"""Variables of such a container beside the model's own: AWS recommends one worker, and one copy of the model."""
CONCURRENCY_QUOTA = "Maximum total concurrency that can be allocated across all serverless endpoints"
"""What Service Quotas calls the sum of all ``MaxConcurrency`` of an account: 10 in a fresh one."""
MEMORY_QUOTA = "Memory size in MB per serverless endpoint"
"""What SageMaker calls the most memory of one endpoint in its refusals: 3072 MB in a fresh account. Service Quotas
lists none of the kind."""


@dataclass(frozen=True)
class ServerlessInput:
    """What a serverless endpoint is given."""

    serverless_memory_mb: int = key(
        Whole("memory of a serverless endpoint in MB, and processors with it", 1024, 6144, 1024), 2048
    )
    serverless_concurrency: int = key(
        Whole("requests that a serverless endpoint answers at one time; more are throttled", 1, 200), 5
    )
    serverless_provisioned: int = key(Whole("of these, how many are kept warm, and paid for all the time", 0, 200), 0)


def check_keys(given: ServerlessInput) -> None:
    """Raise InputError where more is to be kept warm than may be answered at one time."""
    if given.serverless_provisioned > given.serverless_concurrency:
        raise InputError(
            f"serverless_provisioned = {given.serverless_provisioned}: must be at most serverless_concurrency, "
            f"which is {given.serverless_concurrency}; set serverless_concurrency={given.serverless_provisioned}, too"
        )


def check_network(key: str, kind: str, *, in_vpc: bool) -> None:
    """Raise InputError where an endpoint of this kind, which ``key`` asks for, cannot be in the stack's network."""
    if kind == SERVERLESS and in_vpc:
        raise InputError(
            f"{key} = {kind}: the stack's endpoints are in its network (SubnetIds), and SageMaker has no serverless "
            f"endpoint in a VPC; serve with {key}=realtime, or deploy a stack without a network for it"
        )


def variant(given: ServerlessInput) -> dict[str, Any]:
    """The part of SageMaker's ProductionVariant that says what serves."""
    provisioned = given.serverless_provisioned
    return {
        "ServerlessConfig": {
            "MemorySizeInMB": given.serverless_memory_mb,
            "MaxConcurrency": given.serverless_concurrency,
            **({"ProvisionedConcurrency": provisioned} if provisioned else {}),
        }
    }


def keys_of(config: Mapping[str, Any]) -> dict[str, int]:
    """The keys that a ServerlessConfig answers to."""
    return {
        "serverless_memory_mb": int(config["MemorySizeInMB"]),
        "serverless_concurrency": int(config["MaxConcurrency"]),
        "serverless_provisioned": int(config.get("ProvisionedConcurrency", 0)),
    }
