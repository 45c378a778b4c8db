"""Which resource a request is about, so that the engine's IAM can judge policies that name resources.

Pure. A request about several resources counts as one about the first of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

_KINDS = {
    "TrainingJobName": "training-job",
    "ProcessingJobName": "processing-job",
    "HyperParameterTuningJobName": "hyper-parameter-tuning-job",
    "TransformJobName": "transform-job",
    "ModelPackageArn": "model-package",
    "ModelPackageName": "model-package",
    "ModelPackageGroupName": "model-package-group",
    "EndpointName": "endpoint",
    "EndpointConfigName": "endpoint-config",
    "ModelName": "model",
}


def resource_arn(parameters: Mapping[str, Any], arn: Callable[[str], str]) -> str:
    """The ARN of what a request names, or ``*``; ``arn`` completes ``kind/name``."""
    if "ResourceArn" in parameters:
        return str(parameters["ResourceArn"])
    for member, kind in _KINDS.items():
        if member in parameters:
            name = str(parameters[member])
            return name if name.startswith("arn:") else arn(f"{kind}/{name}")
    return "*"
