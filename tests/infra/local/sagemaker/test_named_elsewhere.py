"""Subnets, security groups and keys that a request names are those of the account."""

from __future__ import annotations

from typing import Any

import pytest

from infra.local.sagemaker.errors import ServiceError
from infra.local.sagemaker.service import SageMaker
from tests.infra.local.sagemaker.requests import ended, fresh, processing, training
from tests.stand_in import StandIn


@pytest.fixture(scope="module")
def network(stand_in: StandIn) -> dict[str, list[str]]:
    """A subnet and a security group that there are."""
    ec2 = stand_in.client("ec2")
    subnet = ec2.describe_subnets()["Subnets"][0]
    groups = ec2.describe_security_groups(Filters=[{"Name": "vpc-id", "Values": [subnet["VpcId"]]}])["SecurityGroups"]
    return {"Subnets": [subnet["SubnetId"]], "SecurityGroupIds": [groups[0]["GroupId"]]}


@pytest.fixture(scope="module")
def key(stand_in: StandIn) -> str:
    """A key that there is."""
    return str(stand_in.client("kms").create_key()["KeyMetadata"]["Arn"])


def test_a_job_in_the_accounts_network_and_under_its_key_says_so(
    service: SageMaker, network: dict[str, list[str]], key: str
) -> None:
    """As it was asked for, wherever in the request."""
    asked = processing(fresh("inside"))
    asked["NetworkConfig"] = {"VpcConfig": network, "EnableNetworkIsolation": True}
    asked["ProcessingOutputConfig"]["KmsKeyId"] = key
    asked["ProcessingResources"]["ClusterConfig"]["VolumeKmsKeyId"] = key
    service.call("CreateProcessingJob", asked)
    job = ended(service, "ProcessingJob", asked["ProcessingJobName"])
    assert job["ProcessingJobStatus"] == "Completed"
    assert job["NetworkConfig"]["VpcConfig"] == network
    assert job["ProcessingOutputConfig"]["KmsKeyId"] == key


@pytest.mark.parametrize(
    ("member", "value", "told"),
    [
        ("VpcConfig", {"Subnets": ["subnet-0123456789abcdef0"], "SecurityGroupIds": ["{group}"]}, "subnet-0123"),
        ("VpcConfig", {"Subnets": ["{subnet}"], "SecurityGroupIds": ["sg-0123456789abcdef0"]}, "sg-0123"),
        (
            "OutputDataConfig",
            {"S3OutputPath": "s3://b/", "KmsKeyId": "arn:aws:kms:us-east-1:000000000000:key/no"},
            "no",
        ),
    ],
)
def test_a_job_that_names_what_the_account_lacks_is_refused(
    service: SageMaker, network: dict[str, list[str]], member: str, value: dict[str, Any], told: str
) -> None:
    """At once, and not after its data were brought in."""
    known = {"{subnet}": network["Subnets"][0], "{group}": network["SecurityGroupIds"][0]}
    filled = {
        part: [known.get(name, name) for name in names] if isinstance(names, list) else names
        for part, names in value.items()
    }
    with pytest.raises(ServiceError, match=told):
        service.call("CreateTrainingJob", training(fresh("outside")) | {member: filled})


def test_no_key_is_taken_for_disks_that_an_instance_brings_along(service: SageMaker, key: str) -> None:
    """SageMaker refuses the request, so the plan must not make it."""
    resources = {"InstanceType": "ml.g5.xlarge", "InstanceCount": 1, "VolumeSizeInGB": 50, "VolumeKmsKeyId": key}
    with pytest.raises(ServiceError, match="VolumeKmsKeyId is not supported"):
        service.call("CreateTrainingJob", training(fresh("local")) | {"ResourceConfig": resources})
