"""What the page of endpoints says of one without instances."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.workflow.cloud import ScriptedCloud
from workflow.console.endpoints import find_endpoint
from workflow.console.fleets import Fleet, find_fleets
from workflow.errors import ServiceError

NOW = datetime(2026, 11, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("served", "configured", "said"),
    [
        ({"CurrentInstanceCount": 2}, {"InstanceType": "ml.c7i.xlarge"}, "2 × ml.c7i.xlarge"),
        (
            {"CurrentInstanceCount": 0, "CurrentServerlessConfig": {"MemorySizeInMB": 2048, "MaxConcurrency": 5}},
            {},
            "serverless, 2048 MB, up to 5 requests at a time",
        ),
        (
            {"CurrentServerlessConfig": {"MemorySizeInMB": 1024, "MaxConcurrency": 5, "ProvisionedConcurrency": 1}},
            {},
            "serverless, 1024 MB, up to 5 requests at a time, 1 kept warm",
        ),
    ],
)
def test_an_endpoint_says_on_what_it_serves(served: dict[str, Any], configured: dict[str, Any], said: str) -> None:
    """Instances, or the memory and concurrency of one that has none."""
    endpoint = {
        "EndpointStatus": "InService",
        "EndpointConfigName": "c",
        "LastModifiedTime": NOW,
        "ProductionVariants": [{"VariantName": "main", **served}],
    }
    cloud = ScriptedCloud(
        {
            "describe_endpoint": endpoint,
            "describe_endpoint_config": {
                "ProductionVariants": [{"VariantName": "main", "ModelName": "m", **configured}]
            },
            "describe_model": {"PrimaryContainer": {"ModelDataUrl": "s3://bucket/models/x/model.tar.gz"}},
            "get_metric_statistics": {"Datapoints": []},
            "describe_scalable_targets": {"ScalableTargets": []},
        }
    )
    found = find_endpoint(cloud, "production", "e", NOW)
    assert found is not None
    assert [(variant.instances, variant.fleet) for variant in found.variants] == [(said, None)]


def test_a_fleet_that_follows_its_load_shows_its_floor_its_ceiling_and_what_it_has() -> None:
    """Each variant by itself; whoever may not see what is followed sees the rest."""
    target = {"ResourceId": "endpoint/e/variant/main", "MinCapacity": 1, "MaxCapacity": 4}
    served = [
        {"VariantName": "main", "CurrentInstanceCount": 2, "DesiredInstanceCount": 3},
        {"VariantName": "challenger", "CurrentInstanceCount": 1, "DesiredInstanceCount": 1},
    ]
    cloud = ScriptedCloud({"describe_scalable_targets": {"ScalableTargets": [target]}})
    found = find_fleets(cloud, "e", served)
    assert found == {"main": Fleet(1, 4, 2, 3)}
    assert [found["main"].present(), Fleet(0, 4, 0, 0).present()] == ["2 now, 3 wanted", "0 now"]
    denied = ScriptedCloud({"describe_scalable_targets": ServiceError("AccessDeniedException", "no")})
    assert find_fleets(denied, "e", served) == {}
