"""What the page of endpoints says of one without instances."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.workflow.cloud import ScriptedCloud
from workflow.console.endpoints import find_endpoint

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
        }
    )
    found = find_endpoint(cloud, "production", "e", NOW)
    assert found is not None
    assert [variant.instances for variant in found.variants] == [said]
