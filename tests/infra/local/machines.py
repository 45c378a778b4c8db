"""State machines, functions and jobs for the tests of the stand-in, in few words."""

from __future__ import annotations

import io
import itertools
import json
import time
import zipfile
from collections.abc import Callable, Mapping
from typing import Any

from tests.stand_in import StandIn

ROLE = "arn:aws:iam::000000000000:role/tests"
_TOKEN_FUNCTION = """\
import boto3
def handler(event, context):
    boto3.client("s3").put_object(Bucket="tokens", Key=event["key"], Body=event["token"].encode())
    return {"kept": True}
"""
_numbers = itertools.count(1)


def zipped(files: Mapping[str, str]) -> bytes:
    """A function's zip."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return packed.getvalue()


def eventually(found: Callable[[], Any], seconds: float = 20) -> Any:
    """What `found` gives as soon as it is true, or a failed test."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = found()
        if value:
            return value
        time.sleep(0.05)
    raise AssertionError("it did not happen in time")


class Machines:
    """Creates and runs on one stand-in; every name is used once."""

    def __init__(self, stand_in: StandIn) -> None:
        self.stand_in = stand_in
        self.sfn = stand_in.client("stepfunctions")
        self.s3 = stand_in.client("s3")
        self.sagemaker = stand_in.client("sagemaker")
        self._token_function = ""

    def name(self, kind: str) -> str:
        """A name nothing has had before."""
        return f"{kind}-{next(_numbers)}-{time.time_ns() % 10**9}"

    def create(self, states: dict[str, Any], **machine: Any) -> str:
        """A machine that starts at the first of these states; gives its ARN."""
        definition = {"StartAt": next(iter(states)), "States": states} | machine
        made = self.sfn.create_state_machine(name=self.name("machine"), definition=json.dumps(definition), roleArn=ROLE)
        return str(made["stateMachineArn"])

    def start(self, machine: str, data: Any = None, **more: Any) -> str:
        """Start an execution; gives its ARN."""
        started = self.sfn.start_execution(stateMachineArn=machine, input=json.dumps(data or {}), **more)
        return str(started["executionArn"])

    def end(self, execution: str, seconds: float = 20) -> dict[str, Any]:
        """The description of an execution that has ended."""

        def ended() -> Any:
            described = self.sfn.describe_execution(executionArn=execution)
            return described if described["status"] != "RUNNING" else None

        described: dict[str, Any] = eventually(ended, seconds)
        return described

    def run(self, states: dict[str, Any], data: Any = None, **machine: Any) -> dict[str, Any]:
        """Create a machine, run it once, and give the description of how it ended."""
        return self.end(self.start(self.create(states, **machine), data))

    def output(self, states: dict[str, Any], data: Any = None) -> Any:
        """The output of a machine that must succeed."""
        described = self.run(states, data)
        assert described["status"] == "SUCCEEDED", described
        return json.loads(described["output"])

    def events(self, execution: str) -> list[dict[str, Any]]:
        """The history of an execution."""
        history = self.sfn.get_execution_history(executionArn=execution, maxResults=1000)
        return list(history["events"])

    def event_types(self, execution: str) -> list[str]:
        """What happened in an execution, by name."""
        return [event["type"] for event in self.events(execution)]

    def function(self, code: str, **more: Any) -> str:
        """A deployed function whose handler is `index.handler`; gives its ARN."""
        made = self.stand_in.client("lambda").create_function(
            **{
                "FunctionName": self.name("function"),
                "Runtime": "python3.12",
                "Handler": "index.handler",
                "Role": ROLE,
                "Timeout": 20,
                "Code": {"ZipFile": zipped({"index.py": code})},
            }
            | more
        )
        return str(made["FunctionArn"])

    def waiting_for_token(self, key: str, **fields: Any) -> dict[str, Any]:
        """A state that hands its token to the bucket, under `key`, and waits for the answer."""
        if not self._token_function:
            self.s3.create_bucket(Bucket="tokens")
            self._token_function = self.function(_TOKEN_FUNCTION)
        return {
            "Type": "Task",
            "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken",
            "Parameters": {
                "FunctionName": self._token_function,
                "Payload": {"token.$": "$$.Task.Token", "key": key},
            },
            "End": True,
        } | fields

    def token(self, key: str) -> str:
        """The token that such a state has handed out; each is given once."""

        def handed_out() -> str:
            found = self.s3.list_objects_v2(Bucket="tokens", Prefix=key).get("Contents", [])
            return str(self.s3.get_object(Bucket="tokens", Key=key)["Body"].read().decode()) if found else ""

        token: str = eventually(handed_out)
        self.s3.delete_object(Bucket="tokens", Key=key)
        return token


def training(**fields: Any) -> dict[str, Any]:
    """A state that trains on the image `trainer`, with the hyperparameters of the execution's input."""
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::sagemaker:createTrainingJob.sync",
        "Parameters": {
            "TrainingJobName.$": "$$.Execution.Name",
            "AlgorithmSpecification": {"TrainingImage": "example.com/trainer:1", "TrainingInputMode": "File"},
            "RoleArn": ROLE,
            "HyperParameters.$": "$",
            "OutputDataConfig": {"S3OutputPath": "s3://models/"},
            "ResourceConfig": {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 1},
            "StoppingCondition": {"MaxRuntimeInSeconds": 600},
        },
        "End": True,
    } | fields
