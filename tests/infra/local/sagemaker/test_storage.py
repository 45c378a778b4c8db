"""Objects become files below a folder, and nowhere else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from infra.local.sagemaker.settings import Settings
from infra.local.sagemaker.storage import Storage, StorageError, inside, relative_name, split
from tests.infra.local.sagemaker.requests import BUCKET
from tests.stand_in import StandIn


@pytest.mark.parametrize(
    ("prefix", "key", "name"),
    [
        ("data/", "data/a/b.jpg", "a/b.jpg"),
        ("data", "data/a/b.jpg", "a/b.jpg"),
        ("data/one.csv", "data/one.csv", "one.csv"),
        ("data/tr", "data/train/a.jpg", "train/a.jpg"),
        ("", "a.jpg", "a.jpg"),
    ],
)
def test_names_are_laid_out_as_sagemaker_does(prefix: str, key: str, name: str) -> None:
    """A prefix is a folder, an object, or the beginning of names."""
    assert relative_name(prefix, key) == name


@pytest.mark.parametrize("name", ["../x", "a/../../x", "/x", ""])
def test_a_key_cannot_leave_its_folder(name: str) -> None:
    """S3 keys may hold anything; files may not lie anywhere."""
    with pytest.raises(StorageError):
        inside(Path("/folder"), name)


@pytest.mark.parametrize("uri", ["bucket/key", "https://bucket/key", "s3://"])
def test_only_s3_uris_are_split(uri: str) -> None:
    """Anything else is an error that names it."""
    with pytest.raises(StorageError, match=r"is no S3 URI"):
        split(uri)


def test_a_folder_goes_up_and_comes_down_again(stand_in: StandIn, s3: Any, tmp_path: Path) -> None:
    """Names and bytes are kept; links and folder markers are not taken along."""
    storage = Storage(Settings(tmp_path, stand_in.url))
    (tmp_path / "up" / "a").mkdir(parents=True)
    (tmp_path / "up" / "a" / "b.bin").write_bytes(b"\0\1")
    (tmp_path / "up" / "link").symlink_to("/etc/hostname")
    assert storage.upload_folder(tmp_path / "up", f"s3://{BUCKET}/storage") == 1
    s3.put_object(Bucket=BUCKET, Key="storage/marker/", Body=b"")
    assert storage.download_prefix(f"s3://{BUCKET}/storage/", tmp_path / "down") == 1
    assert (tmp_path / "down" / "a" / "b.bin").read_bytes() == b"\0\1"


def test_what_is_not_there_is_an_error_with_its_name(stand_in: StandIn, tmp_path: Path) -> None:
    """The URI is in the message, because it becomes a job's failure reason."""
    storage = Storage(Settings(tmp_path, stand_in.url))
    with pytest.raises(StorageError, match="s3://no-such-bucket/x could not be read"):
        storage.download_object("s3://no-such-bucket/x", tmp_path / "x")
    assert storage.etag(f"s3://{BUCKET}/nothing") is None
