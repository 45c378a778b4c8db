"""The account's quotas: listed by Service Quotas, and enforced by SageMaker and Lambda as AWS does."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.infra.local.sagemaker.requests import BUCKET, CONTAINER, ROLE, processing, training
from tests.stand_in import StandIn

NONE, ONE = "ml.g5.xlarge for training job usage", "ml.m5.xlarge for processing job usage"


@pytest.fixture(scope="module")
def stand_in(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandIn]:
    """A fresh account: no training on ml.g5, few instances for processing, a Lambda limit of ten."""
    given = (f"{NONE}=0", f"{ONE}=1", "Concurrent executions=10")
    options = tuple(word for quota in given for word in ("--quota", quota))
    with StandIn(tmp_path_factory.mktemp("state"), {"fake": CONTAINER}, options=options) as running:
        running.client("s3").create_bucket(Bucket=BUCKET)
        running.role(ROLE)
        yield running


def listed(stand_in: StandIn, operation: str) -> dict[str, dict[str, Any]]:
    """Every quota of SageMaker by its name, from all pages."""
    pages = stand_in.client("service-quotas").get_paginator(operation).paginate(ServiceCode="sagemaker")
    return {quota["QuotaName"]: quota for page in pages for quota in page["Quotas"]}


def test_service_quotas_tells_what_applies_and_what_is_the_default(stand_in: StandIn) -> None:
    """Under AWS's own names, which say the instance type and what it is used for."""
    applied, usual = listed(stand_in, "list_service_quotas"), listed(stand_in, "list_aws_default_service_quotas")
    assert applied[NONE]["Value"] == 0
    assert usual[NONE]["Value"] > 0
    assert applied["ml.g5.xlarge for spot training job usage"]["Value"] > 0
    assert applied["ml.c7i.xlarge for endpoint usage"]["Value"] > 0
    one = stand_in.client("service-quotas").get_service_quota(
        ServiceCode="sagemaker", QuotaCode=applied[NONE]["QuotaCode"]
    )
    assert one["Quota"] == applied[NONE]


def test_a_training_over_the_quota_is_refused_in_sagemakers_own_words(stand_in: StandIn) -> None:
    """The words are what a machine and a person read: that the limit is 0, and whose it is."""
    request = training("over")
    request["ResourceConfig"]["InstanceType"] = "ml.g5.xlarge"
    with pytest.raises(ClientError) as caught:
        stand_in.client("sagemaker").create_training_job(**request)
    assert caught.value.response["Error"]["Code"] == "ResourceLimitExceeded"
    said = caught.value.response["Error"]["Message"]
    assert f"The account-level service limit '{NONE}' is 0 Instances, with current utilization of 0 Instances" in said


def test_two_instances_for_processing_are_more_than_one(stand_in: StandIn) -> None:
    """Instances are counted, not jobs."""
    request = processing("wide")
    request["ProcessingResources"]["ClusterConfig"] |= {"InstanceType": "ml.m5.xlarge", "InstanceCount": 2}
    with pytest.raises(ClientError, match=r"is 1 Instances, with .* of 0 Instances and a request delta of 2 Instances"):
        stand_in.client("sagemaker").create_processing_job(**request)


def test_lambda_reserves_nothing_in_an_account_with_a_limit_of_ten(stand_in: StandIn) -> None:
    """AWS keeps a hundred for all other functions: ten leave nothing to reserve, by the API and by a template."""
    functions = stand_in.client("lambda")
    assert functions.get_account_settings()["AccountLimit"]["ConcurrentExecutions"] == 10
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as content:
        content.writestr("main.py", "def handler(event, context): return 1\n")
    role = "arn:aws:iam::000000000000:role/any"
    made = {"Runtime": "python3.12", "Handler": "main.handler", "Role": role}
    functions.create_function(FunctionName="one", Code={"ZipFile": archive.getvalue()}, **made)
    with pytest.raises(ClientError, match=r"below its minimum value of \[100\]"):
        functions.put_function_concurrency(FunctionName="one", ReservedConcurrentExecutions=1)
    properties = {**made, "FunctionName": "two", "ReservedConcurrentExecutions": 5, "Code": {"ZipFile": "x = 1"}}
    template = {"Resources": {"Two": {"Type": "AWS::Lambda::Function", "Properties": properties}}}
    stacks = stand_in.client("cloudformation")
    stacks.create_stack(StackName="two", TemplateBody=json.dumps(template))
    with pytest.raises(Exception, match=r"stack_create_complete|Stack"):
        stacks.get_waiter("stack_create_complete").wait(StackName="two", WaiterConfig={"Delay": 1, "MaxAttempts": 20})
    events = stacks.describe_stack_events(StackName="two")["StackEvents"]
    assert any("minimum value of [100]" in event.get("ResourceStatusReason", "") for event in events)
