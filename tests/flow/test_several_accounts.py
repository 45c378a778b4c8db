"""Built in one account, released into two others, with everything a platform team asks for and with IAM enforced."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests import documents
from tests.flow import test_platform
from tests.flow.conftest import deployed
from tests.flow.driver import Ended, Flow
from tests.stand_in import StandIn
from workflow.clients import AwsCloud
from workflow.stack.doctor import OK, examine
from workflow.stack.stage_account import deploy_account

BUILD = "000000000000"
ACCOUNTS = {"staging": "222222222222", "production": "333333333333"}


def read_policy(word: str, **names: str) -> Any:
    """A policy that the README gives, by a word that only it has, with its placeholders filled in."""
    (text,) = re.findall(rf"```json\n([^`]*{word}[^`]*)```", documents.read("infra/README.md"))
    for placeholder, value in names.items():
        text = text.replace(placeholder, value)
    return json.loads(text)


def network(stand_in: StandIn, account: str) -> dict[str, str]:
    """A network of an account: its subnets and its security group, as parameters."""
    ec2 = stand_in.client("ec2", account=account)
    vpc = ec2.create_vpc(CidrBlock="10.8.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.8.1.0/24")["Subnet"]["SubnetId"]
    group = ec2.create_security_group(VpcId=vpc, GroupName="endpoints", Description="endpoints")["GroupId"]
    return {"SubnetIds": subnet, "SecurityGroupIds": group}


def prepare(stand_in: StandIn) -> dict[str, Any]:
    """Three accounts, each with a network, a key and a boundary; data and models in a bucket that was there before."""
    given = test_platform.prepare(stand_in)
    parameters = given["parameters"]
    share(stand_in, parameters["KeyArn"])
    with pytest.MonkeyPatch.context() as environment:
        for stage, account in ACCOUNTS.items():
            key = stand_in.client("kms", account=account).create_key(Description="the stage's")["KeyMetadata"]["Arn"]
            boundary = stand_in.client("iam", account=account).create_policy(
                PolicyName="boundary", PolicyDocument=json.dumps(test_platform.BOUNDARY)
            )["Policy"]["Arn"]
            environment.setenv("AWS_ACCESS_KEY_ID", account)
            deploy_account(
                "greenlight",
                stage,
                BUILD,
                parameters={
                    "Bucket": test_platform.BUCKET,
                    "ModelKeyArn": parameters["KeyArn"],
                    "KeyArn": key,
                    "InVpc": "yes",
                    "PermissionsBoundary": boundary,
                    "RolePath": parameters["RolePath"],
                },
                tags=test_platform.TAGS,
            )
            of_stage = {"Account": account, "KeyArn": key, **network(stand_in, account)}
            parameters |= {f"{stage.capitalize()}{name}": value for name, value in of_stage.items()}
    return given


def share(stand_in: StandIn, key: str) -> None:
    """Let the endpoints of both accounts read models, in the bucket and under the key, as the README says."""
    names = {
        "BUCKET": test_platform.BUCKET,
        "STAGING": ACCOUNTS["staging"],
        "PRODUCTION": ACCOUNTS["production"],
        "BUILD": BUILD,
        "rolePATH": "role/vision/",
        "PROJECT": "greenlight",
    }
    s3, kms = stand_in.client("s3"), stand_in.client("kms")
    policy = json.loads(s3.get_bucket_policy(Bucket=test_platform.BUCKET)["Policy"])
    policy["Statement"].append(read_policy("LetEndpointsOfOtherAccountsReadModels", **names))
    s3.put_bucket_policy(Bucket=test_platform.BUCKET, Policy=json.dumps(policy))
    policy = json.loads(kms.get_key_policy(KeyId=key, PolicyName="default")["Policy"])
    policy["Statement"].append(read_policy("LetEndpointsOfOtherAccountsDecrypt", **names))
    kms.put_key_policy(KeyId=key, PolicyName="default", Policy=json.dumps(policy))


@dataclass(frozen=True)
class Account:
    """What a stage's account shows its own people."""

    flow: Flow
    number: str

    def client(self, service: str) -> Any:
        """A client of that account."""
        return self.flow.stand_in.client(service, account=self.number)

    def answer(self, endpoint: str) -> str:
        """The digest of the model that an endpoint there answers with."""
        said = self.client("sagemaker-runtime").invoke_endpoint(
            EndpointName=endpoint, ContentType="image/jpeg", Body=b"picture"
        )
        return str(json.loads(said["Body"].read())["model_digest"])


@pytest.fixture(scope="module")
def flow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flow]:
    """Such a stack."""
    with deployed(tmp_path_factory.mktemp("state"), "--iam", prepare=prepare) as shared:
        yield shared


@pytest.fixture(scope="module")
def accounts(flow: Flow) -> dict[str, Account]:
    """The accounts of both stages."""
    return {stage: Account(flow, number) for stage, number in ACCOUNTS.items()}


@pytest.fixture(scope="module")
def first(flow: Flow) -> Ended:
    """A first run that was released."""
    ended = flow.build(flow.upload())
    assert ended.status == "SUCCEEDED", ended.cause
    return ended


@pytest.fixture(scope="module")
def second(flow: Flow, first: Ended) -> Ended:
    """Another, which production moved to under its alarms."""
    ended = flow.build(flow.upload())
    assert ended.status == "SUCCEEDED", ended.cause
    return ended


@contextmanager
def distrust(account: Account, role: str) -> Iterator[None]:
    """Have a role of an account trust the releases no more, for a while."""
    iam = account.client("iam")
    trust = iam.get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"]
    text = json.dumps(trust)
    iam.update_assume_role_policy(RoleName=role, PolicyDocument=text.replace(":greenlight-", ":another-"))
    try:
        yield
    finally:
        iam.update_assume_role_policy(RoleName=role, PolicyDocument=text)


def test_a_build_is_released_into_the_accounts_of_both_stages(
    flow: Flow, accounts: dict[str, Account], first: Ended
) -> None:
    """Each has the endpoint of its stage and no other, and the account that builds has none."""
    for stage, account in accounts.items():
        listed = account.client("sagemaker").list_endpoints()["Endpoints"]
        assert [one["EndpointName"] for one in listed] == [f"greenlight-{stage}"]
        assert account.answer(f"greenlight-{stage}") == first.output["gate"]["model_digest"]
    for kind in ("endpoints", "models", "endpoint_configs"):
        (found,) = (value for value in getattr(flow.sagemaker, f"list_{kind}")().values() if isinstance(value, list))
        assert found == []


def test_what_serves_in_an_account_is_fitted_out_by_its_platform_team(
    flow: Flow, accounts: dict[str, Account], first: Ended
) -> None:
    """Network, key, role and tags; whoever created it was the role that the release assumes there."""
    (stack,) = flow.stand_in.client("cloudformation").describe_stacks(StackName="greenlight")["Stacks"]
    given = {item["ParameterKey"]: item["ParameterValue"] for item in stack["Parameters"]}
    for stage, account in accounts.items():
        api = account.client("sagemaker")
        endpoint = api.describe_endpoint(EndpointName=f"greenlight-{stage}")
        configuration = api.describe_endpoint_config(EndpointConfigName=endpoint["EndpointConfigName"])
        (variant,) = configuration["ProductionVariants"]
        model = api.describe_model(ModelName=variant["ModelName"])
        assert configuration["KmsKeyId"] == given[f"{stage.capitalize()}KeyArn"]
        assert model["VpcConfig"]["Subnets"] == [given[f"{stage.capitalize()}SubnetIds"]]
        assert model["ExecutionRoleArn"] == f"arn:aws:iam::{account.number}:role/vision/greenlight-{stage}-endpoint"
        tags = {tag["Key"]: tag["Value"] for tag in api.list_tags(ResourceArn=endpoint["EndpointArn"])["Tags"]}
        assert tags.pop("run")
        assert tags == {"project": "greenlight", **test_platform.TAGS}


def test_production_is_brought_back_to_the_version_before(
    flow: Flow, accounts: dict[str, Account], first: Ended, second: Ended
) -> None:
    """By a release like any other. What no version needs is deleted in both accounts, and no alarm is left."""
    production = accounts["production"]
    (latest, *_) = flow.machines.list_executions(stateMachineArn=flow.stack.release_machine_arn)["executions"]
    assert "Watch the errors" in flow.states(latest["executionArn"])
    assert production.answer("greenlight-production") == second.output["gate"]["model_digest"]
    back = flow.end(flow.start({"model_package_arn": first.output["package"]["arn"]}, "release"))
    assert back.status == "SUCCEEDED", back.cause
    assert production.answer("greenlight-production") == first.output["gate"]["model_digest"]
    assert len(production.client("sagemaker").list_models()["Models"]) == 2
    assert len(accounts["staging"].client("sagemaker").list_models()["Models"]) == 1
    alarms = production.client("cloudwatch").describe_alarms(AlarmNamePrefix="greenlight-production-v")
    assert alarms["MetricAlarms"] == []


@pytest.mark.parametrize(
    ("role", "error", "reached"),
    [
        ("greenlight-production-plan-release", "Release.Refused", "Plan the release"),
        ("greenlight-production-stage", "Production.Failed", "Create the production model"),
    ],
    ids=["function", "machine"],
)
def test_without_trust_a_release_ends_and_says_so_and_production_is_untouched(
    flow: Flow, accounts: dict[str, Account], second: Ended, role: str, error: str, reached: str
) -> None:
    """Before anything is touched where a function is refused; in front of production where the machine is."""
    production = accounts["production"]
    before = production.answer("greenlight-production")
    with distrust(production, role):
        ended = flow.end(flow.start({"model_package_arn": second.output["package"]["arn"]}, "release"))
        told = {one.what: one for one in examine(AwsCloud(), "greenlight", {})}
    assert (ended.status, ended.error) == ("FAILED", error)
    assert role in ended.cause
    assert "assume" in ended.cause
    assert reached in ended.states
    assert production.answer("greenlight-production") == before
    assert told["account of staging"].state == OK
    assert (role in told["account of production"].said) == ("plan-release" in role)


def test_nothing_else_of_the_account_that_builds_gets_in(flow: Flow, accounts: dict[str, Account]) -> None:
    """Neither a role of a run's, nor the right one without the machine's ARN, nor its root."""
    sts, iam = flow.stand_in.client("sts"), flow.stand_in.client("iam")
    role = f"arn:aws:iam::{ACCOUNTS['production']}:role/vision/greenlight-production-clean-up"
    names = [one["RoleName"] for one in iam.list_roles(PathPrefix="/vision/")["Roles"]]
    assert any("CleanUpRole" in name for name in names)
    with pytest.raises(ClientError, match="AccessDenied"):
        sts.assume_role(RoleArn=role, RoleSessionName="me", ExternalId=flow.stack.release_machine_arn)
