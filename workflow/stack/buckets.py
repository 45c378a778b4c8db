"""Makes a bucket that is closed to everyone else, and empties one. Knows nothing of what is kept in it."""

from __future__ import annotations

import json
from typing import Any

from workflow.clients import Cloud
from workflow.errors import ServiceError
from workflow.stack.outputs import Place

_MISSING = {"404", "NoSuchBucket", "NotFound"}
_AT_ONCE = 1000
"""Objects one DeleteObjects call takes."""


def exists(cloud: Cloud, bucket: str, place: Place) -> bool:
    """Whether this account has the bucket. Raises ServiceError where another account has it."""
    try:
        cloud.call("s3", "head_bucket", Bucket=bucket, ExpectedBucketOwner=place.account)
    except ServiceError as error:
        if error.code in _MISSING:
            return False
        raise
    return True


def make_private(cloud: Cloud, bucket: str, place: Place, project: str, *, key: str = "") -> None:
    """Make the bucket if it is not there: no public access, encrypted, reachable through TLS alone.

    ``key`` is the ARN of the KMS key that it is under, empty for the one that S3 has.
    """
    if not exists(cloud, bucket, place):
        where: dict[str, Any] = {}
        if place.region != "us-east-1":
            where = {"CreateBucketConfiguration": {"LocationConstraint": place.region}}
        cloud.call("s3", "create_bucket", Bucket=bucket, ObjectOwnership="BucketOwnerEnforced", **where)
    cloud.call(
        "s3",
        "put_public_access_block",
        Bucket=bucket,
        PublicAccessBlockConfiguration={
            "BlockPublicAcls": True,
            "IgnorePublicAcls": True,
            "BlockPublicPolicy": True,
            "RestrictPublicBuckets": True,
        },
    )
    cloud.call(
        "s3",
        "put_bucket_encryption",
        Bucket=bucket,
        ServerSideEncryptionConfiguration={"Rules": [encryption_rule(key)]},
    )
    cloud.call("s3", "put_bucket_policy", Bucket=bucket, Policy=json.dumps(tls_only_policy(bucket, place.partition)))
    cloud.call("s3", "put_bucket_tagging", Bucket=bucket, Tagging={"TagSet": [{"Key": "project", "Value": project}]})


def log_requests(cloud: Cloud, bucket: str, target: str, prefix: str) -> None:
    """Have S3 log the requests to a bucket in another one."""
    enabled = {"TargetBucket": target, "TargetPrefix": prefix}
    cloud.call("s3", "put_bucket_logging", Bucket=bucket, BucketLoggingStatus={"LoggingEnabled": enabled})


def encryption_rule(key: str) -> dict[str, Any]:
    """How a bucket encrypts what lies in it: under a KMS key, or with S3's own."""
    if not key:
        return {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
    default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}
    return {"ApplyServerSideEncryptionByDefault": default, "BucketKeyEnabled": True}


def tls_only_policy(bucket: str, partition: str) -> dict[str, Any]:
    """A bucket policy that refuses everything sent in the clear."""
    arn = f"arn:{partition}:s3:::{bucket}"
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "RefusePlainHttp",
                "Effect": "Deny",
                "Principal": "*",
                "Action": "s3:*",
                "Resource": [arn, f"{arn}/*"],
                "Condition": {"Bool": {"aws:SecureTransport": "false"}},
            }
        ],
    }


def empty(cloud: Cloud, bucket: str) -> int:
    """Remove every version of every object and every delete marker; return how many there were.

    The bucket's policy goes first: it may keep what is in the bucket from everyone.
    """
    cloud.call("s3", "delete_bucket_policy", Bucket=bucket)
    removed = 0
    for kind in ("Versions", "DeleteMarkers"):
        batch: list[dict[str, str]] = []
        for item in cloud.pages("s3", "list_object_versions", kind, Bucket=bucket):
            batch.append({"Key": item["Key"], "VersionId": item["VersionId"]})
            if len(batch) == _AT_ONCE:
                removed += _remove(cloud, bucket, batch)
                batch = []
        removed += _remove(cloud, bucket, batch)
    return removed


def _remove(cloud: Cloud, bucket: str, batch: list[dict[str, str]]) -> int:
    if batch:
        answer = cloud.call("s3", "delete_objects", Bucket=bucket, Delete={"Objects": list(batch), "Quiet": True})
        for problem in answer.get("Errors", []):
            raise ServiceError(
                problem["Code"], f"s3://{bucket}/{problem['Key']} cannot be removed: {problem['Message']}"
            )
    return len(batch)
