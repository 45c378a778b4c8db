"""What Application Auto Scaling remembers: which fleets it follows, and by which policies.

Of one service and one dimension, SageMaker's variants; of any other it says that it lacks it.
"""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Mapping
from typing import Any

from infra.local.sagemaker.endpoints.endpoints import Endpoints
from infra.local.sagemaker.errors import ServiceError, lacking
from infra.local.sagemaker.store import Record
from infra.local.sagemaker.workshop import Workshop

TARGET, POLICY = "scalable-target", "scaling-policy"
DIMENSION = "sagemaker:variant:DesiredInstanceCount"
_RESOURCE = re.compile(r"endpoint/([A-Za-z0-9-]+)/variant/([A-Za-z0-9-]+)")
_PREDEFINED = (
    "SageMakerVariantInvocationsPerInstance",
    "SageMakerVariantConcurrentRequestsPerModelHighResolution",
)


class Targets:
    """RegisterScalableTarget, PutScalingPolicy and their siblings."""

    def __init__(self, workshop: Workshop, endpoints: Endpoints) -> None:
        self._workshop = workshop
        self._endpoints = endpoints

    def register(self, parameters: Record) -> Record:
        """Follow a fleet that is there, or follow it between other bounds."""
        endpoint, variant = named(parameters)
        present = self._workshop.store.read(TARGET, parameters["ResourceId"])
        bounds: Record = {name: parameters[name] for name in ("MinCapacity", "MaxCapacity") if name in parameters}
        record: Record = {**(present or {}), **bounds}
        if present is None and set(bounds) != {"MinCapacity", "MaxCapacity"}:
            raise _invalid("Min and max capacity must be specified when registering a new scalable target.")
        if record["MinCapacity"] > record["MaxCapacity"]:
            raise _invalid("Maximum capacity cannot be less than minimum capacity")
        self._endpoints.instances_of(endpoint, variant)
        self._endpoints.may_have(endpoint, record["MinCapacity"])
        record |= {
            "ServiceNamespace": "sagemaker",
            "ResourceId": parameters["ResourceId"],
            "ScalableDimension": DIMENSION,
            "RoleARN": _role(self._workshop.settings.account_id),
            "CreationTime": (present or {}).get("CreationTime", time.time()),
            "SuspendedState": {
                "DynamicScalingInSuspended": False,
                "DynamicScalingOutSuspended": False,
                "ScheduledScalingSuspended": False,
                **parameters.get("SuspendedState", {}),
            },
        }
        self._put(TARGET, parameters["ResourceId"], record)
        return {"ScalableTargetARN": self._arn("scalable-target", parameters["ResourceId"])}

    def deregister(self, parameters: Record) -> Record:
        """Follow it no more; its policies go with it."""
        named(parameters)
        if self._workshop.store.read(TARGET, parameters["ResourceId"]) is None:
            raise _not_there(
                f"No scalable target found for service namespace: sagemaker, resource ID: "
                f"{parameters['ResourceId']}, scalable dimension: {DIMENSION}"
            )
        self.forget(parameters["ResourceId"])
        return {}

    def forget(self, resource: str) -> None:
        """Follow a fleet no more, if it is followed at all."""
        self._workshop.store.remove(TARGET, resource)
        for policy in self.policies(resource):
            self._workshop.store.remove(POLICY, _key(policy))

    def is_followed(self, resource: str) -> bool:
        """Whether a fleet is followed."""
        return self._workshop.store.read(TARGET, resource) is not None

    def describe_targets(self, parameters: Record) -> Record:
        """The fleets that are followed."""
        wanted = parameters.get("ResourceIds")
        found = [one for one in self._workshop.store.every(TARGET) if wanted is None or one["ResourceId"] in wanted]
        return {"ScalableTargets": found}

    def put_policy(self, parameters: Record) -> Record:
        """Follow a load, or take steps upon an alarm."""
        named(parameters)
        if self._workshop.store.read(TARGET, parameters["ResourceId"]) is None:
            raise _not_there(f"No scalable target registered for resource ID: {parameters['ResourceId']}")
        tracked = parameters.get("TargetTrackingScalingPolicyConfiguration", {})
        predefined = tracked.get("PredefinedMetricSpecification", {}).get("PredefinedMetricType")
        if predefined is not None and predefined not in _PREDEFINED:
            raise _invalid(f"{predefined} is no metric of a SageMaker variant")
        record = {
            **parameters,
            "PolicyARN": self._arn("scalingPolicy", f"{uuid.uuid4()}:policyName/{parameters['PolicyName']}"),
            "CreationTime": time.time(),
        }
        self._put(POLICY, _key(parameters), record)
        return {"PolicyARN": record["PolicyARN"], "Alarms": []}

    def delete_policy(self, parameters: Record) -> Record:
        """Follow this load no more."""
        if self._workshop.store.read(POLICY, _key(parameters)) is None:
            raise _not_there(f"No scaling policy found for resource ID: {parameters['ResourceId']}")
        self._workshop.store.remove(POLICY, _key(parameters))
        return {}

    def describe_policies(self, parameters: Record) -> Record:
        """The policies, of one fleet or of all."""
        resource = parameters.get("ResourceId")
        found = [one for one in self._workshop.store.every(POLICY) if resource in (None, one["ResourceId"])]
        return {"ScalingPolicies": found}

    def policies(self, resource: str) -> list[Record]:
        """The policies of one fleet."""
        return [one for one in self._workshop.store.every(POLICY) if one["ResourceId"] == resource]

    def _put(self, kind: str, name: str, record: Record) -> None:
        with self._workshop.store.lock:
            self._workshop.store.remove(kind, name)
            self._workshop.store.add(kind, name, record)

    def _arn(self, kind: str, name: str) -> str:
        settings = self._workshop.settings
        return f"arn:aws:application-autoscaling:{settings.region}:{settings.account_id}:{kind}/{name}"


def named(parameters: Mapping[str, Any]) -> tuple[str, str]:
    """The endpoint and the variant that a request is about. Raises ServiceError for anything else."""
    if (parameters["ServiceNamespace"], parameters["ScalableDimension"]) != ("sagemaker", DIMENSION):
        raise lacking("automatic scaling of anything but the instances of SageMaker's variants")
    found = _RESOURCE.fullmatch(parameters["ResourceId"])
    if found is None:
        raise _invalid(f"Unsupported resource ID {parameters['ResourceId']}")
    return found.group(1), found.group(2)


def _key(policy: Mapping[str, Any]) -> str:
    return f"{policy['ResourceId']} {policy['PolicyName']}"


def _role(account: str) -> str:
    service = "sagemaker.application-autoscaling.amazonaws.com"
    name = "AWSServiceRoleForApplicationAutoScaling_SageMakerEndpoint"
    return f"arn:aws:iam::{account}:role/aws-service-role/{service}/{name}"


def _invalid(message: str) -> ServiceError:
    return ServiceError("ValidationException", message)


def _not_there(message: str) -> ServiceError:
    return ServiceError("ObjectNotFoundException", message)
