"""What a platform team asks of the template: its key, its boundary and path for roles, its network, its bucket."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from tests.infra import template as read
from tests.infra.template import Json

KEY = "arn:aws:kms:us-east-1:123456789012:key/1234abcd"
BOUNDARY = "arn:aws:iam::123456789012:policy/boundary"
OURS = {"Ref": "KeyArn"}


@pytest.fixture(scope="module")
def plain() -> Json:
    """A stack of which nothing was asked."""
    return read.resolved()


@pytest.fixture(scope="module")
def keyed() -> Json:
    """A stack with a key of the customer's."""
    return read.resolved(KeyArn=KEY)


def statements(template: Json, role: str) -> dict[str, Json]:
    """A role's statements by their Sid."""
    (policy,) = template["Resources"][role]["Properties"]["Policies"]
    return {statement["Sid"]: statement for statement in policy["PolicyDocument"]["Statement"]}


# --- one key for all that is stored --------------------------------------------------------------------


KEYED: dict[str, tuple[str, ...]] = {
    "AWS::DynamoDB::Table": ("SSESpecification", "KMSMasterKeyId"),
    "AWS::ECR::Repository": ("EncryptionConfiguration", "KmsKey"),
    "AWS::Lambda::Function": ("KmsKeyArn",),
    "AWS::Logs::LogGroup": ("KmsKeyId",),
    "AWS::SNS::Topic": ("KmsMasterKeyId",),
    "AWS::SQS::Queue": ("KmsMasterKeyId",),
}
"""Where each kind of resource that stores something names its key."""


@pytest.mark.parametrize("kind", KEYED)
def test_whatever_is_stored_is_under_the_key(keyed: Json, kind: str) -> None:
    """Every table, topic, queue, registry, log and every function's variables."""
    for name, properties in read.of_type(keyed, kind).items():
        value: Any = properties
        for part in KEYED[kind]:
            value = value[part]
        assert value == OURS, name


def test_the_bucket_is_under_the_key(keyed: Json) -> None:
    """With a bucket key, so that not each object asks KMS."""
    (rule,) = keyed["Resources"]["Bucket"]["Properties"]["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule == {
        "ServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": OURS},
        "BucketKeyEnabled": True,
    }


def test_without_a_key_nothing_names_one_and_no_role_may_use_one(plain: Json) -> None:
    """All is as it was before there was such a parameter."""
    assert '"KeyArn"' not in json.dumps(plain["Resources"])
    assert "UseTheKey" not in json.dumps(plain["Resources"])


def test_the_key_takes_the_place_of_the_topics_own(plain: Json, keyed: Json) -> None:
    """Which would be one more key to pay for."""
    assert "TopicKey" in plain["Resources"]
    assert "TopicKey" not in keyed["Resources"]
    assert "TopicKey" not in json.dumps(keyed["Resources"])


def test_every_role_that_touches_what_is_stored_may_use_the_key_and_no_other_role(keyed: Json) -> None:
    """A function reads at least its own variables; roles that only call something need no key."""
    may = {role for role in read.of_type(keyed, "AWS::IAM::Role") if "UseTheKey" in statements(keyed, role)}
    rest = {"ReleaseRole", "StageRole", "ChallengeRole", "BatchRole", "WatchScheduleRole"}
    assert set(read.of_type(keyed, "AWS::IAM::Role")) - may == rest
    assert all(statements(keyed, role)["UseTheKey"]["Resource"] == OURS for role in may)


def test_who_only_reads_may_not_encrypt(keyed: Json) -> None:
    """The watches over trainings and fleets write nothing under the key; endpoints, and who asks them, do."""
    only = {
        role for role in read.of_type(keyed, "AWS::IAM::Role")
        if statements(keyed, role).get("UseTheKey", {}).get("Action") == ["kms:Decrypt"]
    }  # fmt: skip
    assert only == {"WatchTrainingRole", "ScaleProductionRole"}


def test_grants_on_the_key_are_made_for_volumes_alone(keyed: Json) -> None:
    """By the jobs' roles, and by the machines that make endpoints and batches, and only for a service of AWS."""
    for role in read.of_type(keyed, "AWS::IAM::Role"):
        given = [s for s in statements(keyed, role).values() if "kms:CreateGrant" in read.as_list(s["Action"])]
        may = {"JobRole", "StageRole", "ChallengeRole", "BatchJobRole", "BatchRole"}
        assert len(given) == (role in may), role
        assert all(s["Condition"] == {"Bool": {"kms:GrantIsForAWSResource": "true"}} for s in given)


def test_the_machines_themselves_stay_under_awss_key(keyed: Json) -> None:
    """The events of a machine under a customer's key tell no error, and by its error a failure is told only once."""
    for machine in read.of_type(keyed, "AWS::StepFunctions::StateMachine").values():
        assert "EncryptionConfiguration" not in machine


# --- a bucket that was there before -----------------------------------------------------------------------


def test_a_bucket_that_was_there_is_used_and_left_alone(plain: Json) -> None:
    """The stack makes none and sets no policy; who names the bucket names the one that there is."""
    brought = read.resolved(ExistingBucket="vision-data")
    for kind in ("AWS::S3::Bucket", "AWS::S3::BucketPolicy"):
        assert read.of_type(plain, kind)
        assert not read.of_type(brought, kind)
    assert brought["Resources"]["BucketName"]["Properties"]["Value"] == {"Ref": "ExistingBucket"}
    assert plain["Resources"]["BucketName"]["Properties"]["Value"] == {"Ref": "Bucket"}


def test_nothing_but_its_policy_and_its_name_depends_on_the_stacks_own_bucket() -> None:
    """Whatever else named it would fail in a stack that has none."""
    template = read.load()
    kept = {
        name: item
        for name, item in template["Resources"].items()
        if name not in {"Bucket", "BucketPolicy", "BucketName"}
    }
    text = json.dumps({"Resources": kept, "Outputs": template["Outputs"]})
    assert not re.search(r'"Ref": "Bucket"|"Bucket", "Arn"|\$\{Bucket[.}]', text)
    assert "${BucketName.Value}" in text


def test_requests_to_the_bucket_are_logged_where_the_stack_is_told(plain: Json) -> None:
    """Off by default."""
    logged = read.resolved(AccessLogBucket="logs")["Resources"]["Bucket"]["Properties"]["LoggingConfiguration"]
    assert logged == {"DestinationBucketName": {"Ref": "AccessLogBucket"}, "LogFilePrefix": {"Fn::Sub": "${Project}/"}}
    assert "LoggingConfiguration" not in plain["Resources"]["Bucket"]["Properties"]


# --- roles ---------------------------------------------------------------------------------------------


def test_every_role_is_bounded_and_lies_at_the_path(plain: Json) -> None:
    """Also those of parts that are off by default; without a boundary none is named."""
    everything = {"PredictionApi": "key", "KeyArn": KEY, "RolePath": "/vision/"}
    for role in read.of_type(read.resolved(PermissionsBoundary=BOUNDARY, **everything), "AWS::IAM::Role").values():
        assert role["PermissionsBoundary"] == {"Ref": "PermissionsBoundary"}
        assert role["Path"] == {"Ref": "RolePath"}
    # A path that is named where none was would replace every role of a stack.
    for role in read.of_type(plain, "AWS::IAM::Role").values():
        assert not {"PermissionsBoundary", "Path"} & set(role)


# --- the network ---------------------------------------------------------------------------------------


NETWORK = {"SubnetIds": "subnet-0a,subnet-0b", "SecurityGroupIds": "sg-0c"}


def test_every_function_is_in_the_network_and_its_role_may_enter_it(plain: Json) -> None:
    """Lambda enters as the function's role; the function itself is denied it."""
    template = read.resolved(**NETWORK)
    for name, function in read.of_type(template, "AWS::Lambda::Function").items():
        assert function["VpcConfig"] == {
            "SubnetIds": {"Ref": "SubnetIds"},
            "SecurityGroupIds": {"Ref": "SecurityGroupIds"},
        }, name
        given = statements(template, function["Role"]["Fn::GetAtt"][0])
        assert given["LeaveTheNetworkToLambda"]["Effect"] == "Deny"
        assert given["LeaveTheNetworkToLambda"]["Action"] == given["EnterTheNetwork"]["Action"]
    assert "VpcConfig" not in json.dumps(plain["Resources"])
    assert "ec2:" not in json.dumps(plain["Resources"])


def test_jobs_and_endpoints_may_enter_the_network(plain: Json) -> None:
    """As SageMaker documents it for a container in a VPC."""
    for role in ("JobRole", "EndpointRole", "BatchJobRole"):
        actions = statements(read.resolved(**NETWORK), role)["EnterTheNetwork"]["Action"]
        assert {"ec2:CreateNetworkInterface", "ec2:CreateNetworkInterfacePermission", "ec2:DescribeVpcs"} <= set(
            actions
        )


@pytest.mark.parametrize(
    ("parameters", "file"),
    [({}, ""), (NETWORK, "-vpc"), ({"KeyArn": KEY}, "-key"), ({**NETWORK, "KeyArn": KEY}, "-vpc-key")],
)
def test_a_machine_is_the_one_that_was_fitted_out_for_the_stack(parameters: dict[str, str], file: str) -> None:
    """Each of the four lies beside the others."""
    for name, machine in read.of_type(read.resolved(**parameters), "AWS::StepFunctions::StateMachine").items():
        text, parts = machine["DefinitionS3Location"]["Key"]["Fn::Sub"]
        for part, value in parts.items():
            text = text.replace(f"${{{part}}}", value)
        assert text == f"${{CodePrefix}}/{name.removesuffix('Machine').lower()}{file}.asl.json"


ENDPOINTS = {
    "stepfunctions": "states",
    "sagemaker": "sagemaker.api",
    "sagemaker-runtime": "sagemaker.runtime",
    "cloudwatch": "monitoring",
    "service-quotas": "servicequotas",
}


def test_the_readme_names_the_vpc_endpoint_of_every_service_that_a_function_calls() -> None:
    """Without one, a function in a closed subnet waits until its time is over."""
    sources = [path.read_text() for path in (read.ROOT / "lambdas").rglob("*.py")]
    called = {name for text in sources for name in re.findall(r"boto3\.(?:client|resource)\(\"([\w-]+)\"", text)}
    assert {"s3", "kms"} <= called
    readme = (read.ROOT / "infra" / "README.md").read_text()
    (table,) = re.findall(r"\| endpoint `com\.amazonaws.*?\n\n", readme, re.DOTALL)
    # By the contract, which is given what makes clients.
    called.add("sts")
    assert {ENDPOINTS.get(name, name) for name in called} == set(re.findall(r"`([a-z0-9.-]+)`", table))
