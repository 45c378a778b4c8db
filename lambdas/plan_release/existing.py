"""What SageMaker has now: a registered version, an endpoint, a configuration. Knows none by itself: names are given."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from botocore.exceptions import ClientError

from lambdas.plan_release.plan import Endpoint
from workflow.contract.names import NOT_THERE


def describe_package(sagemaker: Any, arn: str) -> Mapping[str, Any]:
    """What the registry says of a version; nothing where it has none of that name."""
    return _described(lambda: sagemaker.describe_model_package(ModelPackageName=arn))


def find_endpoint(sagemaker: Any, name: str) -> Endpoint | None:
    """The endpoint as it is; None where there is none."""
    described = _described(lambda: sagemaker.describe_endpoint(EndpointName=name))
    return Endpoint.of(described) if described else None


def find_component(sagemaker: Any, name: str) -> Endpoint | None:
    """The inference component as it is; None where there is none."""
    described = _described(lambda: sagemaker.describe_inference_component(InferenceComponentName=name))
    return Endpoint.of_component(described) if described else None


def has_model(sagemaker: Any, name: str) -> bool:
    """Whether SageMaker has a model of this name; the empty name is no one's."""
    return bool(name and _described(lambda: sagemaker.describe_model(ModelName=name)))


def describe_configuration(sagemaker: Any, name: str) -> Mapping[str, Any]:
    """What SageMaker says of an endpoint configuration; nothing where it has none of that name."""
    return _described(lambda: sagemaker.describe_endpoint_config(EndpointConfigName=name)) if name else {}


def has_configuration(sagemaker: Any, name: str) -> bool:
    """Whether SageMaker has an endpoint configuration of this name; the empty name is no one's."""
    return bool(describe_configuration(sagemaker, name))


def _described(describe: Callable[[], Mapping[str, Any]]) -> Mapping[str, Any]:
    try:
        return describe()
    except ClientError as error:
        if error.response["Error"]["Code"] in NOT_THERE:
            return {}
        raise
