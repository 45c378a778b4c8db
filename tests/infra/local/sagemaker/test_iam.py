"""Policies are judged by the resource that a request is about."""

from __future__ import annotations

from typing import Any

import pytest

from infra.local.sagemaker.iam import condition_keys, resource_arn

PREFIX = "arn:aws:sagemaker:us-east-1:000000000000:"


@pytest.mark.parametrize(
    ("parameters", "resource"),
    [
        ({"TrainingJobName": "t"}, f"{PREFIX}training-job/t"),
        ({"EndpointName": "e", "EndpointConfigName": "c"}, f"{PREFIX}endpoint/e"),
        ({"EndpointName": "e", "InferenceComponentName": "c"}, f"{PREFIX}inference-component/c"),
        ({"ModelPackageName": f"{PREFIX}model-package/g/1"}, f"{PREFIX}model-package/g/1"),
        ({"ResourceArn": f"{PREFIX}model/m", "Tags": []}, f"{PREFIX}model/m"),
        ({"Source": {"SourceUri": "s3://b/k"}, "ArtifactType": "DataSet"}, f"{PREFIX}artifact/new"),
        ({"SourceArn": f"{PREFIX}artifact/a", "DestinationArn": f"{PREFIX}artifact/b"}, f"{PREFIX}artifact/a"),
        ({"MaxResults": 5}, "*"),
    ],
)
def test_a_request_names_its_resource(parameters: dict[str, Any], resource: str) -> None:
    """By name, by ARN, or not at all."""
    assert resource_arn(parameters, lambda rest: PREFIX + rest) == resource


def test_a_request_says_what_a_condition_may_ask_for() -> None:
    """Only what it sets: a policy may ask that something be absent."""
    stage = {"ModelLifeCycle": {"Stage": "Staging", "StageStatus": "InService"}}
    assert condition_keys({"ModelPackageArn": "x", **stage}) == {
        "sagemaker:modellifecycle:stage": "Staging",
        "sagemaker:modellifecycle:stagestatus": "InService",
    }
    assert condition_keys({"ModelApprovalStatus": "Approved"}) == {"sagemaker:modelapprovalstatus": "Approved"}
    assert condition_keys({"ModelLifeCycle": "?"}) == {}
