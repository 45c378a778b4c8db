"""The two templates of stages in accounts of their own fit each other, and give no more than is called there."""

from __future__ import annotations

import functools
import json
import re
from typing import Any

import pytest

from tests.infra import template as read
from tests.infra.template import Json
from tests.infra.test_machine_permissions import required
from workflow.contract.stage_accounts import STAGES
from workflow.stack.definitions import fit_out

ACCOUNTS = {"StagingAccount": "222222222222", "ProductionAccount": "333333333333"}
ROLES = {
    "StageRole": "stage",
    "PlanReleaseRole": "plan-release",
    "SmokeTestRole": "smoke-test",
    "CleanUpRole": "clean-up",
    "WatchProductionRole": "watch-production",
}
"""Who reaches a stage, in both templates, and the end of the name of its role there."""
OF_ENDPOINTS = ("sagemaker:", "cloudwatch:")


@pytest.fixture(scope="module")
def build() -> Json:
    """The stack that builds, whose stages are elsewhere."""
    return read.resolved(**ACCOUNTS)


@functools.cache
def stage(name: str, **parameters: Any) -> Json:
    """The stack of one stage's account."""
    return read.resolved(read.OF_A_STAGE, Stage=name, BuildAccount="111111111111", Bucket="models", **parameters)


@functools.cache
def alone(**parameters: Any) -> Json:
    """A stack whose stages are in its own account."""
    return read.resolved(**parameters)


def held(template: Json, role: str) -> dict[str, list[Any]]:
    """What a role may do: action to resources."""
    found: dict[str, list[Any]] = {}
    for grant in read.grants(template):
        if grant.role == role:
            for action in grant.actions:
                found.setdefault(action, []).extend(grant.resources)
    return found


@pytest.mark.parametrize("role", ROLES)
def test_whoever_reached_endpoints_here_assumes_a_role_there_instead(build: Json, role: str) -> None:
    """Of either stage, and none of its own rights on endpoints is left; with one account it assumes nothing."""
    assert [item["Fn::Sub"].partition(":iam::")[2] for item in held(build, role)["sts:AssumeRole"]] == [
        f"${{{name.capitalize()}Account}}:role${{RolePath}}${{Project}}-{name}-{ROLES[role]}" for name in STAGES
    ]
    left = {action for action in held(build, role) if action.startswith(OF_ENDPOINTS)}
    assert left <= {"sagemaker:DescribeModelPackage"}
    assert "sts:AssumeRole" not in held(alone(), role)
    assert {name for name in held(build, "PlanRunRole") if name.startswith("sts:")} == set()
    assert "EndpointRole" not in build["Resources"]


@pytest.mark.parametrize("role", [role for role in ROLES if role != "StageRole"])
def test_the_roles_of_both_stages_may_together_what_one_account_grants(role: str) -> None:
    """No right is missing there, and none is more than here; a stage in another account answers at once."""
    here = {action for action in held(alone(ProductionHours=1), role) if action.startswith(OF_ENDPOINTS)}
    there = set().union(*(held(stage(name), role) for name in STAGES))
    assert there == here - {"sagemaker:DescribeModelPackage", "sagemaker:InvokeEndpointAsync"}


@pytest.mark.parametrize("name", STAGES)
def test_the_machine_s_role_may_do_what_its_states_call_there_and_nothing_else(name: str) -> None:
    """By the definition that such a stack is deployed with."""
    plain = json.loads((read.ROOT / "workflow" / "machines" / "stage.asl.json").read_text())
    states = fit_out(plain, vpc=True, key=True, accounts=True)["States"].values()
    needed = set().union(*(required(state) for state in states if "Credentials" in state))
    if name == "staging":
        # Alarms watch production alone.
        needed = {action for action in needed if not action.startswith("cloudwatch:")}
    key = "arn:aws:kms:us-east-1:222222222222:key/1"
    assert set(held(stage(name, KeyArn=key), "StageRole")) == needed | {"kms:CreateGrant"}
    assert "kms:CreateGrant" not in held(stage(name), "StageRole")


@pytest.mark.parametrize("role", ROLES)
def test_a_role_trusts_one_role_of_the_releases_alone(role: str) -> None:
    """By its name, which CloudFormation begins with stack and logical id, and with a machine as external id.

    Step Functions gives that of the machine itself, a function that of the releases.
    """
    (trust,) = read.of_type(stage("staging"), "AWS::IAM::Role")[role]["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == {"AWS": {"Ref": "BuildAccount"}}
    assert trust["Condition"]["StringEquals"]["sts:ExternalId"]["Fn::Sub"].endswith(
        f":${{BuildAccount}}:stateMachine:${{Project}}-{'stage' if role == 'StageRole' else 'release'}"
    )
    arn = trust["Condition"]["ArnLike"]["aws:PrincipalArn"]["Fn::Sub"]
    assert arn.endswith(f"iam::${{BuildAccount}}:role${{RolePath}}${{Project}}-{role}-*")
    assert role in read.of_type(alone(), "AWS::IAM::Role")


def test_models_and_images_are_shared_with_both_endpoints_alone(build: Json) -> None:
    """For reading; what runs wrote, and the images of trainings, are not."""
    statements = build["Resources"]["BucketPolicy"]["Properties"]["PolicyDocument"]["Statement"]
    (models,) = (one for one in statements if one["Effect"] == "Allow")
    assert (models["Action"], models["Resource"]) == ("s3:GetObject", {"Fn::Sub": "${Bucket.Arn}/models/*"})
    (images,) = build["Resources"]["ServingRepository"]["Properties"]["RepositoryPolicyText"]["Statement"]
    assert "RepositoryPolicyText" not in build["Resources"]["TrainingRepository"]["Properties"]
    endpoints = read.of_type(stage("staging"), "AWS::IAM::Role")["EndpointRole"]["RoleName"]["Fn::Sub"]
    for shared in (models, images):
        assert shared["Principal"] == {"AWS": [{"Ref": name} for name in ACCOUNTS]}
        named = [item["Fn::Sub"].rpartition("}${")[2] for item in shared["Condition"]["ArnEquals"]["aws:PrincipalArn"]]
        assert named == [f"Project}}-{name}-endpoint" for name in STAGES]
    assert endpoints == "${Project}-${Stage}-endpoint"


def test_with_one_account_nothing_is_shared() -> None:
    """All is as it was before there was such a parameter."""
    text = json.dumps(alone()["Resources"])
    assert "StagingAccount" not in text
    assert "RepositoryPolicyText" not in text
    assert '"Effect": "Allow", "Principal": {"AWS"' not in json.dumps(alone()["Resources"]["BucketPolicy"])


def test_the_definition_is_the_one_for_several_accounts(build: Json) -> None:
    """With the network and the key of the stages, whatever the stack's own are."""
    machine = build["Resources"]["StageMachine"]["Properties"]
    assert machine["DefinitionS3Location"]["Key"]["Fn::Sub"][0].startswith("${CodePrefix}/stage-accounts")
    networked = read.resolved(
        **ACCOUNTS, ProductionSubnetIds="subnet-1", ProductionKeyArn="key", StagingKeyArn="key", SubnetIds="subnet-2"
    )
    location = networked["Resources"]["StageMachine"]["Properties"]["DefinitionS3Location"]
    assert location["Key"]["Fn::Sub"][1] == {"Vpc": "-vpc", "Key": "-key"}


def test_every_placeholder_of_the_definition_is_filled_in(build: Json) -> None:
    """Or it would be deployed as it is written."""
    plain = json.loads((read.ROOT / "workflow" / "machines" / "stage.asl.json").read_text())
    text = json.dumps(fit_out(plain, vpc=True, key=True, accounts=True))
    given = read.load()["Resources"]["StageMachine"]["Properties"]["DefinitionSubstitutions"]
    assert set(re.findall(r"\$\{(\w+)\}", text)) <= set(given)


@pytest.mark.parametrize("name", STAGES)
def test_what_a_stage_s_stack_creates_is_bounded_tagged_and_under_its_key(name: str) -> None:
    """As the platform team of that account asks."""
    bounded = stage(name, PermissionsBoundary="arn:b", RolePath="/vision/", KeyArn="arn:k")
    for properties in read.of_type(bounded, "AWS::IAM::Role").values():
        assert properties["PermissionsBoundary"] == {"Ref": "PermissionsBoundary"}
        assert properties["Path"] == {"Ref": "RolePath"}
    (log,) = read.of_type(bounded, "AWS::Logs::LogGroup").values()
    assert log["KmsKeyId"] == {"Ref": "KeyArn"}
    assert log["LogGroupName"]["Fn::Sub"] == "/aws/sagemaker/Endpoints/${Project}-${Stage}"
    assert all(item["Properties"]["Tags"] for item in bounded["Resources"].values())
    assert bool(read.of_type(bounded, "AWS::CloudWatch::Alarm")) == (name == "production")
