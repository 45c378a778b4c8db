"""Which resource a request is about, and what else policies ask of it, so that the engine's IAM can judge by them.

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
    "InferenceComponentName": "inference-component",
    "EndpointName": "endpoint",
    "EndpointConfigName": "endpoint-config",
    "ModelName": "model",
}
_ARNS = ("ResourceArn", "SourceArn", "ArtifactArn")
"""Members that are a resource's whole ARN."""


def resource_arn(parameters: Mapping[str, Any], arn: Callable[[str], str]) -> str:
    """The ARN of what a request names, or ``*``; ``arn`` completes ``kind/name``."""
    for member in _ARNS:
        if member in parameters:
            return str(parameters[member])
    if "ArtifactType" in parameters and "Source" in parameters:
        # An artifact that is to be: its name is SageMaker's to give.
        return arn("artifact/new")
    for member, kind in _KINDS.items():
        if member in parameters:
            name = str(parameters[member])
            return name if name.startswith("arn:") else arn(f"{kind}/{name}")
    return "*"


def condition_keys(parameters: Mapping[str, Any]) -> dict[str, str]:
    """What a request says that a policy's condition may ask for, by SageMaker's condition keys in lower case."""
    stage = parameters.get("ModelLifeCycle")
    said = {
        "sagemaker:modelapprovalstatus": parameters.get("ModelApprovalStatus"),
        "sagemaker:modellifecycle:stage": stage.get("Stage") if isinstance(stage, Mapping) else None,
        "sagemaker:modellifecycle:stagestatus": stage.get("StageStatus") if isinstance(stage, Mapping) else None,
    }
    return {key: str(value) for key, value in said.items() if value is not None}
