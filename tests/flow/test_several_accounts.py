"""Built in one account, released into two others, with everything a platform team asks for and with IAM enforced."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests import documents
from tests.flow import test_platform
from tests.flow.conftest import deployed
from tests.flow.driver import Ended, Flow
from tests.stand_in import StandIn
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
def ended(flow: Flow) -> Ended:
    """A first run that was released."""
    ended = flow.build(flow.upload())
    assert ended.status == "SUCCEEDED", ended.cause
    return ended


def test_a_build_is_released_into_the_accounts_of_both_stages(
    flow: Flow, accounts: dict[str, Account], ended: Ended
) -> None:
    """Each has the endpoint of its stage and no other, and the account that builds has none."""
    for stage, account in accounts.items():
        listed = account.client("sagemaker").list_endpoints()["Endpoints"]
        assert [one["EndpointName"] for one in listed] == [f"greenlight-{stage}"]
        assert account.answer(f"greenlight-{stage}") == ended.output["gate"]["model_digest"]
    assert flow.sagemaker.list_endpoints()["Endpoints"] == []
