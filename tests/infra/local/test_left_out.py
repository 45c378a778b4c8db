"""What a template says of boundaries, encryption and networks is kept by the services."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import WaiterError

from tests.stand_in import StandIn

TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}


def make(stand_in: StandIn, name: str, resources: dict[str, Any]) -> None:
    """A stack of these resources. Raises WaiterError where one fails."""
    cloudformation = stand_in.client("cloudformation")
    body = json.dumps({"Resources": resources})
    cloudformation.create_stack(StackName=name, TemplateBody=body, Capabilities=["CAPABILITY_IAM"])
    cloudformation.get_waiter("stack_create_complete").wait(
        StackName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 20}
    )


def role(boundary: str) -> dict[str, Any]:
    """A bounded role."""
    properties = {"AssumeRolePolicyDocument": TRUST, "PermissionsBoundary": boundary}
    return {"Role": {"Type": "AWS::IAM::Role", "Properties": properties}}


def test_a_role_with_a_boundary_that_is_not_there_cannot_be_made(stand_in: StandIn) -> None:
    """As on AWS; one that is there bounds it."""
    iam = stand_in.client("iam")
    everything = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    arn = iam.create_policy(PolicyName="limit", PolicyDocument=json.dumps(everything))["Policy"]["Arn"]
    make(stand_in, "bounded", role(arn))
    (made,) = (item for item in iam.list_roles()["Roles"] if item["RoleName"].startswith("bounded-"))
    found = iam.get_role(RoleName=made["RoleName"])["Role"]["PermissionsBoundary"]
    assert found["PermissionsBoundaryArn"] == arn
    with pytest.raises(WaiterError):
        make(stand_in, "unbounded", role("arn:aws:iam::000000000000:policy/nobodys"))


def test_a_bucket_is_encrypted_as_the_template_says(stand_in: StandIn) -> None:
    """With S3's own key or with a customer's."""
    for name, default in (
        ("plain-bucket", {"SSEAlgorithm": "AES256"}),
        ("keyed-bucket", {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": "arn:aws:kms:us-east-1:000000000000:key/1"}),
    ):
        rules = [{"ServerSideEncryptionByDefault": default, "BucketKeyEnabled": True}]
        encryption = {"ServerSideEncryptionConfiguration": rules}
        properties = {"BucketName": name, "BucketEncryption": encryption}
        make(stand_in, name, {"Bucket": {"Type": "AWS::S3::Bucket", "Properties": properties}})
        told = stand_in.client("s3").get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"]["Rules"][0]
        assert told["ApplyServerSideEncryptionByDefault"] == default
        assert told["BucketKeyEnabled"] is True
