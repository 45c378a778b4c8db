"""Asks another version about the pictures of a shortlist: a batch of the serving image's, as any other.

So the other model is one that somebody approved, and runs where the first one did; no endpoint is touched. What the
batch was given are copies of what was captured, which would outlive it: all that the batch has goes with its end.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from workflow.batches.outcome import read_answers, read_outcome
from workflow.batches.start import Wanted, name_batch, package_of, start_batch, upload_pictures
from workflow.clients import Cloud
from workflow.contract.batch import BATCHES
from workflow.datasets.upload import delete_objects, list_objects
from workflow.errors import GreenlightError, UsageError
from workflow.runs.steering import stop_run
from workflow.stack.outputs import Stack

PAUSE, PAUSE_HERE = 15.0, 0.5
"""Seconds between two looks at the batch, on AWS and on the stand-in."""


def ask_second(cloud: Cloud, stack: Stack, pictures: Path, version: int, started_by: str) -> dict[str, Any]:
    """The answers of a version to all pictures of a folder, by the names of their files without ending.

    Whoever interrupts stops the batch. Raises UsageError for a stack without batches, GreenlightError where the batch
    fails, or what it was given cannot be deleted.
    """
    if not stack.batch_machine_arn:
        raise UsageError(f"the stack {stack.project} is from before there were batches: 'greenlight deploy' adds them.")
    name = name_batch(datetime.now(UTC))
    wanted = Wanted(package=package_of(stack, version), started_by=started_by)
    try:
        uri = upload_pictures(cloud, stack.bucket, pictures, name, lambda done, total: None)
        execution = start_batch(cloud, stack.batch_machine_arn, uri, name, wanted)
        try:
            _wait(cloud, execution, name)
        except KeyboardInterrupt:
            stop_run(cloud, execution, f"interrupted by {started_by}")
            raise
        answers = read_answers(cloud, read_outcome(cloud, execution))
    finally:
        _forget(cloud, stack.bucket, f"{BATCHES}{name}/")
    return {Path(str(one["picture"])).stem: one for one in answers if "error" not in one}


def _forget(cloud: Cloud, bucket: str, folder: str) -> None:
    keys = [str(item["Key"]) for item in list_objects(cloud, bucket, folder)]
    if codes := delete_objects(cloud, bucket, keys):
        raise GreenlightError(
            f"s3://{bucket}/{folder} holds copies of what production was asked, and cannot be deleted ({codes[0]}): "
            "have somebody delete it."
        )


def _wait(cloud: Cloud, execution: str, name: str) -> None:
    while True:
        found = cloud.call("stepfunctions", "describe_execution", executionArn=execution)
        if found["status"] == "SUCCEEDED":
            return
        if found["status"] != "RUNNING":
            told = found.get("cause") or found["status"]
            raise GreenlightError(f"the other version has not answered: {told}\n  'greenlight logs {name}' tells more.")
        time.sleep(PAUSE_HERE if cloud.local else PAUSE)
