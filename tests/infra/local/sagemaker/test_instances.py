"""Instances are counted by type and use, both fleets of an update as well."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from infra.local.quotas import Quotas
from infra.local.sagemaker.errors import ServiceError
from infra.local.sagemaker.service import SageMaker
from tests.infra.local.sagemaker.requests import configuration, eventually, fresh, model, training


def test_an_update_needs_room_for_its_second_fleet(open_service: Callable[..., SageMaker]) -> None:
    """Blue/green: one instance that serves and one that is to take its place are two."""
    service = open_service(quotas=Quotas({"ml.m5.large for endpoint usage": 1}))
    made = model(service)
    name = fresh("endpoint")
    service.call("CreateEndpoint", {"EndpointName": name, "EndpointConfigName": configuration(service, made)})
    eventually(lambda: service.call("DescribeEndpoint", {"EndpointName": name})["EndpointStatus"] == "InService")
    with pytest.raises(ServiceError, match=r"is 1 Instances, with current utilization of 1 Instances") as caught:
        service.call("UpdateEndpoint", {"EndpointName": name, "EndpointConfigName": configuration(service, made)})
    assert caught.value.code == "ResourceLimitExceeded"


def test_a_training_on_spot_capacity_has_a_quota_of_its_own(open_service: Callable[..., SageMaker]) -> None:
    """An account may train on demand and not on spot, or the other way round."""
    service = open_service(quotas=Quotas({"ml.m5.large for spot training job usage": 0}))
    spot = training(fresh("spot"), behaviour="quick") | {"EnableManagedSpotTraining": True}
    spot["StoppingCondition"] = {"MaxRuntimeInSeconds": 60, "MaxWaitTimeInSeconds": 60}
    with pytest.raises(ServiceError, match=r"'ml\.m5\.large for spot training job usage' is 0 Instances"):
        service.call("CreateTrainingJob", spot)
    service.call("CreateTrainingJob", training(fresh("demand")))
