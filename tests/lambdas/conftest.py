"""What the tests of the functions stand on: their environment, a context, moto's bucket and table.

A handler reads its environment and builds its clients when it is imported, so all are imported here, under one
environment that is gone again before any other test runs.
"""

from __future__ import annotations

import functools
import importlib
import io
import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import boto3
import moto.kms.models
import pytest
from moto import mock_aws

from workflow.contract.table_keys import OPEN

FUNCTIONS = (
    "plan_run",
    "check_dataset",
    "gate_metrics",
    "ask_approval",
    "decide",
    "plan_release",
    "smoke_test",
    "serve_component",
    "record_champion",
    "compare_challenger",
    "note_version",
    "clean_up",
    "notify",
    "watch_production",
    "watch_training",
    "start_run",
    "start_by_code",
    "keep_captured",
    "take_feedback",
    "watch_drift",
    "scale_production",
)
REGION = "us-east-1"
SESSION = boto3.Session(aws_access_key_id="testing", aws_secret_access_key="testing", region_name=REGION)
"""One session for all tests: reading the services' models again for each of them would take most of the time."""

ENVIRONMENT = {
    "WINDOW_HOURS": "24",
    "ON_DRIFT": "mail",
    "AWS_DEFAULT_REGION": REGION,
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_EC2_METADATA_DISABLED": "true",
    "PROJECT": "greenlight",
    "BUCKET": "greenlight-test",
    "TABLE": "greenlight",
    "TOPIC_ARN": "arn:aws:sns:us-east-1:123456789012:greenlight",
    "TROUBLE_TOPIC_ARN": "arn:aws:sns:us-east-1:123456789012:greenlight-trouble",
    "ENDPOINT_ROLE_ARN": "arn:aws:iam::123456789012:role/endpoints",
    "ENDPOINT_INSTANCE_COUNT": "1",
    "LATENCY_LIMIT": "2000000",
    "STAGING_HOURS": "0",
    "PRODUCTION_HOURS": "0",
    "DASHBOARD": "greenlight-us-east-1",
    "PACKAGE_GROUP": "greenlight",
    "DECISION_KEY": "alias/greenlight-decisions",
    "REQUEST_KEY": "alias/greenlight-requests",
    "RECORD_KEY": "alias/greenlight-record",
    "BUILD_ROLE": "greenlight-BuildRole-1",
    "CHALLENGE_MACHINE": "arn:aws:states:us-east-1:123456789012:stateMachine:greenlight-challenge",
    "BUILD_MACHINE": "arn:aws:states:us-east-1:123456789012:stateMachine:greenlight-build",
    "DATASET": "s3://greenlight-test/datasets/fasteners",
    "DATA_STARTS": "settled",
    "WEBHOOK_SECRET_ARN": "greenlight-webhook",
    "MEGABYTES_A_DAY": "1",
    "CAPTURE_DAYS": "30",
    "JOB_ROLE": "arn:aws:iam::123456789012:role/greenlight-JobRole-1",
    "APPROVAL_URL": "https://abc.lambda-url.us-east-1.on.aws/",
    "DEFAULTS": '{"epochs": 5, "approval_hours": 2, "endpoint_instance": "ml.c7i.xlarge"}',
    "DEFAULT_DATASET": "s3://greenlight-test/datasets/fasteners",
    "TRAINING_IMAGE": "example/greenlight-training:1",
    "SERVING_IMAGE": "example/greenlight-serving:1",
    "POWERTOOLS_SERVICE_NAME": "greenlight",
    "POWERTOOLS_METRICS_NAMESPACE": "Greenlight",
    "POWERTOOLS_LOG_LEVEL": "INFO",
}


def create_key(alias: str) -> Any:
    """A key that marks, by its alias; gives KMS."""
    kms = client("kms")
    with pytest.MonkeyPatch.context() as patch:
        # moto draws a pair of RSA keys for each key, which takes most of a test's time; one that marks never uses them.
        patch.setattr(moto.kms.models, "generate_private_key", lambda _: None)
        key = kms.create_key(KeySpec="HMAC_256", KeyUsage="GENERATE_VERIFY_MAC")["KeyMetadata"]["KeyId"]
    kms.create_alias(AliasName=alias, TargetKeyId=key)
    return kms


@functools.cache
def client(service: Any) -> Any:
    """A client of the service, made once."""
    return SESSION.client(service)


def import_handlers() -> None:
    """Import every handler under the environment, and leave no trace of it."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("AWS_ENDPOINT_URL", "AWS_PROFILE", "AWS_SESSION_TOKEN"):
            patch.delenv(name, raising=False)
        for name, value in ENVIRONMENT.items():
            patch.setenv(name, value)
        patch.setattr(boto3, "DEFAULT_SESSION", None)
        for function in FUNCTIONS:
            importlib.import_module(f"lambdas.{function}.handler")
        for way_in in ("decide.command", "decide.attend", "start_run.arrival"):
            importlib.import_module(f"lambdas.{way_in}")


import_handlers()


@dataclass(frozen=True)
class Context:
    """As much of a Lambda context as the functions and Powertools read."""

    function_name: str = "greenlight-test"
    memory_limit_in_mb: int = 256
    invoked_function_arn: str = "arn:aws:lambda:us-east-1:123456789012:function:greenlight-test"
    aws_request_id: str = "00000000-0000-0000-0000-000000000000"


@pytest.fixture
def context() -> Context:
    """The context of one invocation."""
    return Context()


@pytest.fixture
def aws() -> Iterator[None]:
    """An AWS account of one's own, in memory."""
    with mock_aws():
        yield


def counted(printed: str) -> dict[str, float]:
    """The figures that a function printed for CloudWatch, each of its project alone, for several share a namespace."""
    found: dict[str, float] = {}
    for line in printed.splitlines():
        told = json.loads(line)
        if "_aws" in told:
            (directive,) = told["_aws"]["CloudWatchMetrics"]
            assert (directive["Namespace"], told["project"]) == ("Greenlight", "greenlight")
            assert sorted(directive["Dimensions"][0]) == ["project", "service"]
            found |= {metric["Name"]: told[metric["Name"]][0] for metric in directive["Metrics"]}
    return found


class Bucket:
    """The bucket of the tests, by key."""

    name = ENVIRONMENT["BUCKET"]

    def __init__(self) -> None:
        self.s3 = client("s3")
        self.s3.create_bucket(Bucket=self.name)

    def put(self, key: str, body: bytes | str) -> None:
        """Store an object."""
        self.s3.put_object(Bucket=self.name, Key=key, Body=body)

    def get(self, key: str) -> bytes:
        """Read an object."""
        content: bytes = self.s3.get_object(Bucket=self.name, Key=key)["Body"].read()
        return content

    def stored(self) -> list[str]:
        """Every key there is."""
        return [item["Key"] for item in self.s3.list_objects_v2(Bucket=self.name).get("Contents", [])]


@pytest.fixture
def bucket(aws: None) -> Bucket:
    """An empty bucket."""
    return Bucket()


@pytest.fixture
def table(aws: None) -> Any:
    """An empty table as the template makes it."""
    return create_table()


def create_table() -> Any:
    """The table, with its index of what is open."""
    return SESSION.resource("dynamodb").create_table(
        TableName=ENVIRONMENT["TABLE"],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("id", "secret")],
        GlobalSecondaryIndexes=[
            {
                "IndexName": OPEN,
                "KeySchema": [{"AttributeName": "secret", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "KEYS_ONLY"},
            }
        ],
        BillingMode="PAY_PER_REQUEST",
    )


@pytest.fixture
def request_key(aws: None) -> Any:
    """The key that marks requests; gives KMS."""
    return create_key(ENVIRONMENT["REQUEST_KEY"])


@pytest.fixture
def record_key(aws: None) -> Any:
    """The key that marks what production serves; gives KMS."""
    return create_key(ENVIRONMENT["RECORD_KEY"])


class Mailbox:
    """A queue that is subscribed to both topics."""

    def __init__(self) -> None:
        self.sqs = client("sqs")
        self.url = self.sqs.create_queue(QueueName="mailbox")["QueueUrl"]
        queue = self.sqs.get_queue_attributes(QueueUrl=self.url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        for name, variable in (("greenlight", "TOPIC_ARN"), ("greenlight-trouble", "TROUBLE_TOPIC_ARN")):
            topic = client("sns").create_topic(Name=name)["TopicArn"]
            assert topic == ENVIRONMENT[variable]
            client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue)

    def mails(self) -> list[dict[str, str]]:
        """Every mail so far that was not read yet: ``Subject``, ``Message`` and the ``TopicArn`` that it came by."""
        found = self.sqs.receive_message(QueueUrl=self.url, MaxNumberOfMessages=10).get("Messages", [])
        return [json.loads(message["Body"]) for message in found]


@pytest.fixture
def mailbox(aws: None) -> Mailbox:
    """The topic, with somebody who reads it."""
    return Mailbox()


@dataclass
class Log:
    """What a function logged, as the text that would reach CloudWatch."""

    stream: io.StringIO

    @property
    def text(self) -> str:
        """Everything so far."""
        return self.stream.getvalue()


@pytest.fixture
def log_of() -> Iterator[Any]:
    """Listen to the log of a handler's module."""
    attached: list[tuple[Any, logging.Handler]] = []

    def listen(module: ModuleType) -> Log:
        stream = io.StringIO()
        listener = logging.StreamHandler(stream)
        listener.setFormatter(module.logger.registered_formatter)
        module.logger.addHandler(listener)
        attached.append((module.logger, listener))
        return Log(stream)

    yield listen
    for logger, listener in attached:
        logger._logger.removeHandler(listener)
