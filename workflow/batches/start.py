"""Brings the pictures of a batch to the bucket where they lie on this machine, and starts the Batch machine."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from workflow.clients import CONNECTIONS, Cloud
from workflow.contract.batch import BATCHES, BatchInput
from workflow.contract.document import render
from workflow.contract.starter import STARTED_BY_LENGTH
from workflow.errors import ServiceError, UsageError
from workflow.predictions.pictures import find_pictures
from workflow.stack.outputs import Stack

Progress = Callable[[int, int], None]
"""Told after each file: files done, files in all."""


@dataclass(frozen=True)
class Wanted:
    """What a person asks for; empty and 1 for what is as usual."""

    package: str = ""
    instance: str = ""
    instances: int = 1
    started_by: str = ""


def name_batch(now: datetime) -> str:
    """The name of a batch that is started now.

    >>> name_batch(datetime(2026, 11, 30, 12, 0, 5, tzinfo=UTC))
    'batch-2026-11-30T12-00-05'
    """
    return now.astimezone(UTC).strftime("batch-%Y-%m-%dT%H-%M-%S")


def upload_pictures(cloud: Cloud, bucket: str, folder: Path, name: str, progress: Progress) -> str:
    """Send every picture below a folder under the name that it has there; the address of all of them.

    Nothing else in the folder is sent. Raises UsageError where there is none.
    """
    found = find_pictures([str(folder)])
    prefix = f"{BATCHES}{name}/pictures/"

    def send(file: Path) -> None:
        key = prefix + file.relative_to(folder).as_posix()
        cloud.call("s3", "put_object", Bucket=bucket, Key=key, Body=file.read_bytes())

    with ThreadPoolExecutor(CONNECTIONS) as pool:
        waiting = [pool.submit(send, file) for file in found]
        try:
            for done, future in enumerate(waiting, 1):
                future.result()
                progress(done, len(waiting))
        except BaseException:
            pool.shutdown(wait=True, cancel_futures=True)
            raise
    return f"s3://{bucket}/{prefix}"


def start_batch(cloud: Cloud, machine: str, pictures: str, name: str, wanted: Wanted) -> str:
    """Start the Batch machine and return the execution's ARN. Raises UsageError where the name is taken."""
    given: Mapping[str, object] = render(
        BatchInput(
            pictures=pictures,
            model_package_arn=wanted.package,
            instance=wanted.instance,
            instances=wanted.instances,
            started_by=wanted.started_by[:STARTED_BY_LENGTH],
        )
    )
    try:
        answer = cloud.call(
            "stepfunctions", "start_execution", stateMachineArn=machine, name=name, input=json.dumps(given)
        )
    except ServiceError as error:
        if error.code == "ExecutionAlreadyExists":
            raise UsageError(f"a batch named {name!r} was started this very second: try again.") from error
        raise
    return str(answer["executionArn"])


def package_of(stack: Stack, version: int) -> str:
    """The ARN of a version; whether there is one, the batch's first state sees."""
    _, partition, _, region, account, *_ = stack.batch_machine_arn.split(":")
    return f"arn:{partition}:sagemaker:{region}:{account}:model-package/{stack.package_group}/{version}"
