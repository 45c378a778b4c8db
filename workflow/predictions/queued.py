"""Asks an endpoint that answers asynchronously: the picture into the bucket, and its answer out of it a little later.

Which bucket, and where in it, the endpoint itself says. Both objects expire by the bucket's lifecycle.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from workflow.clients import Cloud
from workflow.contract.asynchronous import LARGEST_BODY, LONGEST_SECONDS, answers_prefix, inputs_prefix
from workflow.contract.names import NOT_THERE, split_s3_uri
from workflow.contract.stage_accounts import STAGES
from workflow.errors import ServiceError, UsageError
from workflow.predictions.ask import Wanted, ask, read_body
from workflow.predictions.prediction import Prediction, read_prediction

LOOK_SECONDS = 0.5
"""Pause between two looks for an answer, which grows to the longest."""
LONGEST_LOOK_SECONDS = 5.0
PATIENCE_SECONDS = 10.0
"""After which somebody is told that an answer is still waited for."""
_MISSING = {"NoSuchKey", "404"}


@dataclass(frozen=True)
class Queue:
    """The queue of an endpoint: the bucket, and the prefix below which the pictures for it are put."""

    endpoint: str
    bucket: str
    inputs: str
    waiting: Callable[[], None] = lambda: None

    def ask(self, cloud: Cloud, picture: Path, wanted: Wanted) -> Prediction:
        """Ask about one picture and wait for the answer, for an hour at most.

        Raises PictureError for a picture it could not take, ServiceError with the reason where there is no answer.
        """
        body, kind = read_body(picture, LARGEST_BODY)
        began = time.monotonic()
        content = self.send(cloud, body, kind, "application/json", wanted)
        return read_prediction(picture, self.endpoint, content, (time.monotonic() - began) * 1000)

    def send(self, cloud: Cloud, body: bytes, kind: str, accept: str, wanted: Wanted) -> bytes:
        """Put a body of a media type into the queue and wait for the answer in the form of ``accept``.

        For an hour at most. Raises ServiceError with the reason where there is none.
        """
        attributes = wanted.attributes()
        began = time.monotonic()
        folder = "videos" if kind.startswith("video/") else "pictures"
        key = f"{self.inputs}{folder}/{hashlib.sha256(body).hexdigest()}"
        cloud.call("s3", "put_object", Bucket=self.bucket, Key=key, Body=body, ContentType=kind)
        accepted = cloud.call(
            "sagemaker-runtime",
            "invoke_endpoint_async",
            EndpointName=self.endpoint,
            InputLocation=f"s3://{self.bucket}/{key}",
            ContentType=kind,
            Accept=accept,
            InvocationTimeoutSeconds=LONGEST_SECONDS,
            **({"CustomAttributes": attributes} if attributes else {}),
        )
        return self._wait(cloud, accepted["OutputLocation"], accepted["FailureLocation"], began)

    def _wait(self, cloud: Cloud, output: str, failure: str, began: float) -> bytes:
        pause, told = LOOK_SECONDS, False
        while True:
            answer = _read(cloud, output)
            if answer is not None:
                return answer
            reason = _read(cloud, failure)
            if reason is not None:
                raise ServiceError("ModelError", reason.decode("utf-8", "replace"))
            waited = time.monotonic() - began
            if waited > LONGEST_SECONDS:
                raise ServiceError("Waited", f"no answer after an hour; it will be at {output}, should there be one")
            if waited > PATIENCE_SECONDS and not told:
                told = True
                self.waiting()
            time.sleep(pause)
            pause = min(pause * 1.5, LONGEST_LOOK_SECONDS)


def ask_as_it_answers(cloud: Cloud, endpoint: str, picture: Path, component: str = "") -> Prediction:
    """Ask about one picture, at once or by way of a queue. Raises what ``ask`` and ``Queue.ask`` raise.

    ``component`` is the inference component to ask on an endpoint that is shared.
    """
    queue = None if component else find_queue(cloud, endpoint)
    if queue is None:
        return ask(cloud, endpoint, picture, component=component)
    return queue.ask(cloud, picture, Wanted())


def find_queue(cloud: Cloud, endpoint: str, waiting: Callable[[], None] = lambda: None) -> Queue | None:
    """The queue of an endpoint; None for one that answers at once, is not there, or may not be looked at.

    Raises UsageError for a queue whose pictures nobody knows where to put.
    """
    try:
        described = cloud.call("sagemaker", "describe_endpoint", EndpointName=endpoint)
    except ServiceError as error:
        if "AccessDenied" in error.code or error.code in NOT_THERE:
            return None
        raise
    configured = described.get("AsyncInferenceConfig")
    if configured is None:
        return None
    output = str(configured["OutputConfig"].get("S3OutputPath", ""))
    for stage in STAGES:
        if output.endswith(f"/{answers_prefix(stage)}"):
            return Queue(endpoint, split_s3_uri(output)[0], inputs_prefix(stage), waiting)
    raise UsageError(
        f"{endpoint} answers asynchronously at {output or 'a place of its own'}, and was not made by a release: "
        "put the pictures where its role may read, and call InvokeEndpointAsync."
    )


def _read(cloud: Cloud, uri: str) -> bytes | None:
    bucket, key = split_s3_uri(uri)
    try:
        content: bytes = cloud.call("s3", "get_object", Bucket=bucket, Key=key)["Body"].read()
    except ServiceError as error:
        if error.code in _MISSING:
            return None
        raise
    return content
