"""The account's quotas, as Service Quotas lists them: by default enough for everything, some set when it starts.

SageMaker has one for each instance type and each use of it, under AWS's own names; their codes are made up here, as
AWS's are opaque too. Pure: who enforces a quota asks for its value.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import botocore.session

INSTANCES = 20.0
"""Instances of one type that an account of this stand-in may have for one use, unless it was started with another."""
CONCURRENT_EXECUTIONS = "Concurrent executions"
"""Lambda's quota for all functions of an account together."""
CONCURRENT_DEFAULT = 1000.0
SERVERLESS_CONCURRENCY = "Maximum total concurrency that can be allocated across all serverless endpoints"
"""SageMaker's quota for the MaxConcurrency of all serverless endpoints of an account together."""
OF_REQUESTS = (CONCURRENT_EXECUTIONS, SERVERLESS_CONCURRENCY)
USES = {
    "training job usage": "TrainingInstanceType",
    "spot training job usage": "TrainingInstanceType",
    "processing job usage": "ProcessingInstanceType",
    "transform job usage": "TransformInstanceType",
    "endpoint usage": "ProductionVariantInstanceType",
}
"""What SageMaker counts instances for, each with the enumeration of the service's model that has the types."""


@dataclass(frozen=True)
class Quota:
    """One quota: what Service Quotas calls it, and what it is by default."""

    service: str
    code: str
    name: str
    default: float


def use_of(instance: str, use: str) -> str:
    """The name of the quota for one use of an instance type, such as ``ml.g5.xlarge for endpoint usage``."""
    return f"{instance} for {use}"


@functools.cache
def known() -> tuple[Quota, ...]:
    """Every quota of the two services that a stack needs one of."""
    model = botocore.session.get_session().get_service_model("sagemaker")
    types = {use: model.shape_for(shape).metadata["enum"] for use, shape in USES.items()}
    names = (use_of(instance, use) for use, instances in types.items() for instance in instances)
    concurrency = Quota("lambda", "L-B99A9384", CONCURRENT_EXECUTIONS, CONCURRENT_DEFAULT)
    serverless = Quota("sagemaker", "L-96300102", SERVERLESS_CONCURRENCY, CONCURRENT_DEFAULT)
    return (concurrency, serverless, *(Quota("sagemaker", _code(name), name, INSTANCES) for name in names))


def _code(name: str) -> str:
    return "L-" + hashlib.sha256(name.encode()).hexdigest()[:8].upper()


@dataclass(frozen=True)
class Quotas:
    """What applies in this account: ``given`` are values by name, for all others their default."""

    given: Mapping[str, float]

    def value(self, name: str) -> float:
        """What applies. SageMaker knows instance types that no model names yet: they have the same default."""
        return self.given.get(name, CONCURRENT_DEFAULT if name in OF_REQUESTS else INSTANCES)
