"""Which serverless variants SageMaker takes, and how much of the account's concurrency they use.

From its guide, "Deploy models with Amazon SageMaker Serverless Inference" (feature exclusions, memory size, concurrent
invocations), from ProductionVariantServerlessConfig, and for the archive from ContainerDefinition: "Currently you
cannot use ModelDataSource in conjunction with [...] SageMaker serverless endpoints".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from infra.local.quotas import SERVERLESS_CONCURRENCY
from infra.local.sagemaker.endpoints.fleets import Variant
from infra.local.sagemaker.errors import ServiceError, invalid
from infra.local.sagemaker.store import Record
from infra.local.sagemaker.workshop import Workshop

_STEP_MB = 1024
_OF_INSTANCES = ("InstanceType", "InitialInstanceCount", "InferenceAmiVersion", "VolumeSizeInGB")


def check_serverless(variants: list[Record], models: dict[str, Record]) -> None:
    """Refuse a configuration with a serverless variant that cannot be; ``models`` are CreateModel's, by name."""
    for variant in variants:
        if "ServerlessConfig" not in variant:
            continue
        name, config = variant["VariantName"], variant["ServerlessConfig"]
        if len(variants) > 1:
            raise invalid("A serverless endpoint supports one production variant, not multiple production variants.")
        for member in _OF_INSTANCES:
            if member in variant:
                raise invalid(f"{member} and ServerlessConfig of the variant {name} exclude each other.")
        if config["MemorySizeInMB"] % _STEP_MB:
            raise invalid(f"MemorySizeInMB of the variant {name} must be in 1 GB increments, from 1024 to 6144.")
        if config.get("ProvisionedConcurrency", 0) > config["MaxConcurrency"]:
            raise invalid(f"ProvisionedConcurrency of the variant {name} must be at most its MaxConcurrency.")
        _check_model(variant["ModelName"], models[variant["ModelName"]])


def _check_model(name: str, model: Record) -> None:
    if model.get("VpcConfig"):
        raise invalid(f"The model {name} has a VpcConfig, which serverless endpoints do not support.")
    if model.get("EnableNetworkIsolation"):
        raise invalid(f"The model {name} has network isolation, which serverless endpoints do not support.")
    if "ModelDataSource" in model.get("PrimaryContainer", {}):
        raise invalid(f"The model {name} has a ModelDataSource, which serverless endpoints do not support.")


def check_kind(arn: str, present: Iterable[Variant], wanted: Iterable[Variant]) -> None:
    """Refuse to make a serverless endpoint of one that is on instances; the other way is open, and has no way back."""
    if any(one.serverless for one in wanted) and not all(one.serverless for one in present):
        raise invalid(f'Cannot update endpoint "{arn}": an instance-based endpoint cannot be converted to serverless.')


def require_concurrency(workshop: Workshop, variants: Iterable[Variant]) -> None:
    """Raise ResourceLimitExceeded where these variants and those that there are have more than the account may."""
    more = sum(one.serverless["MaxConcurrency"] for one in variants if one.serverless)
    limit = int(workshop.settings.quotas.value(SERVERLESS_CONCURRENCY))
    used = sum(_in_use(workshop))
    if more and used + more > limit:
        raise ServiceError(
            "ResourceLimitExceeded",
            f"The account-level service limit '{SERVERLESS_CONCURRENCY}' is {limit} Concurrent Invocations, with "
            f"current utilization of {used} Concurrent Invocations and a request delta of {more} Concurrent "
            "Invocations. Please use AWS Service Quotas to request an increase for this quota.",
        )


def _in_use(workshop: Workshop) -> Iterator[int]:
    for endpoint in workshop.store.every("endpoint"):
        if endpoint["EndpointStatus"] != "Failed":
            for variant in (*endpoint["_Variants"], *(endpoint.get("_NextVariants") or ())):
                yield (variant.get("serverless") or {}).get("MaxConcurrency", 0)
