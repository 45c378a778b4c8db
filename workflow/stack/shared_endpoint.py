"""Takes a project's component off the endpoint that it shares, and the endpoint too where it was the last one there.

The endpoint is no project's: whoever leaves last puts it away, for it is paid for as long as it is there.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from workflow.clients import Cloud
from workflow.contract.shared_endpoint import component_name
from workflow.errors import ServiceError
from workflow.stack.changes import Progress, Step, pause_seconds

_GONE = ("could not find", "does not exist", "not found", "cannot find")


def remove_component(cloud: Cloud, project: str, on_progress: Progress) -> None:
    """Delete the project's component where it has one; and then its endpoint, where nobody else is on it."""
    name = component_name(project)
    found = _described(lambda: cloud.call("sagemaker", "describe_inference_component", InferenceComponentName=name))
    if not found:
        return
    endpoint = str(found["EndpointName"])
    cloud.call("sagemaker", "delete_inference_component", InferenceComponentName=name)
    while _described(lambda: cloud.call("sagemaker", "describe_inference_component", InferenceComponentName=name)):
        time.sleep(pause_seconds(cloud))
    on_progress(Step(f"component {name}", "removed", f"of the shared endpoint {endpoint}"))
    others = cloud.pages("sagemaker", "list_inference_components", "InferenceComponents", EndpointNameEquals=endpoint)
    if any(True for _ in others):
        on_progress(Step(endpoint, "stays", "other projects serve there"))
        return
    described = _described(lambda: cloud.call("sagemaker", "describe_endpoint", EndpointName=endpoint))
    if not described:
        return
    cloud.call("sagemaker", "delete_endpoint", EndpointName=endpoint)
    while _described(lambda: cloud.call("sagemaker", "describe_endpoint", EndpointName=endpoint)):
        time.sleep(pause_seconds(cloud))
    cloud.call("sagemaker", "delete_endpoint_config", EndpointConfigName=described["EndpointConfigName"])
    on_progress(Step(endpoint, "removed", "nobody else served there"))


def _described(describe: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    try:
        return describe()
    except ServiceError as error:
        if is_gone(error):
            return {}
        raise


def is_gone(error: ServiceError) -> bool:
    """Whether SageMaker says that a thing is not there; it has no code of its own for that."""
    return error.code in {"ValidationException", "ResourceNotFound"} and any(
        text in str(error).lower() for text in _GONE
    )
