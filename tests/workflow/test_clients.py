"""Service errors reach a person as one readable line that says what to do."""

from __future__ import annotations

import pytest
from moto import mock_aws

from workflow.clients import AwsCloud
from workflow.errors import GreenlightError, ServiceError, UsageError


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """An environment in which nothing real can be reached."""
    for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
    return monkeypatch


def test_a_refusal_keeps_the_service_s_code(environment: pytest.MonkeyPatch) -> None:
    """Callers decide by the code; people read the message, with the operation in it."""
    with mock_aws(), pytest.raises(ServiceError, match="s3:get_object: NoSuchBucket") as caught:
        AwsCloud().call("s3", "get_object", Bucket="nowhere", Key="x")
    assert caught.value.code == "NoSuchBucket"


def test_pages_refuse_like_calls(environment: pytest.MonkeyPatch) -> None:
    """A listing that fails half-way is the same kind of error."""
    with mock_aws(), pytest.raises(ServiceError, match="NoSuchBucket"):
        list(AwsCloud().pages("s3", "list_objects_v2", "Contents", Bucket="nowhere"))


def test_a_stand_in_that_is_not_running_is_named(environment: pytest.MonkeyPatch) -> None:
    """The address, and how to start it."""
    environment.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    with pytest.raises(GreenlightError, match=r"nothing answers at http://127\.0\.0\.1:1") as caught:
        AwsCloud().call("sts", "get_caller_identity")
    assert "greenlight local --detach && source .greenlight/local/env" in str(caught.value)


def test_missing_credentials_say_how_to_get_some(environment: pytest.MonkeyPatch) -> None:
    """Nothing was asked of AWS."""
    environment.delenv("AWS_ACCESS_KEY_ID")
    environment.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(UsageError, match="no AWS credentials were found"):
        AwsCloud().call("s3", "list_buckets")


def test_a_missing_region_says_how_to_name_one(environment: pytest.MonkeyPatch) -> None:
    """An export line to copy; or the stand-in's, for whoever has no account in mind."""
    environment.delenv("AWS_DEFAULT_REGION")
    environment.delenv("AWS_REGION", raising=False)
    with pytest.raises(UsageError, match="export AWS_DEFAULT_REGION") as caught:
        AwsCloud().call("stepfunctions", "list_state_machines")
    assert "source .greenlight/local/env" in str(caught.value)


def test_only_an_endpoint_on_this_machine_is_local() -> None:
    """What is polled three times a second must not be AWS."""
    assert AwsCloud({"AWS_ENDPOINT_URL": "http://127.0.0.1:4566"}).local
    assert AwsCloud({"AWS_ENDPOINT_URL": "http://localhost:4566"}).local
    assert not AwsCloud({"AWS_ENDPOINT_URL": "https://vpce.example.com"}).local
    assert not AwsCloud({}).local
