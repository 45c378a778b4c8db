"""What a bucket's policy denies is denied to everyone, and conditional writes hold, for copies too."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.infra.local.machines import Machines

KEY = "models/abc/model.tar.gz"


def policy(bucket: str) -> str:
    """The template's policy of the stack's bucket, for another one."""
    models = f"arn:aws:s3:::{bucket}/models/*"
    everyone = {"Effect": "Deny", "Principal": "*", "Resource": models}
    condition = {"Null": {"s3:if-none-match": "true"}, "Bool": {"s3:ObjectCreationOperation": "true"}}
    return json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {**everyone, "Action": "s3:PutObject", "Condition": condition},
                {**everyone, "Action": ["s3:DeleteObject", "s3:DeleteObjectVersion"]},
            ],
        }
    )


@pytest.fixture
def guarded(machines: Machines) -> Iterator[str]:
    """A bucket with versions whose models are written once."""
    bucket = machines.name("guarded")
    machines.s3.create_bucket(Bucket=bucket)
    machines.s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    machines.s3.put_bucket_policy(Bucket=bucket, Policy=policy(bucket))
    yield bucket
    machines.s3.delete_bucket_policy(Bucket=bucket)


def refused(call: Callable[..., Any], **parameters: Any) -> str:
    """The code by which S3 refuses a call."""
    with pytest.raises(ClientError) as caught:
        call(**parameters)
    return str(caught.value.response["Error"]["Code"])


def test_a_write_without_its_condition_is_denied(machines: Machines, guarded: str) -> None:
    """Whether by a put, a copy or an upload in parts; elsewhere in the bucket nothing is asked."""
    s3, there = machines.s3, {"Bucket": guarded, "Key": KEY}
    s3.put_object(Bucket=guarded, Key="runs/a", Body=b"a")
    assert refused(s3.put_object, **there, Body=b"a") == "AccessDenied"
    assert refused(s3.copy_object, **there, CopySource={"Bucket": guarded, "Key": "runs/a"}) == "AccessDenied"
    upload = s3.create_multipart_upload(**there)["UploadId"]
    part = s3.upload_part(**there, UploadId=upload, PartNumber=1, Body=b"a")
    parts = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    assert refused(s3.complete_multipart_upload, **there, UploadId=upload, MultipartUpload=parts) == "AccessDenied"
    s3.complete_multipart_upload(**there, UploadId=upload, MultipartUpload=parts, IfNoneMatch="*")
    assert s3.get_object(**there)["Body"].read() == b"a"


def test_what_is_there_is_neither_replaced_nor_deleted(machines: Machines, guarded: str) -> None:
    """Not with a condition either, and no version of it; the policy has to be taken away first."""
    s3, there = machines.s3, {"Bucket": guarded, "Key": KEY}
    version = s3.put_object(**there, Body=b"first", IfNoneMatch="*")["VersionId"]
    s3.put_object(Bucket=guarded, Key="runs/a", Body=b"second")
    source = {"Bucket": guarded, "Key": "runs/a"}
    assert refused(s3.put_object, **there, Body=b"second", IfNoneMatch="*") == "PreconditionFailed"
    assert refused(s3.put_object, **there, Body=b"second", IfMatch="*") == "AccessDenied"
    assert refused(s3.put_object, **there, Body=b"second", IfNoneMatch="another") == "NotImplemented"
    assert refused(s3.copy_object, **there, CopySource=source, IfNoneMatch="*") == "PreconditionFailed"
    assert refused(s3.delete_object, **there) == "AccessDenied"
    assert refused(s3.delete_object, **there, VersionId=version) == "AccessDenied"
    both = {"Objects": [{"Key": "runs/a"}, {"Key": KEY}]}
    assert refused(s3.delete_objects, Bucket=guarded, Delete=both) == "AccessDenied"
    assert s3.get_object(**there)["Body"].read() == b"first"
    s3.delete_bucket_policy(Bucket=guarded)
    s3.delete_object(**there, VersionId=version)
    assert refused(s3.get_object, **there) == "NoSuchKey"


def test_a_copy_is_made_of_what_was_meant_or_not_at_all(machines: Machines, guarded: str) -> None:
    """Its source must still be the one whose ETag is known, and nothing may be at its target."""
    s3, there = machines.s3, {"Bucket": guarded, "Key": KEY}
    source = {"Bucket": guarded, "Key": "runs/a"}
    etag = s3.put_object(Bucket=guarded, Key="runs/a", Body=b"first")["ETag"]
    s3.put_object(Bucket=guarded, Key="runs/a", Body=b"second")
    once = {**there, "CopySource": source, "IfNoneMatch": "*"}
    assert refused(s3.copy_object, **once, CopySourceIfMatch=etag) == "PreconditionFailed"
    assert refused(s3.get_object, **there) == "NoSuchKey"
    s3.put_object(Bucket=guarded, Key="runs/a", Body=b"first")
    s3.copy_object(**once, CopySourceIfMatch=etag)
    assert s3.get_object(**there)["Body"].read() == b"first"
