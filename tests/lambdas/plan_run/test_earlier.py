"""A run from an earlier version of the data has exactly its objects, or is refused with what is missing."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lambdas.plan_run.earlier import Earlier
from lambdas.plan_run.fingerprint import StoredFile, digest_dataset
from lambdas.plan_run.sources import Reader
from tests.lambdas.conftest import ENVIRONMENT, Bucket, client
from workflow.contract.dataset_index import DatasetVersion, note_version, version_key
from workflow.contract.dataset_objects import KeptObject, objects_lines, read_objects
from workflow.contract.reading import ContractError
from workflow.contract.rule import InputError

NAME = ENVIRONMENT["BUCKET"]
DATA = f"s3://{NAME}/datasets/bolts"
RECORD = f"s3://{NAME}/runs/one/record/dataset-objects.jsonl"
DIGEST = "ab12" + "0" * 60


@pytest.fixture
def earlier(bucket: Bucket) -> Earlier:
    """A bucket that keeps versions, with three objects, of which one has no bytes."""
    client("s3").put_bucket_versioning(Bucket=NAME, VersioningConfiguration={"Status": "Enabled"})
    for key, body in (("a.jpg", b"first"), ("labels/a.txt", b"0 1 1 1 1"), ("empty.txt", b""), (".ready", b"")):
        put(key, body)
    return Earlier(client("s3"), NAME)


def put(key: str, body: bytes) -> None:
    client("s3").put_object(Bucket=NAME, Key=f"datasets/bolts/{key}", Body=body)


def listed() -> tuple[StoredFile, ...]:
    """The dataset as a plan lists it."""
    return Reader(client("s3"), (), (), ()).list_files(DATA)


def keep(earlier: Earlier, digest: str = DIGEST, **others: Any) -> tuple[StoredFile, ...]:
    """Plan a run and note the version that came of it; the listing of that moment."""
    files = listed()
    assert earlier.keep(DATA, files, RECORD)
    seen: dict[str, Any] = {"name": "bolts", "pictures": {}, "classes": {}, "first_seen_epoch": 1, "objects": RECORD}
    version = DatasetVersion(digest=digest, uri=f"{DATA}/", task="detect", **{**seen, **others})
    note_version(client("s3"), NAME, version)
    return files


def below(prefix: str) -> dict[str, bytes]:
    s3 = client("s3")
    found = s3.list_objects_v2(Bucket=NAME, Prefix=prefix).get("Contents", [])
    return {one["Key"].removeprefix(prefix): s3.get_object(Bucket=NAME, Key=one["Key"])["Body"].read() for one in found}


def test_what_was_overwritten_deleted_and_added_since_is_as_it_was(earlier: Earlier) -> None:
    """And the same data has the same digest again, so that what was built of it is known. The marker is no data."""
    before = keep(earlier)
    put("a.jpg", b"second")
    put("new.jpg", b"new")
    client("s3").delete_object(Bucket=NAME, Key="datasets/bolts/labels/a.txt")
    version = earlier.find("ab12")
    assert digest_dataset(version.files) == digest_dataset(before) != digest_dataset(listed())
    earlier.bring_back(version, f"s3://{NAME}/copies/two/dataset/")
    assert below("copies/two/dataset/") == {"a.jpg": b"first", "labels/a.txt": b"0 1 1 1 1", "empty.txt": b""}
    assert below("datasets/bolts/")["a.jpg"] == b"second"


def test_a_second_call_copies_only_what_the_first_one_left(earlier: Earlier) -> None:
    keep(earlier)
    version, target = earlier.find("ab12"), f"s3://{NAME}/copies/two/dataset/"
    earlier.bring_back(version, target)
    client("s3").delete_object(Bucket=NAME, Key="copies/two/dataset/a.jpg")
    asked: list[str] = []

    class Listening:
        def __getattr__(self, name: str) -> Any:
            asked.append(name)
            return getattr(client("s3"), name)

    Earlier(Listening(), NAME).bring_back(version, target)
    assert asked.count("copy_object") == 1
    assert below("copies/two/dataset/")["a.jpg"] == b"first"


def test_a_version_whose_objects_have_expired_is_refused_with_what_is_missing(earlier: Earlier) -> None:
    keep(earlier)
    (gone,) = [one for one in earlier.find("ab12").objects if one.key == "a.jpg"]
    put("a.jpg", b"second")
    client("s3").delete_object(Bucket=NAME, Key="datasets/bolts/a.jpg", VersionId=gone.version_id)
    with pytest.raises(InputError, match=r"1 of its 3 objects have expired .*: a\.jpg in s3://"):
        earlier.find("ab12")


@pytest.mark.parametrize(
    ("wanted", "said"),
    [("ffff", "no version's digest begins so"), ("ab12", "means several versions"), ("cd34", "nobody kept which")],
)
def test_a_digest_that_means_none_or_several_or_one_without_a_list_is_refused(
    wanted: str, said: str, earlier: Earlier
) -> None:
    keep(earlier)
    keep(earlier, "ab12" + "1" * 60)
    keep(earlier, "cd34" + "1" * 60, objects="")
    with pytest.raises(InputError, match=said):
        earlier.find(wanted)
    assert earlier.find("ab120").kept.digest == DIGEST


def test_a_version_whose_list_was_deleted_is_refused(earlier: Earlier) -> None:
    keep(earlier)
    client("s3").delete_object(Bucket=NAME, Key=RECORD.removeprefix(f"s3://{NAME}/"))
    with pytest.raises(InputError, match="the list of its objects is gone"):
        earlier.find("ab12")


def test_nothing_is_written_down_where_data_changes_meanwhile_or_lies_in_another_bucket(earlier: Earlier) -> None:
    """Then nobody knows which objects the preparation reads, and no run may say that it has them."""
    files = listed()
    put("a.jpg", b"second")
    assert not earlier.keep(DATA, files, RECORD)
    assert not earlier.keep("s3://another/datasets/bolts", files, RECORD)
    assert below("runs/") == {}


def test_the_newest_list_of_objects_takes_the_place_of_an_older_one(earlier: Earlier) -> None:
    """The same data that was uploaded anew: its new objects live longer than those it had first."""
    keep(earlier)
    keep(earlier, objects=f"{RECORD}.2", manifest="s3://b/m", name="other", first_seen_epoch=9)
    found = json.loads(client("s3").get_object(Bucket=NAME, Key=version_key(DIGEST))["Body"].read())
    kept = [found[key] for key in ("objects", "manifest", "name", "first_seen_epoch")]
    assert kept == [f"{RECORD}.2", "s3://b/m", "bolts", 1]


def test_a_list_that_is_not_whole_is_not_read() -> None:
    objects = [KeptObject("b", "1", "e", 3), KeptObject("a", "null", "f", 0)]
    lines = [line.encode() for line in objects_lines("s3://bucket/set/", objects)]
    assert read_objects(lines) == ("s3://bucket/set/", tuple(sorted(objects)))
    for some in (lines[:-1], lines[:1], [], [*lines, b"{"]):
        with pytest.raises(ContractError):
            read_objects(some)
