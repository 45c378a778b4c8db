"""Each function's role holds what its code calls and nothing else; every other role what its service does with it."""

from __future__ import annotations

import functools
import json
from typing import Any

import pytest

from tests.infra import template as read
from tests.infra.calls import SESSION, Call, calls, text_keys
from tests.infra.template import Json

TO_A_STAGE: Call = ("sts", "assume_role")
"""What reaching the account of a stage takes: the contract makes that client of what it is given."""
NAMED_AT_RUN_TIME: dict[str, set[Call]] = {
    "clean_up": {("sagemaker", "delete_endpoint_config"), ("sagemaker", "delete_model"), TO_A_STAGE},
    "gate_metrics": {("sagemaker", "list_processing_jobs"), ("sagemaker", "list_training_jobs")},
    "notify": {("sagemaker", "list_processing_jobs"), ("sagemaker", "list_training_jobs")},
    "plan_release": {TO_A_STAGE},
    "smoke_test": {TO_A_STAGE},
    "watch_production": {TO_A_STAGE},
}
"""Operations whose names a function puts together."""

PREFIXES = {"stepfunctions": "states", "sagemaker-runtime": "sagemaker", "service-quotas": "servicequotas"}
ACTIONS = {
    ("s3", "copy"): {
        *("s3:GetObject", "s3:PutObject", "s3:AbortMultipartUpload"),
        # Of a large object boto3 copies the parts and then the tags, of a small one S3 copies both.
        *("s3:GetObjectTagging", "s3:PutObjectTagging"),
    },
    ("lambda", "invoke"): {"lambda:InvokeFunction"},
    ("s3", "copy_object"): {"s3:GetObject", "s3:PutObject"},
    ("s3", "list_objects_v2"): {"s3:ListBucket"},
    ("s3", "list_object_versions"): {"s3:ListBucketVersions"},
    ("service-quotas", "list_aws_default_service_quotas"): {"servicequotas:ListAWSDefaultServiceQuotas"},
}
"""Operations that take other actions than the one of their name."""
TRANSACTION = {
    "Put": "dynamodb:PutItem",
    "Update": "dynamodb:UpdateItem",
    "Delete": "dynamodb:DeleteItem",
    "ConditionCheck": "dynamodb:ConditionCheckItem",
}
"""What each part of a transaction takes."""

OF_THE_SERVICE = ("logs:", "xray:", "ec2:")
BESIDE_THE_CALLS = {
    "s3:ListBucket": "an object that is not there is a 404; without this it is a 403",
    "kms:Decrypt": "the stack's key, where it has one: the function's variables, and whatever it reads",
    "kms:DescribeKey": "the stack's key: the table",
    "kms:Encrypt": "the stack's key: the table",
    "kms:GenerateDataKey*": "the stack's key: what is written and published",
}
ASKED_FOR_THE_CALLER = "Application Auto Scaling asks with the caller's rights"
OF_ONE_FUNCTION = {
    ("NotifyRole", "sqs:SendMessage"): "Lambda keeps an event that the function failed at",
    ("KeepCapturedRole", "sqs:SendMessage"): "Lambda keeps an event that the function failed at",
    (
        "ScaleProductionRole",
        "sagemaker:UpdateEndpointWeightsAndCapacities",
    ): ASKED_FOR_THE_CALLER,
    ("ScaleProductionRole", "cloudwatch:DescribeAlarms"): ASKED_FOR_THE_CALLER,
    ("ScaleProductionRole", "cloudwatch:DeleteAlarms"): ASKED_FOR_THE_CALLER,
    (
        "ScaleProductionRole",
        "iam:CreateServiceLinkedRole",
    ): "an account's first fleet that is followed makes its role",
    ("NoteVersionRole", "sagemaker:AddTags"): "an artifact is made with tags",
    ("ServeComponentRole", "sagemaker:AddTags"): "a component and an endpoint are made with tags",
    ("ServeComponentRole", "iam:PassRole"): "the shared endpoint's configuration names its role",
    ("ServeComponentRole", "cloudwatch:TagResource"): "an alarm is made with tags",
    ("ServeComponentRole", "cloudwatch:DescribeAlarms"): "SageMaker looks at a deployment's alarms as its caller",
    ("ServeComponentRole", "kms:CreateGrant"): "the stack's key: the shared endpoint's volumes",
    ("PlanRunRole", "s3:GetObjectVersion"): "a copy of what an object was",
    ("PlanRunRole", "s3:GetObjectVersionTagging"): "a copy of what an object was",
    ("StartRunRole", "sqs:SendMessage"): "Lambda keeps a start that the function failed at",
    ("StartRunRole", "sqs:ReceiveMessage"): "Lambda takes what is told of new data",
    ("StartRunRole", "sqs:DeleteMessage"): "Lambda takes what is told of new data",
    ("StartRunRole", "sqs:GetQueueAttributes"): "Lambda takes what is told of new data",
}

SEES_THE_BUCKET = "the channels and outputs of a job"
PULLS = "its image"
NETWORK = "a container in the network"
NETWORK_ACTIONS = (
    *("CreateNetworkInterface", "CreateNetworkInterfacePermission", "DeleteNetworkInterface"),
    *("DeleteNetworkInterfacePermission", "DescribeDhcpOptions", "DescribeNetworkInterfaces"),
    *("DescribeSecurityGroups", "DescribeSubnets", "DescribeVpcs"),
)
CONTAINER = {
    "s3:GetObject": SEES_THE_BUCKET,
    "s3:ListBucket": SEES_THE_BUCKET,
    "s3:GetBucketLocation": SEES_THE_BUCKET,
    "ecr:GetAuthorizationToken": PULLS,
    "ecr:BatchCheckLayerAvailability": PULLS,
    "ecr:BatchGetImage": PULLS,
    "ecr:GetDownloadUrlForLayer": PULLS,
    "logs:CreateLogGroup": "its log",
    "logs:CreateLogStream": "its log",
    "logs:DescribeLogStreams": "its log",
    "logs:PutLogEvents": "its log",
    "cloudwatch:PutMetricData": "its use of processor, memory, disk and GPU",
    "kms:Decrypt": "the stack's key",
    **{f"ec2:{action}": NETWORK for action in NETWORK_ACTIONS},
}
"""What the execution role of a container is documented to need ("How to use SageMaker AI execution roles")."""
OTHER_ROLES: dict[str, dict[str, str]] = {
    "JobRole": {
        **CONTAINER,
        "s3:PutObject": "outputs and checkpoints",
        "s3:AbortMultipartUpload": "outputs and checkpoints",
        "kms:DescribeKey": "the stack's key: volumes",
        "kms:Encrypt": "the stack's key: outputs",
        "kms:GenerateDataKey*": "the stack's key: outputs",
        "kms:CreateGrant": "the stack's key: volumes",
    },
    "BatchJobRole": {
        **CONTAINER,
        "s3:PutObject": "answers",
        "s3:AbortMultipartUpload": "answers",
        "kms:DescribeKey": "the stack's key: volumes",
        "kms:Encrypt": "the stack's key: answers",
        "kms:GenerateDataKey*": "the stack's key: answers",
        "kms:CreateGrant": "the stack's key: volumes",
    },
    "DriftJobRole": {
        **CONTAINER,
        "s3:PutObject": "what was found",
        "s3:AbortMultipartUpload": "what was found",
        "kms:DescribeKey": "the stack's key: volumes",
        "kms:Encrypt": "the stack's key: what was found",
        "kms:GenerateDataKey*": "the stack's key: what was found",
        "kms:CreateGrant": "the stack's key: volumes",
    },
    "EndpointRole": {
        **CONTAINER,
        "cloudwatch:DescribeAlarms": "a deployment that its alarms may end",
        "s3:PutObject": "what SageMaker captures as this role; what an asynchronous endpoint answers",
        "s3:AbortMultipartUpload": "large answers of an asynchronous endpoint",
        "sns:Publish": "the topics that are told of both",
        "kms:GenerateDataKey*": "the key of these topics; the stack's key: answers, and what SageMaker captures",
    },
    "ScheduleRole": {
        "lambda:InvokeFunction": "the function that starts the nightly run",
        "sqs:SendMessage": "a start that did not happen",
        "kms:Decrypt": "the stack's key: the queue",
        "kms:GenerateDataKey*": "the stack's key: the queue",
    },
    "DriftScheduleRole": {
        "states:StartExecution": "the machine that looks for drift",
        "sqs:SendMessage": "a look that did not happen",
        "kms:Decrypt": "the stack's key: the queue",
        "kms:GenerateDataKey*": "the stack's key: the queue",
    },
    "WatchScheduleRole": {"lambda:InvokeFunction": "the watches over production and trainings"},
    "PredictionApiRole": {"sagemaker:InvokeEndpoint": "production"},
}
"""The roles of what has no code here, with the reason for each action."""


@functools.cache
def held() -> dict[str, set[str]]:
    """What each role may do, by its own policy and by the policies of keys."""
    template = read.load()
    found: dict[str, set[str]] = {role: set() for role in read.of_type(template, "AWS::IAM::Role")}
    for grant in read.grants(template):
        found[grant.role] |= set(grant.actions)
    for key in read.of_type(template, "AWS::KMS::Key").values():
        for statement in key["KeyPolicy"]["Statement"]:
            for role in principals(statement):
                found[role] |= set(read.as_list(statement["Action"]))
    return found


def principals(statement: Json) -> list[str]:
    """The stack's roles that a key lets in."""
    if statement.get("Effect") != "Allow" or not isinstance(statement["Principal"], dict):
        return []
    named: list[Any] = read.as_list(statement["Principal"].get("AWS", []))
    named = [name["Fn::If"][1] if "Fn::If" in name else name for name in named]
    return [name["Fn::GetAtt"][0] for name in named if "Fn::GetAtt" in name]


@functools.cache
def needed(folder: str) -> set[str]:
    """The actions that a folder's calls take."""
    found: set[str] = set()
    for service, operation in calls(folder) | NAMED_AT_RUN_TIME.get(folder, set()):
        if operation == "transact_write_items":
            found |= {action for part, action in TRANSACTION.items() if part in text_keys(folder)}
        else:
            found |= ACTIONS.get((service, operation)) or {
                f"{PREFIXES.get(service, service)}:{name_of(service, operation)}"
            }
    return found


def name_of(service: str, operation: str) -> str:
    """``DescribeEndpoint`` for ``describe_endpoint``."""
    names = SESSION.get_service_model(service).operation_names
    return {name.lower(): name for name in names}[operation.replace("_", "")]


@functools.cache
def roles() -> dict[str, str]:
    """The role of each folder of lambdas/."""
    functions = read.of_type(read.load(), "AWS::Lambda::Function").values()
    return {read.folder(function): function["Role"]["Fn::GetAtt"][0] for function in functions}


@pytest.mark.parametrize("folder", sorted(roles()))
def test_a_function_may_do_what_its_code_calls(folder: str) -> None:
    """Read from its source, and from what it imports of the contract: a missing grant is found here, not at night."""
    assert needed(folder) - held()[roles()[folder]] == set()


@pytest.mark.parametrize("folder", sorted(roles()))
def test_a_function_may_do_nothing_its_code_does_not_call(folder: str) -> None:
    """A grant that nothing uses any more has to go, or has its reason above."""
    role = roles()[folder]
    extra = {action for action in held()[role] - needed(folder) if not action.startswith(OF_THE_SERVICE)}
    assert extra - set(BESIDE_THE_CALLS) - {action for one, action in OF_ONE_FUNCTION if one == role} == set()


@pytest.mark.parametrize("role", OTHER_ROLES)
def test_a_role_without_code_holds_what_its_service_does_with_it(role: str) -> None:
    """Each action has its reason, and no reason is left without its action."""
    assert held()[role] == set(OTHER_ROLES[role])


def test_every_role_of_the_template_is_held_to_what_it_is_for() -> None:
    """Here, or where the machines are held to what their states call."""
    machines = {f"{name}Role" for name in ("Build", "Release", "Stage", "Challenge", "Batch", "Drift")}
    assert set(held()) == {*roles().values(), *OTHER_ROLES, *machines}


def test_every_exception_is_one() -> None:
    """An action that some function calls, or that no role holds any more, needs no reason."""
    for role, action in OF_ONE_FUNCTION:
        (folder,) = (name for name, its in roles().items() if its == role)
        assert action in held()[role] - needed(folder), json.dumps([role, action])
