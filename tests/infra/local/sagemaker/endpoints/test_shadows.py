"""A shadow gets copies, nobody sees its answers or waits for them, and it stands where the documentation has one."""

from __future__ import annotations

import json
import time
from collections import Counter
from typing import Any

import pytest

from infra.local.sagemaker.endpoints import invocations
from infra.local.sagemaker.endpoints.shadows import check_shadows
from infra.local.sagemaker.errors import ServiceError
from infra.local.sagemaker.figures import Figure
from infra.local.sagemaker.service import SageMaker
from tests.infra.local.sagemaker.requests import endpoint, eventually, fresh, model

ON = {"InstanceType": "ml.m5.large", "InitialInstanceCount": 1}


def shadowed(service: SageMaker, champion: str, challenger: str, weight: float) -> str:
    """A configuration of one model with another in its shadow; its name."""
    name = fresh("config")
    main = {"VariantName": "main", "ModelName": champion, **ON}
    shadow = {"VariantName": "challenger", "ModelName": challenger, "InitialVariantWeight": weight, **ON}
    service.call(
        "CreateEndpointConfig",
        {"EndpointConfigName": name, "ProductionVariants": [main], "ShadowProductionVariants": [shadow]},
    )
    return name


def test_a_shadow_gets_a_copy_of_every_request_and_answers_nobody(service: SageMaker) -> None:
    """All answers are the champion's; each variant is counted by its own name; nobody can ask the shadow."""
    figures: list[Figure] = []
    service.endpoints.figures.listen(figures.extend)
    config = shadowed(service, model(service, "good"), model(service, "better"), 1.0)
    name = endpoint(service, config)
    for _ in range(5):
        answer = invocations.invoke(service.endpoints, service.components, name, {}, b"hello")
        assert json.loads(answer.body)["environment"] == "good"
        assert answer.headers["x-Amzn-Invoked-Production-Variant"] == "main"

    def counted() -> Counter[str]:
        of = {"EndpointName": name, "EndpointConfigName": config}
        mine = [one for one in figures if one.name == "Invocations" and of.items() <= one.dimensions.items()]
        return Counter(one.dimensions["VariantName"] for one in mine)

    assert eventually(counted, lambda seen: seen.total() == 10) == {"main": 5, "challenger": 5}
    with pytest.raises(ServiceError, match="Variant challenger not found"):
        invocations.invoke(
            service.endpoints, service.components, name, {"x-amzn-sagemaker-target-variant": "challenger"}, b"hello"
        )
    described = service.call("DescribeEndpoint", {"EndpointName": name})
    assert [one["VariantName"] for one in described["ShadowProductionVariants"]] == ["challenger"]
    change = [{"VariantName": "challenger", "DesiredWeight": 0.0}]
    service.call("UpdateEndpointWeightsAndCapacities", {"EndpointName": name, "DesiredWeightsAndCapacities": change})
    before = counted()["challenger"]
    invocations.invoke(service.endpoints, service.components, name, {}, b"hello")
    assert eventually(counted, lambda seen: seen["main"] == 6)["challenger"] == before


def test_a_shadow_that_is_slow_holds_up_nobody(service: SageMaker) -> None:
    """A copy is sent beside the answer: it takes as long as it takes."""
    copies = service.endpoints.copies
    began = time.monotonic()
    for _ in range(200):
        copies.send(1.0, lambda: time.sleep(0.005))
    assert time.monotonic() - began < 0.2


@pytest.mark.parametrize(
    ("production", "shadows", "asynchronous", "why"),
    [
        ([{}, {}], [{}], False, "one ProductionVariant"),
        ([{}], [{}, {}], False, "one ProductionVariant"),
        ([{}], [{}], True, "AsyncInferenceConfig"),
        ([{"ServerlessConfig": {}}], [{}], False, "serverless"),
        ([{}], [{"InstanceType": "ml.inf1.xlarge"}], False, "Inf1"),
    ],
)
def test_a_shadow_is_refused_where_aws_has_none(
    production: list[Any], shadows: list[Any], asynchronous: bool, why: str
) -> None:
    """By the exclusions that the guide lists."""
    with pytest.raises(ServiceError, match=why):
        check_shadows(production, shadows, asynchronous=asynchronous)
    check_shadows([{}], [{}], asynchronous=False)
