"""The policies that deploying takes: whole, and no larger than what is called."""

from __future__ import annotations

import fnmatch
import json
import re

import pytest
from cfnlint.api import lint

from infra.local.gaps.stack_rights import KEY_RIGHTS, NETWORK_RIGHTS, RIGHTS
from tests.infra import policies, template
from tests.infra.template import ROOT
from workflow.contract.quotas import LISTINGS
from workflow.stack.parameters import PROJECT_LENGTH

BESIDE_THE_RESOURCES = {"s3:GetObject", "iam:PassRole"}
"""What CloudFormation does for a function and a machine: reads their code, and hands them their roles."""
BESIDE_THE_CALLS = {
    "cloudformation:TagResource": "a change set with tags",
    "cloudformation:UntagResource": "a change set without one of them",
    "ecr:BatchCheckLayerAvailability": "docker push",
    "ecr:BatchGetImage": "docker push, and the cache of a build",
    "ecr:CompleteLayerUpload": "docker push",
    "ecr:GetDownloadUrlForLayer": "the cache of a build",
    "ecr:InitiateLayerUpload": "docker push",
    "ecr:PutImage": "docker push",
    "ecr:UploadLayerPart": "docker push",
    "s3:DeleteObjectVersion": "delete_objects with versions",
    "s3:PutBucketOwnershipControls": "create_bucket with an ownership",
}
NOT_OF_DEPLOYING = {
    "sts:GetCallerIdentity": "AWS lets everybody",
    "sns:ConfirmSubscription": "on the stand-in alone, which reads the mail",
    "secretsmanager:CreateSecret": "the password of the demonstration's issuer",
    "secretsmanager:PutSecretValue": "the password of the demonstration's issuer",
}
CALLED = {
    "budgets:CreateBudget": "budgets:ModifyBudget",
    "budgets:DeleteBudget": "budgets:ModifyBudget",
    "budgets:UpdateBudget": "budgets:ModifyBudget",
    "lambda:Invoke": "lambda:InvokeFunction",
    "s3:CopyObject": "s3:PutObject",
    "s3:DeleteObjects": "s3:DeleteObject",
    "s3:HeadBucket": "s3:ListBucket",
    "s3:HeadObject": "s3:GetObject",
    "servicequotas:ListAwsDefaultServiceQuotas": "servicequotas:ListAWSDefaultServiceQuotas",
    "s3:ListObjectVersions": "s3:ListBucketVersions",
    "s3:ListObjectsV2": "s3:ListBucket",
    "s3:PutBucketEncryption": "s3:PutEncryptionConfiguration",
    "s3:PutPublicAccessBlock": "s3:PutBucketPublicAccessBlock",
}
"""Operations whose action has another name."""
SERVICES = {"stepfunctions": "states", "sagemaker-runtime": "sagemaker"}


def test_cloudformation_may_do_what_the_template_s_resources_take_and_no_more() -> None:
    """For every type in the template, whether it is made, changed or deleted."""
    kinds = {item["Type"] for item in template.load()["Resources"].values()}
    assert kinds == set(RIGHTS)
    needed = {
        action
        for rights in RIGHTS.values()
        for verb in ("create", "update", "delete")
        for action in rights.actions(verb)
    }
    allowed = policies.actions(policies.load("cloudformation"))
    for action in needed | BESIDE_THE_RESOURCES:
        assert any(fnmatch.fnmatch(action, pattern) for pattern in allowed), action
    for pattern in allowed:
        assert any(fnmatch.fnmatch(action, pattern) for action in needed | BESIDE_THE_RESOURCES), pattern


def test_whoever_deploys_may_do_what_the_command_calls_and_no_more() -> None:
    """Read from the calls themselves; an image is checked in a stand-in, and an account by who administers it.

    And a demonstration goes round its loop on a stand-in alone.
    """
    others = {"images", "account_check", "loop"}
    texts = [path.read_text() for path in (ROOT / "workflow").rglob("*.py") if path.parent.name not in others]
    called = {
        (SERVICES.get(service, service), "".join(part.capitalize() for part in operation.split("_")))
        for text in texts
        for service, operation in re.findall(r"\.(?:call|pages)\(\s*\"([\w-]+)\",\s*\"(\w+)\"", text)
    }
    names = {f"{service}:{name}" for service, name in called}
    names |= {"sagemaker:ListEndpointConfigs", "sagemaker:ListModels"}  # listed by a name that is made up
    names |= {"sagemaker:DeleteEndpointConfig", "sagemaker:DeleteModel"}
    names |= {"servicequotas:" + "".join(part.capitalize() for part in name.split("_")) for name in LISTINGS}
    needed = {CALLED.get(name, name) for name in names} - set(NOT_OF_DEPLOYING)
    assert policies.actions(policies.load("deploy")) - set(BESIDE_THE_CALLS) == needed


def test_the_options_are_what_a_key_and_a_network_take() -> None:
    """And no more."""
    allowed = policies.actions(policies.load("options"))
    needed = {*KEY_RIGHTS, *NETWORK_RIGHTS}
    assert {action.removesuffix("*") for action in allowed} == needed


@pytest.mark.parametrize("name", ["deploy", "cloudformation", "datasets", "labelling"])
def test_a_policy_can_be_attached_and_names_the_project(name: str) -> None:
    """AWS limits how long one is, whatever is filled in; only calls without a resource of their own may be on all."""
    for file in policies.files(name):
        text = policies.filled(file, "a" * PROJECT_LENGTH, "ap-southeast-5")
        assert len("".join(text.split())) <= policies.LONGEST_POLICY, file
    for statement in policies.load(name)["Statement"]:
        resources = statement["Resource"] if isinstance(statement["Resource"], list) else [statement["Resource"]]
        # Of a mapping IAM knows the function that it calls.
        if "*" in resources and "lambda:FunctionArn" not in statement.get("Condition", {}).get("ArnLike", {}):
            assert statement["Sid"] in {
                "LogInToTheImageRegistry",
                "ReadTheQuotas",
                "FindWhatRunsMade",
                "MakeKeys",
                "NoResource",
            }
        assert not any(action.endswith(":*") for action in policies.actions({"Statement": [statement]}))


def findings(actions: set[str]) -> list[str]:
    """What cfn-lint says of a policy with these actions: among other things, of one that its service does not have."""
    statement = {"Effect": "Allow", "Action": sorted(actions), "Resource": "*"}
    document = {"Version": "2012-10-17", "Statement": [statement]}
    managed = {"Type": "AWS::IAM::ManagedPolicy", "Properties": {"PolicyDocument": document}}
    return [str(match) for match in lint(json.dumps({"Resources": {"Policy": managed}}), regions=["us-east-1"])]


@pytest.mark.parametrize("name", ["deploy", "cloudformation", "options", "datasets", "labelling"])
def test_every_action_of_a_policy_is_one_that_aws_knows(name: str) -> None:
    """IAM takes a policy whose action is misspelt, and allows nothing by it."""
    actions = policies.actions(policies.load(name))
    assert findings(actions) == []
    assert findings({*actions, "sagemaker:DescribeModels"})
