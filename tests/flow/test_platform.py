"""A stack with everything that a platform team asks for, through a run and a release, with IAM enforced."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests import documents
from tests.flow.conftest import deployed
from tests.flow.driver import Ended, Flow
from tests.stand_in import StandIn
from workflow.stack import buckets

BUCKET = "vision-data"
TAGS = {"team": "vision", "cost center": "42"}
BOUNDARY = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Action": "*", "Resource": "*"},
        {"Effect": "Deny", "Action": "iam:CreateUser", "Resource": "*"},
    ],
}
"""Everything but users."""


def read_policy(bucket: str) -> Any:
    """The policy that the README gives for a bucket of one's own."""
    (text,) = re.findall(r"```json\n([^`]*KeepModels[^`]*)```", documents.read("infra/README.md"))
    return json.loads(text.replace("BUCKET", bucket))


def prepare(stand_in: StandIn) -> dict[str, Any]:
    """The account as its platform team left it: a network, a key, a boundary; and what the stack is told of them."""
    ec2 = stand_in.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    subnets = [ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.9.{n}.0/24")["Subnet"]["SubnetId"] for n in range(2)]
    group = ec2.create_security_group(VpcId=vpc, GroupName="jobs", Description="jobs")["GroupId"]
    key = stand_in.client("kms").create_key(Description="the customer's")["KeyMetadata"]["Arn"]
    s3 = stand_in.client("s3")
    s3.create_bucket(Bucket=BUCKET)
    s3.put_bucket_policy(Bucket=BUCKET, Policy=json.dumps(read_policy(BUCKET)))
    s3.put_bucket_encryption(Bucket=BUCKET, ServerSideEncryptionConfiguration={"Rules": [buckets.encryption_rule(key)]})
    s3.create_bucket(Bucket="access-logs")
    boundary = stand_in.client("iam").create_policy(PolicyName="boundary", PolicyDocument=json.dumps(BOUNDARY))
    return {
        "parameters": {
            "SubnetIds": ",".join(subnets),
            "SecurityGroupIds": group,
            "KeyArn": key,
            "ExistingBucket": BUCKET,
            "AccessLogBucket": "access-logs",
            "PermissionsBoundary": boundary["Policy"]["Arn"],
            "RolePath": "/vision/",
        },
        "tags": TAGS,
    }


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flow]:
    """Such a stack."""
    with deployed(tmp_path_factory.mktemp("state"), "--iam", prepare=prepare) as flow:
        yield flow


@pytest.fixture(scope="module")
def given(platform: Flow) -> dict[str, str]:
    """The parameters that the stack has."""
    (stack,) = platform.stand_in.client("cloudformation").describe_stacks(StackName="greenlight")["Stacks"]
    return {item["ParameterKey"]: item["ParameterValue"] for item in stack["Parameters"]}


@pytest.fixture(scope="module")
def ended(platform: Flow) -> Ended:
    """A run that searched, on several instances, and was released."""
    ended = platform.build(platform.upload(), tune=True, tuning_jobs=1, prepare_instances=2)
    assert ended.status == "SUCCEEDED", ended.cause
    return ended


def network(given: dict[str, str]) -> dict[str, list[str]]:
    """The stack's VpcConfig."""
    return {"Subnets": given["SubnetIds"].split(","), "SecurityGroupIds": [given["SecurityGroupIds"]]}


def described(platform: Flow, noun: str, plural: str | None = None) -> list[dict[str, Any]]:
    """Everything of one kind that there is, each with its tags."""
    api = platform.sagemaker
    snake = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in noun)
    listed = getattr(api, f"list{snake}s")()
    (summaries,) = (value for key, value in listed.items() if isinstance(value, list))
    assert summaries, f"there is no {noun}"
    found = []
    for summary in summaries:
        one = getattr(api, f"describe{snake}")(**{f"{noun}Name": summary[f"{noun}Name"]})
        tags = api.list_tags(ResourceArn=one[f"{noun}Arn"])["Tags"]
        found.append({**one, "tags": {tag["Key"]: tag["Value"] for tag in tags}})
    return found


JOBS = ("ProcessingJob", "TrainingJob", "HyperParameterTuningJob")


@pytest.mark.parametrize("noun", [*JOBS, "Model", "EndpointConfig", "Endpoint"])
def test_everything_a_run_creates_carries_the_project_the_run_and_the_stacks_tags(
    platform: Flow, ended: Ended, noun: str
) -> None:
    """The trainings of a search are SageMaker's own to create and to tag; they bear those of the search on AWS."""
    for one in described(platform, noun):
        if "TuningJobArn" not in one:
            assert one["tags"].pop("run"), one
            assert one["tags"] == {"project": "greenlight", **TAGS}, one


def test_every_job_and_model_is_in_the_network(platform: Flow, ended: Ended, given: dict[str, str]) -> None:
    """And has no way out of its container."""
    for job in described(platform, "ProcessingJob"):
        assert job["NetworkConfig"]["VpcConfig"] == network(given)
        assert job["NetworkConfig"]["EnableNetworkIsolation"] is True
        several = job["ProcessingResources"]["ClusterConfig"]["InstanceCount"] > 1
        assert job["NetworkConfig"].get("EnableInterContainerTrafficEncryption", False) or not several
    for one in (*described(platform, "TrainingJob"), *described(platform, "Model")):
        assert one["VpcConfig"] == network(given)
        assert one["EnableNetworkIsolation"] is True
    (search,) = described(platform, "HyperParameterTuningJob")
    assert search["TrainingJobDefinition"]["VpcConfig"] == network(given)


def test_what_jobs_write_and_every_volume_that_takes_a_key_is_under_the_stacks(
    platform: Flow, ended: Ended, given: dict[str, str]
) -> None:
    """The training's instance, ml.g5, brings encrypted disks along."""
    key = given["KeyArn"]
    for job in described(platform, "ProcessingJob"):
        assert job["ProcessingOutputConfig"]["KmsKeyId"] == key
        assert job["ProcessingResources"]["ClusterConfig"]["VolumeKmsKeyId"] == key
    for job in described(platform, "TrainingJob"):
        assert job["OutputDataConfig"]["KmsKeyId"] == key
        assert "VolumeKmsKeyId" not in job["ResourceConfig"]
    for configuration in described(platform, "EndpointConfig"):
        assert configuration["KmsKeyId"] == key


def test_a_training_without_a_search_is_fitted_out_alike(platform: Flow, ended: Ended, given: dict[str, str]) -> None:
    """On an instance whose volume takes the key."""
    other = platform.build(platform.upload(), decision="nothing", training_instance="ml.m5.xlarge", approval_hours=0.01)
    assert other.error == "Approval.Expired"
    (job,) = (job for job in described(platform, "TrainingJob") if "TuningJobArn" not in job)
    assert job["VpcConfig"] == network(given)
    assert job["ResourceConfig"]["VolumeKmsKeyId"] == job["OutputDataConfig"]["KmsKeyId"] == given["KeyArn"]
    assert job["tags"] == {"project": "greenlight", "run": other.arn.rpartition(":")[2], **TAGS}


def test_every_role_is_bounded_and_lies_at_the_path(platform: Flow, given: dict[str, str]) -> None:
    """As the account's IAM tells it."""
    iam = platform.stand_in.client("iam")
    roles = iam.list_roles(PathPrefix="/vision/")["Roles"]
    assert len(roles) >= 17
    for role in roles:
        bounded = iam.get_role(RoleName=role["RoleName"])["Role"]["PermissionsBoundary"]
        assert bounded["PermissionsBoundaryArn"] == given["PermissionsBoundary"]


def test_every_function_is_in_the_network_with_its_variables_under_the_key(
    platform: Flow, given: dict[str, str]
) -> None:
    """As Lambda tells it."""
    functions = platform.stand_in.client("lambda").list_functions()["Functions"]
    assert len(functions) >= 13
    for function in functions:
        assert function["VpcConfig"]["SubnetIds"] == given["SubnetIds"].split(",")
        assert function["KMSKeyArn"] == given["KeyArn"]


def test_the_bucket_that_was_there_is_the_stacks_and_keeps_its_policy(platform: Flow, ended: Ended) -> None:
    """What a run wrote lies in it, and the judged model can be deleted by nobody; the code bucket's log is kept."""
    s3 = platform.storage
    assert platform.stack.bucket == BUCKET
    (archive,) = s3.list_objects_v2(Bucket=BUCKET, Prefix=f"models/{ended.output['gate']['archive_digest']}/")[
        "Contents"
    ]
    with pytest.raises(ClientError, match="AccessDenied"):
        s3.delete_object(Bucket=BUCKET, Key=archive["Key"])
    assert json.loads(s3.get_bucket_policy(Bucket=BUCKET)["Policy"]) == read_policy(BUCKET)
    logged = s3.get_bucket_logging(Bucket="greenlight-code-000000000000-us-east-1")["LoggingEnabled"]
    assert (logged["TargetBucket"], logged["TargetPrefix"]) == ("access-logs", "greenlight/")


def test_storage_is_under_the_key(platform: Flow, given: dict[str, str]) -> None:
    """Both buckets, the table, the topic, the queue, the registries and the logs."""
    client, key = platform.stand_in.client, given["KeyArn"]
    for bucket in (platform.stack.bucket, given["CodeBucket"]):
        rules = client("s3").get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"]
        assert rules[0]["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}
    table = client("dynamodb").describe_table(TableName=platform.stack.table)["Table"]
    assert table["SSEDescription"]["KMSMasterKeyArn"] == key
    topic = client("sns").get_topic_attributes(TopicArn=platform.stack.topic_arn)["Attributes"]
    assert topic["KmsMasterKeyId"] == key
    for repository in client("ecr").describe_repositories()["repositories"]:
        assert repository["encryptionConfiguration"] == {"encryptionType": "KMS", "kmsKey": key}
    groups = client("logs").describe_log_groups(logGroupNamePrefix="/aws/lambda/")["logGroups"]
    assert groups
    assert {group["kmsKeyId"] for group in groups} == {key}
