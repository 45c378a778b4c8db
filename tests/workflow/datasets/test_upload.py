"""Uploading sends what changed and leaves the prefix exactly as the folder is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from tests.workflow.contract.test_weights import weights as weights_file
from tests.workflow.datasets.test_check import roboflow
from workflow.clients import AwsCloud
from workflow.datasets.check import read_dataset
from workflow.datasets.upload import check_weights, upload_dataset, upload_weights
from workflow.errors import UsageError

BUCKET = "greenlight-data"


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch) -> Iterator[AwsCloud]:
    """S3 in this process, with one bucket."""
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    with mock_aws():
        boto3.client("s3").create_bucket(Bucket=BUCKET)
        yield AwsCloud()


def keys(prefix: str = "") -> list[str]:
    """The keys the bucket holds."""
    listed = boto3.client("s3").list_objects_v2(Bucket=BUCKET, Prefix=prefix)
    return [item["Key"] for item in listed.get("Contents", [])]


def test_a_second_upload_sends_nothing(cloud: AwsCloud, tmp_path: Path) -> None:
    """What is there with the same content is left alone, and every file is counted as it is done."""
    dataset = read_dataset(roboflow(tmp_path))
    told: list[tuple[int, int]] = []
    first = upload_dataset(cloud, BUCKET, dataset, "bolts", lambda done, whole: told.append((done, whole)))
    second = upload_dataset(cloud, BUCKET, dataset, "bolts", lambda done, whole: None)
    assert (first.sent, first.unchanged, second.sent, second.unchanged) == (7, 0, 0, 7)
    assert told == [(count, 7) for count in range(1, 8)]
    assert first.uri == f"s3://{BUCKET}/datasets/bolts/"
    assert sorted(keys()) == sorted(f"datasets/bolts/{key}" for key in dataset.files)


class UnderAKey(AwsCloud):
    """S3 where every object lies under a KMS key: its ETag is no MD5."""

    def pages(self, service: str, operation: str, key: str, **parameters: Any) -> Iterator[Any]:
        """The listing, with other ETags."""
        for item in super().pages(service, operation, key, **parameters):
            yield {**item, "ETag": '"' + "0" * 32 + '"'}


def test_a_second_upload_under_a_key_sends_nothing_but_what_changed(cloud: AwsCloud, tmp_path: Path) -> None:
    """Sent again, each file would have another ETag, and the same data would be trained on again."""
    roboflow(tmp_path)
    first = upload_dataset(UnderAKey(), BUCKET, read_dataset(tmp_path), "bolts", lambda *_: None)
    (tmp_path / "train" / "labels" / "a.txt").write_text("0 0.4 0.5 0.2 0.2\n")
    second = upload_dataset(UnderAKey(), BUCKET, read_dataset(tmp_path), "bolts", lambda *_: None)
    assert (first.sent, second.sent, second.unchanged) == (7, 1, 6)


def test_what_links_lead_to_is_sent_and_no_link(cloud: AwsCloud, tmp_path: Path) -> None:
    """The bucket holds what a folder without links would have brought there."""
    roboflow(tmp_path / "elsewhere")
    (tmp_path / "mine").mkdir()
    for name in ("train", "valid", "test", "data.yaml"):
        (tmp_path / "mine" / name).symlink_to(tmp_path / "elsewhere" / name)
    for name, folder in (("plain", "elsewhere"), ("linked", "mine")):
        upload_dataset(cloud, BUCKET, read_dataset(tmp_path / folder), name, lambda done, whole: None)
    s3 = boto3.client("s3")
    bodies = {key: s3.get_object(Bucket=BUCKET, Key=key)["Body"].read() for key in keys("datasets/")}
    assert len(bodies) == 14
    assert all(bodies[key.replace("plain", "linked")] == body for key, body in bodies.items())


def test_a_changed_label_of_the_same_size_is_sent(cloud: AwsCloud, tmp_path: Path) -> None:
    """Content decides, not size or time."""
    roboflow(tmp_path)
    upload_dataset(cloud, BUCKET, read_dataset(tmp_path), "bolts", lambda *_: None)
    (tmp_path / "train" / "labels" / "a.txt").write_text("0 0.4 0.5 0.2 0.2\n")
    again = upload_dataset(cloud, BUCKET, read_dataset(tmp_path), "bolts", lambda *_: None)
    assert (again.sent, again.unchanged) == (1, 6)


def test_an_image_that_is_gone_from_the_folder_is_gone_from_the_prefix(cloud: AwsCloud, tmp_path: Path) -> None:
    """A deleted image must not go on teaching; other datasets stay as they are."""
    roboflow(tmp_path)
    for name in ("bolts", "bolts2"):
        upload_dataset(cloud, BUCKET, read_dataset(tmp_path), name, lambda *_: None)
    for folder, suffix in (("images", ".jpg"), ("labels", ".txt")):
        (tmp_path / "test" / folder / f"a{suffix}").rename(tmp_path / "test" / folder / f"b{suffix}")
    again = upload_dataset(cloud, BUCKET, read_dataset(tmp_path), "bolts", lambda *_: None)
    assert again.removed == 2
    assert "datasets/bolts/test/images/a.jpg" not in keys()
    assert len(keys("datasets/bolts2/")) == 7


def test_weights_are_uploaded_under_their_name(cloud: AwsCloud, tmp_path: Path) -> None:
    """The address is what the run's input takes."""
    weights = tmp_path / "mine.pt"
    weights.write_bytes(weights_file())
    assert check_weights(weights, "detect", "yolov8n").task == "detect"
    with pytest.raises(UsageError, match=r"mine\.pt: the pretrained weights find boxes \(detect\), and the data"):
        check_weights(weights, "segment")
    assert upload_weights(cloud, BUCKET, weights) == f"s3://{BUCKET}/weights/mine.pt"
    assert keys() == ["weights/mine.pt"]


@pytest.mark.parametrize(
    ("name", "content"),
    [("mine.pt", b"not an archive"), ("mine.pt", b"PK\x03\x04 cut short"), ("mine.onnx", b"PK")],
)
def test_a_file_that_holds_no_weights_is_refused(tmp_path: Path, name: str, content: bytes) -> None:
    """Only what torch.save writes, judged by name, first and last bytes; nothing is unpickled."""
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(UsageError, match=r"pretrained weights are a \.pt file"):
        check_weights(path)
