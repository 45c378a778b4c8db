"""Whoever deploys has the rights that are written down for it, and no others; IAM is enforced."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.flow.conftest import ANY_FIGURE, IMAGES, WAIT_SCALE
from tests.flow.driver import Flow
from tests.flow.test_platform import prepare
from tests.infra import policies
from tests.stand_in import StandIn
from workflow.clients import AwsCloud
from workflow.contract.stage_accounts import STAGES
from workflow.errors import GreenlightError
from workflow.runs.start import start_run
from workflow.stack.deploy import deploy
from workflow.stack.destroy import destroy
from workflow.stack.stage_account import deploy_account


@pytest.fixture(scope="module")
def governed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandIn]:
    """A stand-in that enforces IAM."""
    images = {name.replace("greenlight", "one"): folder for name, folder in IMAGES.items()}
    with StandIn(tmp_path_factory.mktemp("state"), images=images, wait_scale=WAIT_SCALE, options=("--iam",)) as running:
        yield running


def become(stand_in: StandIn, environment: pytest.MonkeyPatch, name: str, *documents: dict[str, Any]) -> None:
    """Be a user with these policies and nothing else from now on."""
    iam = stand_in.client("iam")
    iam.create_user(UserName=name)
    for number, document in enumerate(documents):
        iam.put_user_policy(UserName=name, PolicyName=f"p{number}", PolicyDocument=json.dumps(document))
    key = iam.create_access_key(UserName=name)["AccessKey"]
    for variable, value in stand_in.environment().items():
        environment.setenv(variable, value)
    environment.setenv("AWS_ACCESS_KEY_ID", key["AccessKeyId"])
    environment.setenv("AWS_SECRET_ACCESS_KEY", key["SecretAccessKey"])


def go_all_the_way(stand_in: StandIn, project: str) -> None:
    """Deploy twice, run, release and remove, as whoever the environment says."""
    first = deploy(project, defaults=ANY_FIGURE)
    stand_in.subscribe(first.topic_arn, "ada@example.com")
    stack = deploy(project, tags={"team": "vision"}, parameters={"ScheduleState": "ENABLED", "DataStarts": "settled"})
    flow = Flow(stand_in, stack)
    execution = start_run(AwsCloud(), stack.build_machine_arn, {"dataset": flow.upload()})
    flow.answer(execution, "approve")
    ended = flow.end(execution)
    assert ended.status == "SUCCEEDED", ended.cause
    assert destroy(project)
    assert not stand_in.client("s3").list_buckets()["Buckets"]


def test_with_both_policies_one_deploys_runs_releases_and_removes(
    governed: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is missing in them."""
    become(governed, monkeypatch, "both", policies.load("deploy", "one"), policies.load("cloudformation", "one"))
    go_all_the_way(governed, "one")


@pytest.mark.parametrize("stage", STAGES)
def test_with_both_policies_one_makes_an_account_ready_for_a_stage(
    governed: StandIn, monkeypatch: pytest.MonkeyPatch, stage: str
) -> None:
    """They are the same there, with that account's number in them."""
    given = policies.load("deploy", "seven"), policies.load("cloudformation", "seven")
    become(governed, monkeypatch, f"of-{stage}", *given)
    deploy_account("seven", stage, "111111111111")
    deploy_account("seven", stage, "", parameters={"LogRetentionDays": "30"})
    roles = {role["RoleName"] for role in governed.client("iam").list_roles()["Roles"]}
    assert {f"seven-{stage}-{name}" for name in ("stage", "endpoint", "clean-up")} <= roles


def test_with_a_role_for_cloudformation_whoever_deploys_needs_no_rights_on_resources(
    governed: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The role is named once, and CloudFormation remembers it."""
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "cloudformation.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ],
    }
    iam = governed.client("iam")
    role = iam.create_role(RoleName="cloudformation", AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
    document = json.dumps(policies.load("cloudformation", "two"))
    iam.put_role_policy(RoleName="cloudformation", PolicyName="resources", PolicyDocument=document)
    hand_over = {"Effect": "Allow", "Action": "iam:PassRole", "Resource": role}
    pass_it = {"Version": "2012-10-17", "Statement": [hand_over]}
    become(governed, monkeypatch, "deployer", policies.load("deploy", "two"), pass_it)
    deploy("two", role_arn=role)
    deploy("two", parameters={"ScheduleState": "ENABLED"})
    assert destroy("two")


def test_a_key_and_a_network_take_the_options_beside_both_policies(
    governed: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without them a stack with both cannot be made, and with them it can."""
    parameters: dict[str, str] = prepare(governed)["parameters"]
    both = [policies.load("deploy", "six"), policies.load("cloudformation", "six", path=parameters["RolePath"])]
    options = json.loads(json.dumps(policies.load("options")).replace("KEY", parameters["KeyArn"]))
    become(governed, monkeypatch, "without", *both)
    with pytest.raises(GreenlightError, match=r"not authorized to perform: (kms:CreateGrant|ec2:Describe)"):
        deploy("six", parameters=parameters)
    become(governed, monkeypatch, "with", *both, options)
    deploy("six", parameters=parameters)


@pytest.mark.parametrize(
    ("project", "lacking", "told"),
    [
        ("three", None, "not authorized to perform"),
        ("four", "lambda:CreateFunction", "lambda:CreateFunction on resource: .*function:four-"),
        ("five", "iam:PassRole", "iam:PassRole on resource: .*role/five-"),
    ],
)
def test_a_right_that_lacks_fails_the_resource_that_takes_it(
    governed: StandIn, monkeypatch: pytest.MonkeyPatch, project: str, lacking: str | None, told: str
) -> None:
    """So that the policies above are proven to be asked; the reason names action and resource."""
    rights = policies.load("cloudformation", project)
    for statement in rights["Statement"]:
        if isinstance(statement["Action"], list):
            statement["Action"] = [action for action in statement["Action"] if action != lacking]
    rights["Statement"] = [item for item in rights["Statement"] if item["Action"] != lacking]
    given = [policies.load("deploy", project), *([rights] if lacking else [])]
    become(governed, monkeypatch, project, *given)
    with pytest.raises(GreenlightError, match=f"(?s){told}"):
        deploy(project)
