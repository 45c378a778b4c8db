"""A machine of one account that works in another, and what has to be allowed for that: as strict as AWS."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.infra.local.machines import Machines
from tests.infra.local.sagemaker.requests import CONTAINER
from tests.stand_in import StandIn

pytestmark = pytest.mark.standin

HERE, THERE = "000000000000", "222222222222"
MACHINE = f"arn:aws:iam::{HERE}:role/machine"
RELEASE = f"arn:aws:iam::{THERE}:role/release"
ENDPOINT = f"arn:aws:iam::{THERE}:role/endpoint"
IMAGE = f"{HERE}.dkr.ecr.us-east-1.amazonaws.com/fake"
PULL = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
OF_THE_ENDPOINT = {"Principal": {"AWS": THERE}, "Condition": {"ArnEquals": {"aws:PrincipalArn": ENDPOINT}}}


def policy(*statements: dict[str, Any]) -> str:
    """A policy that allows."""
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **one} for one in statements]})


class Accounts:
    """Two accounts that share one model: a machine here creates it there. ``take`` takes one grant away."""

    def __init__(self, stand_in: StandIn) -> None:
        self.machines = Machines(stand_in)
        self.stand_in = stand_in
        self.iam_here, self.iam_there = stand_in.client("iam"), stand_in.client("iam", account=THERE)
        self.s3, self.ecr = stand_in.client("s3"), stand_in.client("ecr")
        self.kms = stand_in.client("kms")
        self.key = self.kms.create_key(Description="of models")["KeyMetadata"]["Arn"]
        self.s3.create_bucket(Bucket="shared")
        self.s3.put_object(Bucket="shared", Key="models/model.tar.gz", Body=b"an archive")
        under_the_key = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": self.key}
        self.s3.put_object(Bucket="shared", Key="models/encrypted", Body=b"an archive", **under_the_key)
        self.ecr.create_repository(repositoryName="fake")
        trusts = policy({"Principal": {"Service": "states.amazonaws.com"}, "Action": "sts:AssumeRole"})
        self.iam_here.create_role(RoleName="machine", AssumeRolePolicyDocument=trusts)
        self.iam_there.create_role(RoleName="release", AssumeRolePolicyDocument=trusts)
        serves = {"Principal": {"Service": "sagemaker.amazonaws.com"}, "Action": "sts:AssumeRole"}
        people = {"Principal": {"AWS": THERE}, "Action": "sts:AssumeRole"}
        self.iam_there.create_role(RoleName="endpoint", AssumeRolePolicyDocument=policy(serves, people))
        self.arn = self.create()
        self.give()

    def create(self, role: str = ENDPOINT) -> str:
        """The machine whose one state creates a model with a role."""
        source = {"S3Uri": "s3://shared/models/model.tar.gz", "S3DataType": "S3Object", "CompressionType": "Gzip"}
        state = {
            "Type": "Task",
            "Resource": "arn:aws:states:::aws-sdk:sagemaker:createModel",
            "Credentials": {"RoleArn.$": "$.role"},
            "Parameters": {
                "ModelName.$": "$$.Execution.Name",
                "ExecutionRoleArn": role,
                "PrimaryContainer": {"Image": f"{IMAGE}:1", "ModelDataSource": {"S3DataSource": source}},
            },
            "End": True,
        }
        made = self.machines.sfn.create_state_machine(
            name=self.machines.name("machine"),
            definition=json.dumps({"StartAt": "Create", "States": {"Create": state}}),
            roleArn=MACHINE,
        )
        return str(made["stateMachineArn"])

    def give(self) -> None:
        """Everything that has to be allowed."""
        self.put_here({"Action": "sts:AssumeRole", "Resource": RELEASE})
        self.trust(self.arn)
        model = f"arn:aws:sagemaker:us-east-1:{THERE}:model/*"
        self.may_create = {"Action": "sagemaker:CreateModel", "Resource": model}
        self.may_pass = {"Action": "iam:PassRole", "Resource": ENDPOINT}
        self.put_there("release", self.may_create, self.may_pass)
        self.may_read = {"Action": "s3:GetObject", "Resource": "arn:aws:s3:::shared/models/*"}
        self.may_pull = {"Action": PULL, "Resource": f"arn:aws:ecr:us-east-1:{HERE}:repository/fake"}
        self.may_decrypt = {"Action": "kms:Decrypt", "Resource": self.key}
        self.put_there("endpoint", self.may_read, self.may_pull, self.may_decrypt)
        self.share(policy({**self.may_read, **OF_THE_ENDPOINT}))
        self.ecr.set_repository_policy(repositoryName="fake", policyText=policy({"Action": PULL, **OF_THE_ENDPOINT}))

    def share(self, document: str) -> None:
        """The bucket's policy."""
        self.s3.put_bucket_policy(Bucket="shared", Policy=document)

    def trust(self, machine: str) -> None:
        """Have the role there trust the machine's role here, with a machine's ARN as external id."""
        condition = {"StringEquals": {"sts:ExternalId": machine}, "ArnEquals": {"aws:PrincipalArn": MACHINE}}
        trust = policy({"Principal": {"AWS": HERE}, "Action": "sts:AssumeRole", "Condition": condition})
        self.iam_there.update_assume_role_policy(RoleName="release", PolicyDocument=trust)

    def put_here(self, *statements: dict[str, Any]) -> None:
        """What the machine's role may do."""
        self.iam_here.put_role_policy(RoleName="machine", PolicyName="all", PolicyDocument=policy(*statements))

    def put_there(self, role: str, *statements: dict[str, Any]) -> None:
        """What a role of the other account may do."""
        self.iam_there.put_role_policy(RoleName=role, PolicyName="all", PolicyDocument=policy(*statements))

    def run(self, machine: str = "", role: str = RELEASE) -> dict[str, Any]:
        """How an execution ended."""
        return self.machines.end(self.machines.start(machine or self.arn, {"role": role}))


@pytest.fixture(scope="module")
def accounts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Accounts]:
    """Two such accounts on a stand-in that enforces policies."""
    with StandIn(tmp_path_factory.mktemp("state"), {"fake": CONTAINER}, options=("--iam",)) as stand_in:
        yield Accounts(stand_in)


def models(accounts: Accounts, account: str = "") -> set[str]:
    """The models that an account has."""
    listed = accounts.stand_in.client("sagemaker", account=account).list_models()["Models"]
    return {one["ModelName"] for one in listed}


def test_a_state_works_in_the_account_of_the_role_that_it_assumes(accounts: Accounts) -> None:
    """The history tells as whom; here there is nothing."""
    ended = accounts.run()
    assert ended["status"] == "SUCCEEDED", ended
    name = json.loads(ended["output"])["ModelArn"].rpartition("/")[2]
    assert json.loads(ended["output"])["ModelArn"].split(":")[4] == THERE
    assert name in models(accounts, THERE)
    assert models(accounts) == set()
    (scheduled,) = (e for e in accounts.machines.events(ended["executionArn"]) if e["type"] == "TaskScheduled")
    assert scheduled["taskScheduledEventDetails"]["taskCredentials"] == {"roleArn": RELEASE}


ASSUME = "is not authorized to assume the task state's role"
READ = "Could not access model data at s3://shared/models/model.tar.gz"
PULLING = "does not have BatchGetImage permission for the image"
TAKEN: dict[str, tuple[Callable[[Accounts], None], str]] = {
    "trust": (lambda a: a.trust(a.arn + "-other"), ASSUME),
    "assuming": (lambda a: a.put_here({"Action": "sts:AssumeRole", "Resource": RELEASE + "-other"}), ASSUME),
    "creating": (lambda a: a.put_there("release", a.may_pass), "not authorized to perform: sagemaker:CreateModel"),
    "passing": (lambda a: a.put_there("release", a.may_create), "not authorized to perform: iam:PassRole"),
    "reading": (lambda a: a.put_there("endpoint", a.may_pull), READ),
    "pulling": (lambda a: a.put_there("endpoint", a.may_read), PULLING),
    "bucket": (lambda a: a.s3.delete_bucket_policy(Bucket="shared"), READ),
    "bucket for another": (
        lambda a: a.share(
            policy({**a.may_read, **OF_THE_ENDPOINT, "Condition": {"ArnEquals": {"aws:PrincipalArn": RELEASE}}})
        ),
        READ,
    ),
    "repository": (lambda a: a.ecr.delete_repository_policy(repositoryName="fake"), PULLING),
}


@pytest.mark.parametrize("grant", TAKEN)
def test_with_one_grant_less_nothing_is_created(accounts: Accounts, grant: str) -> None:
    """In either account, and the state says which."""
    take, said = TAKEN[grant]
    before = models(accounts, THERE)
    take(accounts)
    try:
        ended = accounts.run()
    finally:
        accounts.give()
    assert ended["status"] == "FAILED"
    assert said in ended["cause"]
    assert models(accounts, THERE) == before


def test_no_role_is_passed_to_another_account(accounts: Accounts) -> None:
    """Not even by who may pass it; AWS knows no such thing."""
    machine = accounts.create(MACHINE)
    accounts.trust(machine)
    accounts.put_there("release", accounts.may_create, {"Action": "iam:PassRole", "Resource": MACHINE})
    try:
        ended = accounts.run(machine)
    finally:
        accounts.give()
    assert "Cross-account pass role is not allowed." in ended["cause"]


def test_a_role_that_is_not_there_cannot_be_assumed(accounts: Accounts) -> None:
    """Nor one of that name in another account."""
    for role in (RELEASE.replace("release", "nobody"), RELEASE.replace(THERE, "333333333333")):
        assert ASSUME in accounts.run(role=role)["cause"]


def test_what_is_under_a_key_is_read_from_another_account_if_the_key_says_so(accounts: Accounts) -> None:
    """Beside the bucket, and beside what the role itself may."""
    session = accounts.stand_in.client("sts", account=THERE).assume_role(RoleArn=ENDPOINT, RoleSessionName="reads")
    given = session["Credentials"]
    s3 = accounts.stand_in.client(
        "s3",
        aws_access_key_id=given["AccessKeyId"],
        aws_secret_access_key=given["SecretAccessKey"],
        aws_session_token=given["SessionToken"],
    )
    assert s3.get_object(Bucket="shared", Key="models/model.tar.gz")["Body"].read() == b"an archive"
    with pytest.raises(ClientError, match="kms:Decrypt"):
        s3.get_object(Bucket="shared", Key="models/encrypted")
    document = json.loads(accounts.kms.get_key_policy(KeyId=accounts.key, PolicyName="default")["Policy"])
    document["Statement"].append({"Effect": "Allow", "Action": "kms:Decrypt", "Resource": "*", **OF_THE_ENDPOINT})
    accounts.kms.put_key_policy(KeyId=accounts.key, PolicyName="default", Policy=json.dumps(document))
    assert s3.get_object(Bucket="shared", Key="models/encrypted")["Body"].read() == b"an archive"


def test_each_account_remembers_what_it_has_over_a_restart(tmp_path: Path) -> None:
    """And no other shows it. Without enforcement a bucket of another account is as open as one's own."""
    for _ in ("made", "found"):
        with StandIn(tmp_path, {"fake": CONTAINER}) as stand_in:
            for account in (HERE, THERE):
                api = stand_in.client("sagemaker", account=account)
                name = f"of-{account}"
                if not api.list_models()["Models"]:
                    role = f"arn:aws:iam::{account}:role/serves"
                    document = policy({"Principal": {"Service": "sagemaker.amazonaws.com"}, "Action": "sts:AssumeRole"})
                    stand_in.client("iam", account=account).create_role(
                        RoleName="serves", AssumeRolePolicyDocument=document
                    )
                    stand_in.client("s3", account=account).create_bucket(Bucket=name)
                    archive = f"s3://of-{HERE}/model.tar.gz"
                    stand_in.client("s3", account=account).put_object(
                        Bucket=f"of-{HERE}", Key="model.tar.gz", Body=b"an archive"
                    )
                    source = {"S3Uri": archive, "S3DataType": "S3Object", "CompressionType": "Gzip"}
                    api.create_model(
                        ModelName=name,
                        ExecutionRoleArn=role,
                        PrimaryContainer={"Image": "fake", "ModelDataSource": {"S3DataSource": source}},
                    )
                assert [one["ModelName"] for one in api.list_models()["Models"]] == [name]
