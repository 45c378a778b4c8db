"""What a release deletes, and what it never touches."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber
from hypothesis import given
from hypothesis import strategies as st

from lambdas.clean_up import handler as function
from lambdas.clean_up.leftovers import choose_configurations, choose_models
from tests.lambdas.conftest import Context, client
from tests.workflow.contract import released
from workflow.contract.deployment import ALARMS
from workflow.contract.reading import ContractError

MARK = "-00000000"
ME = "arn:aws:states:us-east-1:123456789012:execution:greenlight-release:go"
PLAN = {
    **released.PLAN,
    "execution_arn": ME,
    "model_name": f"greenlight-v5{MARK}",
    "staging_configuration": f"greenlight-staging-v5{MARK}",
    "production_configuration": f"greenlight-production-v5{MARK}",
    "previous_configuration": f"greenlight-production-v4{MARK}",
    "staging_endpoint": "greenlight-staging",
    "production_endpoint": "greenlight-production",
}


@pytest.mark.parametrize(
    "name",
    [
        "another-production-v1-00000000",
        "greenlight-two-production-v1-00000000",
        "greenlight-production-v1-00000000-mine",
        "greenlight-production-by-hand",
        "xgreenlight-production-v1-00000000",
        "greenlight-production",
        "greenlight-production-v1-00000000-0",
        "greenlight-production-v1-00000000-0-0-0",
    ],
)
def test_names_that_no_release_makes_are_left_alone(name: str) -> None:
    """Another project's, or made by hand."""
    assert choose_configurations("greenlight", [name], []) == []
    assert choose_models("greenlight", [name], []) == []


def test_what_an_attempt_left_whose_answer_was_lost_goes_too() -> None:
    """And what releases made before attempts were numbered."""
    for end in ("-0-0", "-2-10", ""):
        assert choose_configurations("greenlight", [f"greenlight-staging-v1{MARK}{end}"], [])
        assert choose_models("greenlight", [f"greenlight-v1{MARK}{end}"], [])


@given(st.sets(st.integers(1, 30)), st.sets(st.integers(1, 30)))
def test_nothing_that_is_kept_is_ever_deleted(found: set[int], kept: set[int]) -> None:
    """And everything else is."""
    names = {number: f"greenlight-production-v{number}{MARK}" for number in found | kept}
    deleted = choose_configurations("greenlight", [names[n] for n in found], [names[n] for n in kept])
    assert set(deleted) == {names[number] for number in found - kept}


@pytest.fixture
def account(table: Any) -> Any:
    """Five releases: version 5 on staging and arriving, version 4 before it, version 3 the recorded champion."""
    sagemaker = client("sagemaker")
    for version in range(1, 6):
        model = f"greenlight-v{version}{MARK}"
        sagemaker.create_model(ModelName=model, ExecutionRoleArn="arn:aws:iam::123456789012:role/endpoint-role-name")
        for stage in ("staging", "production"):
            sagemaker.create_endpoint_config(
                EndpointConfigName=f"greenlight-{stage}-v{version}{MARK}",
                ProductionVariants=[
                    {
                        "VariantName": "main",
                        "ModelName": model,
                        "InitialInstanceCount": 1,
                        "InstanceType": "ml.m5.large",
                    }
                ],
            )
    for stage, version in (("staging", 5), ("production", 5)):
        sagemaker.create_endpoint(
            EndpointName=f"greenlight-{stage}", EndpointConfigName=f"greenlight-{stage}-v{version}{MARK}"
        )
    table.put_item(Item={**released.CHAMPION, "production_configuration": f"greenlight-production-v3{MARK}"})
    table.put_item(Item={**released.LOCK, "execution": ME})
    return sagemaker


def left(sagemaker: Any) -> tuple[set[str], set[str]]:
    """The configurations and models that are still there."""
    return (
        {item["EndpointConfigName"] for item in sagemaker.list_endpoint_configs(MaxResults=100)["EndpointConfigs"]},
        {item["ModelName"] for item in sagemaker.list_models(MaxResults=100)["Models"]},
    )


def test_only_what_nothing_needs_is_deleted(account: Any, table: Any, context: Context) -> None:
    """Live, previous and the champion's stay, with the models they serve; the lock is given back."""
    done = function.handler({"plan": PLAN}, context)
    kept_configurations, kept_models = left(account)
    assert kept_configurations == {
        f"greenlight-staging-v5{MARK}",
        f"greenlight-production-v5{MARK}",
        f"greenlight-production-v4{MARK}",
        f"greenlight-production-v3{MARK}",
    }
    assert kept_models == {f"greenlight-v{version}{MARK}" for version in (3, 4, 5)}
    assert len(done["deleted_configurations"]) == 6
    assert done["lock_released"] is True
    assert "Item" not in table.get_item(Key={"id": "release-lock"})


def test_cleaning_up_twice_is_harmless(account: Any, context: Context) -> None:
    """The state may be retried."""
    function.handler({"plan": PLAN}, context)
    before = left(account)
    again = function.handler({"plan": PLAN}, context)
    assert again == {"deleted_configurations": [], "deleted_models": [], "lock_released": False}
    assert left(account) == before


def test_models_of_a_component_stay_and_an_endpoint_of_its_own_too(
    account: Any, table: Any, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Served, previous and the champion's, which are models; where production moved, the old endpoint serves on."""
    table.put_item(Item={**released.CHAMPION, "production_configuration": f"greenlight-v3{MARK}"})
    described = {"Specification": {"ModelName": f"greenlight-v1{MARK}"}}
    monkeypatch.setattr(
        function.sagemaker, "describe_inference_component", lambda InferenceComponentName: described, raising=False
    )
    shared = {"component": "greenlight-production", "production_endpoint": "vision-shared"}
    function.handler({"plan": {**PLAN, **shared, "previous_configuration": f"greenlight-v2{MARK}"}}, context)
    kept_configurations, kept_models = left(account)
    assert kept_configurations == {f"greenlight-staging-v5{MARK}", f"greenlight-production-v5{MARK}"}
    assert kept_models == {f"greenlight-v{version}{MARK}" for version in (1, 2, 3, 5)}


def test_a_live_configuration_stays_whatever_the_plan_says(account: Any, context: Context) -> None:
    """An endpoint that went back to an old configuration serves from it."""
    account.delete_endpoint(EndpointName="greenlight-production")
    account.create_endpoint(EndpointName="greenlight-production", EndpointConfigName=f"greenlight-production-v1{MARK}")
    function.handler({"plan": PLAN}, context)
    kept_configurations, kept_models = left(account)
    assert f"greenlight-production-v1{MARK}" in kept_configurations
    assert f"greenlight-v1{MARK}" in kept_models


def test_alarms_that_stopped_releases_left_go_and_no_others(account: Any, context: Context) -> None:
    """A stopped machine deletes nothing; the stack's own alarms, and those of people, stay."""
    left_over = [f"greenlight-production-v{version}{MARK}-{what}" for version in (1, 5) for what in ALARMS]
    others = [
        "greenlight-production-5xx",
        "greenlight-production-v1-by-hand",
        f"greenlight-two-production-v1{MARK}-errors",
    ]
    cloudwatch = client("cloudwatch")
    for name in (*left_over, *others):
        cloudwatch.put_metric_alarm(
            AlarmName=name,
            Namespace="AWS/SageMaker",
            MetricName="Invocation5XXErrors",
            Statistic="Sum",
            Period=60,
            EvaluationPeriods=1,
            Threshold=1,
            ComparisonOperator="GreaterThanOrEqualToThreshold",
        )
    function.handler({"plan": PLAN}, context)
    assert {alarm["AlarmName"] for alarm in cloudwatch.describe_alarms()["MetricAlarms"]} == set(others)


def test_without_the_lock_nothing_is_deleted(account: Any, table: Any, context: Context) -> None:
    """Another release is under way, and the lock stays its own."""
    table.put_item(Item={**released.LOCK, "execution": "another"})
    before = left(account)
    assert function.handler({"plan": PLAN}, context)["lock_released"] is False
    assert left(account) == before
    assert table.get_item(Key={"id": "release-lock"})["Item"]["execution"] == "another"


@pytest.mark.parametrize(
    "half",
    [
        {key: value for key, value in released.CHAMPION.items() if key != "production_configuration"},
        {"id": "release-lock"},
    ],
    ids=["champion", "lock"],
)
def test_a_record_that_is_not_whole_stops_the_deleting(
    account: Any, table: Any, context: Context, half: dict[str, Any]
) -> None:
    """What it no longer says may be what is live, or who may delete."""
    table.put_item(Item=half)
    before = left(account)
    with pytest.raises(ContractError):
        function.handler({"plan": PLAN}, context)
    assert left(account) == before


def test_without_a_plan_nothing_is_deleted(account: Any, context: Context) -> None:
    """Nor with half of one."""
    before = left(account)
    for event in ({}, {"plan": {key: value for key, value in PLAN.items() if key != "previous_configuration"}}):
        with pytest.raises(ContractError):
            function.handler(event, context)
    assert left(account) == before


def test_an_endpoint_that_cannot_be_read_stops_the_deleting(account: Any, context: Context) -> None:
    """Not knowing what is live is no permission to delete."""
    before = left(account)
    with Stubber(function.sagemaker) as stub:
        stub.add_client_error("describe_endpoint", "ThrottlingException")
        with pytest.raises(ClientError):
            function.handler({"plan": PLAN}, context)
    assert left(account) == before
