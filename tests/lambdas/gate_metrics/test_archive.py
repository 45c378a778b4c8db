"""Keeping the judged archive, against a bucket that honours conditional copies: those of the stand-in."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

import pytest

from lambdas.gate_metrics.archive import Archive, NotKeptError, keep_archive, read_archive
from tests.stand_in import StandIn

BUCKET = "greenlight-test"
SOURCE = f"s3://{BUCKET}/runs/one/models/job/output/model.tar.gz"
AT_THE_SOURCE = {"Bucket": BUCKET, "Key": "runs/one/models/job/output/model.tar.gz"}
BODY = b"an archive" * 1000
KEPT = f"models/{hashlib.sha256(BODY).hexdigest()}/model.tar.gz"


@pytest.fixture(scope="module")
def stand_in(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandIn]:
    """A running stand-in."""
    with StandIn(tmp_path_factory.mktemp("state")) as running:
        yield running


@pytest.fixture
def s3(stand_in: StandIn) -> Any:
    """A client, a bucket with versions, and in it the archive of a run and nothing kept."""
    client = stand_in.client("s3")
    client.create_bucket(Bucket=BUCKET)
    client.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    client.put_object(**AT_THE_SOURCE, Body=BODY)
    yield client
    for version in client.list_object_versions(Bucket=BUCKET)["Versions"]:
        client.delete_object(Bucket=BUCKET, Key=version["Key"], VersionId=version["VersionId"])
    for marker in client.list_object_versions(Bucket=BUCKET).get("DeleteMarkers", []):
        client.delete_object(Bucket=BUCKET, Key=marker["Key"], VersionId=marker["VersionId"])
    client.delete_bucket(Bucket=BUCKET)


def hashed(s3: Any) -> Archive:
    """The archive of the run as it is stored."""
    found = read_archive(s3, SOURCE)
    assert found is not None
    return found


def versions(s3: Any) -> list[str]:
    """The keys of all versions that are kept."""
    return [item["Key"] for item in s3.list_object_versions(Bucket=BUCKET, Prefix="models/").get("Versions", [])]


def test_an_archive_is_kept_once(s3: Any) -> None:
    """The state is repeated where its answer was lost; two runs may make the same bytes."""
    first = keep_archive(s3, hashed(s3), BUCKET)
    assert keep_archive(s3, hashed(s3), BUCKET) == first == f"s3://{BUCKET}/{KEPT}"
    assert versions(s3) == [KEPT]
    assert s3.get_object(Bucket=BUCKET, Key=KEPT)["Body"].read() == BODY


def test_what_was_kept_stays_when_the_runs_archive_is_overwritten(s3: Any) -> None:
    """Also where the gate is then repeated with what it had hashed before."""
    archive = hashed(s3)
    kept = keep_archive(s3, archive, BUCKET)
    s3.put_object(**AT_THE_SOURCE, Body=b"something else")
    assert keep_archive(s3, archive, BUCKET) == kept
    assert s3.get_object(Bucket=BUCKET, Key=KEPT)["Body"].read() == BODY


@pytest.mark.parametrize("body", [b"something else", None], ids=["overwritten", "deleted"])
def test_an_archive_that_changes_after_it_was_hashed_is_not_kept(s3: Any, body: bytes | None) -> None:
    """Nothing comes to lie under a digest that it does not have."""
    archive = hashed(s3)
    if body is None:
        s3.delete_object(**AT_THE_SOURCE)
    else:
        s3.put_object(**AT_THE_SOURCE, Body=body)
    with pytest.raises(NotKeptError, match="the archive changed after it was judged"):
        keep_archive(s3, archive, BUCKET)
    assert versions(s3) == []


def test_other_bytes_under_the_digest_are_neither_replaced_nor_taken(s3: Any) -> None:
    """Whoever put them there beforehand."""
    s3.put_object(Bucket=BUCKET, Key=KEPT, Body=b"planted")
    with pytest.raises(NotKeptError, match="holds other bytes, with the SHA-256"):
        keep_archive(s3, hashed(s3), BUCKET)
    assert s3.get_object(Bucket=BUCKET, Key=KEPT)["Body"].read() == b"planted"
