"""What a stack reads beside its own bucket, and what is told where an address is outside of it."""

from __future__ import annotations

import pytest

from workflow.contract.reading import ContractError
from workflow.contract.sources import bucket_of, covers, explain_denial, source_arn, split_sources, with_source


@pytest.mark.parametrize(
    ("given", "arn"),
    [
        ("s3://data/bolts/", "arn:aws-cn:s3:::data/bolts/"),
        ("s3://data/weights/yolov8n.pt", "arn:aws-cn:s3:::data/weights/yolov8n.pt"),
        ("s3://data", "arn:aws-cn:s3:::data/"),
        ("arn:aws:s3:::data", "arn:aws:s3:::data/"),
        ("arn:aws:s3:::data/bolts/", "arn:aws:s3:::data/bolts/"),
    ],
)
def test_a_source_is_an_address_or_an_arn(given: str, arn: str) -> None:
    """With a slash after the bucket, so that it reaches into no bucket whose name only begins alike."""
    assert source_arn(given, "aws-cn") == arn
    assert bucket_of(arn) == arn.partition("/")[0]


@pytest.mark.parametrize("given", ["data", "s3://data/*", "arn:aws:s3:::*", "https://data", "arn:aws:s3:::DATA/"])
def test_what_is_no_source_is_refused(given: str) -> None:
    """A wildcard would open more than it seems to."""
    with pytest.raises(ContractError):
        source_arn(given, "aws")


def test_an_address_is_covered_by_what_it_begins_with() -> None:
    """As the roles' policies are written."""
    sources = split_sources("arn:aws:s3:::data/bolts/, arn:aws:s3:::other/")
    assert covers(sources, "s3://data/bolts/one.jpg")
    assert covers(sources, "s3://other/x")
    assert not covers(sources, "s3://data/bolts2/one.jpg")
    assert not covers(sources, "s3://otherwise/x")
    assert with_source(sources, "s3://new/") == "Sources=arn:aws:s3:::data/bolts/,arn:aws:s3:::other/,s3://new/"


def test_a_denial_says_what_to_type() -> None:
    """Another source, another key with its ARN where S3 names it, or that it is the bucket's own policy."""
    own, sources, key = (":::mine/",), ("arn:aws:s3:::data/",), "arn:aws:kms:eu-west-1:123456789012:key/ab-1"
    outside = explain_denial("s3://far/x/", own, sources, (), "Access Denied")
    assert outside.endswith("greenlight deploy --parameter Sources=arn:aws:s3:::data/,s3://far/x/")
    said = f"User: … is not authorized to perform: kms:Decrypt on resource: {key} because no …"
    assert explain_denial("s3://data/x/", own, sources, ("k",), said).endswith(f"SourceKeys=k,{key}")
    assert "the bucket's own policy" in explain_denial("s3://data/x/", own, sources, (), "Access Denied")
    assert "outside" not in explain_denial("s3://mine/x/", own, sources, (), "Access Denied")
