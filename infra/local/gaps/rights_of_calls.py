"""What a call of a Task takes of the role that makes it: actions, resources, and what conditions may ask. Pure.

For the services that the machines call in other accounts: SageMaker and CloudWatch's alarms.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

_KINDS = {"EndpointName": "endpoint", "EndpointConfigName": "endpoint-config", "ModelName": "model"}
"""By the member that names it, whatever a request is about first."""
Right = tuple[str, str, dict[str, str]]


def rights_of(service: str, operation: str, parameters: dict[str, Any], region: str, account: str) -> Iterator[Right]:
    """Each action with the ARN of the resource it is about."""
    name = operation[0].upper() + operation[1:]
    resources = list(_resources(service, parameters, region, account))
    for arn in resources or ["*"]:
        yield f"{service}:{name}", arn, {}
    if parameters.get("Tags"):
        yield ("cloudwatch:TagResource" if service == "cloudwatch" else f"{service}:AddTags"), resources[0], {}
    if "ExecutionRoleArn" in parameters:
        yield "iam:PassRole", parameters["ExecutionRoleArn"], {"iam:PassedToService": f"{service}.amazonaws.com"}
    if "KmsKeyId" in parameters:
        yield "kms:CreateGrant", parameters["KmsKeyId"], {"kms:GrantIsForAWSResource": "true"}
    rollback = parameters.get("DeploymentConfig", {}).get("AutoRollbackConfiguration", {})
    for alarm in rollback.get("Alarms", []):
        yield "cloudwatch:DescribeAlarms", _alarm(alarm["AlarmName"], region, account), {}


def _resources(service: str, parameters: dict[str, Any], region: str, account: str) -> Iterator[str]:
    """What a request names; of an endpoint's, its configuration counts as well."""
    if service == "cloudwatch":
        for name in parameters.get("AlarmNames", [parameters.get("AlarmName")]):
            yield _alarm(name, region, account)
        return
    for member, kind in _KINDS.items():
        if member in parameters:
            yield f"arn:aws:sagemaker:{region}:{account}:{kind}/{parameters[member]}"


def _alarm(name: Any, region: str, account: str) -> str:
    return f"arn:aws:cloudwatch:{region}:{account}:alarm:{name}"
