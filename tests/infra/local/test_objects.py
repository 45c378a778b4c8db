"""Writing an object from a state machine, which the engine alone cannot."""

from __future__ import annotations

import json
from typing import Any

from tests.infra.local.machines import Machines


def put(**parameters: Any) -> dict[str, Any]:
    """A state that writes one object."""
    resource = "arn:aws:states:::aws-sdk:s3:putObject"
    return {"Put": {"Type": "Task", "Resource": resource, "Parameters": parameters, "End": True}}


def test_an_object_is_written_as_its_json(machines: Machines) -> None:
    """With what the execution knows, under the type that was asked for."""
    bucket = machines.name("objects")
    machines.s3.create_bucket(Bucket=bucket)
    written = machines.output(
        put(
            **{"Bucket": bucket, "Key": "runs/one/trials.json", "ContentType": "application/json"},
            Body={"version": 1, "trials.$": "$.trials"},
        ),
        {"trials": [{"name": "a"}]},
    )
    found = machines.s3.get_object(Bucket=bucket, Key="runs/one/trials.json")
    assert json.load(found["Body"]) == {"version": 1, "trials": [{"name": "a"}]}
    assert (found["ContentType"], found["ETag"]) == ("application/json", written["ETag"])


def test_a_refused_write_fails_the_state_by_its_code(machines: Machines) -> None:
    """As the SDK behind the integration names it."""
    described = machines.run(put(Bucket="no-such-bucket-anywhere", Key="a", Body={}))
    assert (described["status"], described["error"]) == ("FAILED", "S3.NoSuchBucketException")
