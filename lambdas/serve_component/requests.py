"""What SageMaker and CloudWatch are asked for: the shared endpoint's configuration, a component, its alarms. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from workflow.contract.deployment import VARIANT, alarm_names
from workflow.contract.release_plan import ReleasePlan
from workflow.contract.shared_endpoint import requirements

SHARED_TAG = "shared-endpoint"
"""What the endpoint's configuration is tagged with instead of a project: it is no one's."""


def configuration(
    plan: ReleasePlan,
    *,
    role_arn: str,
    instances: int,
    subnets: Sequence[str],
    security_groups: Sequence[str],
    key_arn: str,
    tags: Mapping[str, str],
) -> dict[str, Any]:
    """CreateEndpointConfig's request for an endpoint without a model, on which components serve.

    Such a configuration names the role, and says for all containers that they have no network (CreateEndpointConfig,
    ExecutionRoleArn and EnableNetworkIsolation). The endpoint may double its instances while copies are replaced.
    """
    name = plan.production_endpoint
    mark = hashlib.sha256(plan.execution_arn.encode()).hexdigest()[:8]
    variant = {**(plan.variant or {}), "InitialInstanceCount": instances}
    network = {"SecurityGroupIds": list(security_groups), "Subnets": list(subnets)}
    return {
        "EndpointConfigName": f"{name}-{mark}",
        "ExecutionRoleArn": role_arn,
        "EnableNetworkIsolation": True,
        "ProductionVariants": [
            {
                "VariantName": VARIANT,
                **variant,
                "ManagedInstanceScaling": {
                    "Status": "ENABLED",
                    "MinInstanceCount": instances,
                    "MaxInstanceCount": 2 * instances,
                },
                "RoutingConfig": {"RoutingStrategy": "LEAST_OUTSTANDING_REQUESTS"},
            }
        ],
        **({"VpcConfig": network} if subnets else {}),
        **({"KmsKeyId": key_arn} if key_arn else {}),
        "Tags": [{"Key": key, "Value": value} for key, value in {**tags, SHARED_TAG: name}.items()],
    }


def specification(plan: ReleasePlan, model: str) -> dict[str, Any]:
    """A component's Specification: the model, and what each copy takes."""
    return {"ModelName": model, "ComputeResourceRequirements": requirements(plan.serving or {})}


def alarms(plan: ReleasePlan, latency_limit: int) -> list[dict[str, Any]]:
    """PutMetricAlarm's requests for the alarms that end a release of a component; the limit is in microseconds.

    Silence is health, for what nobody asks is not ill.
    """
    names = alarm_names(plan.production_configuration)
    common = {
        "AlarmDescription": f"Sends {plan.component} back while a release replaces its copies",
        "Namespace": "AWS/SageMaker",
        "Dimensions": [{"Name": "InferenceComponentName", "Value": plan.component}],
        "Period": 60,
        "TreatMissingData": "notBreaching",
        "Tags": list(plan.tags),
    }
    return [
        {
            **common,
            "AlarmName": names["errors"],
            "MetricName": "Invocation5XXErrors",
            "Statistic": "Sum",
            "EvaluationPeriods": 1,
            "Threshold": 1,
            "ComparisonOperator": "GreaterThanOrEqualToThreshold",
        },
        {
            **common,
            "AlarmName": names["latency"],
            "MetricName": "ModelLatency",
            "ExtendedStatistic": "p99",
            "Unit": "Microseconds",
            "EvaluationPeriods": 2,
            "Threshold": latency_limit,
            "ComparisonOperator": "GreaterThanThreshold",
        },
    ]
