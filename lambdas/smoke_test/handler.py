"""The edge of the smoke test: reads the expectation and its pictures, asks the endpoint, returns or raises.

Asks once; the state machine decides whether to try again.
"""

from __future__ import annotations

import json
from typing import Any

import boto3
from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from lambdas.smoke_test.comparison import difference
from lambdas.smoke_test.request import Request
from workflow.contract.names import split_s3_uri
from workflow.contract.reading import ContractError
from workflow.contract.smoke import Box, Expectation, answer_of

CONTENT_TYPES = {"jpg": "image/jpeg", "jpeg": "image/jpeg", "png": "image/png"}


class SmokeTestFailed(Exception):
    """The endpoint does not answer as the evaluation did: names the picture and the difference."""


logger = Logger()
tracer = Tracer()
metrics = Metrics()
s3 = boto3.client("s3")
runtime = boto3.client("sagemaker-runtime", config=Config(retries={"total_max_attempts": 1}))


@metrics.log_metrics
@tracer.capture_lambda_handler
@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Return how many pictures and boxes (of a classifier: classes) agreed, or raise SmokeTestFailed."""
    metrics.add_metric(name="SmokeTested", unit=MetricUnit.Count, value=1)
    asked = Request.parse(event)
    endpoint, digest, folder = asked.endpoint, asked.model_digest, asked.evaluation_uri + "smoke/"
    try:
        expectation = Expectation.parse(json.loads(read_object(folder + "smoke.json")))
    except (ContractError, ValueError) as error:
        raise SmokeTestFailed(f"smoke.json cannot be understood: {error}") from error
    if expectation.model_digest != digest and not asked.only_the_digest:
        raise SmokeTestFailed(f"smoke.json is about another model, {expectation.model_digest[:12]}…")
    boxes = 0
    for image in expectation.images:
        answer = ask(endpoint, image.file, read_object(folder + image.file))
        try:
            if answer.get("model_digest") != digest:
                raise ContractError(f"another model answered, {str(answer.get('model_digest'))[:12]}…")
            problem = ""
            if not asked.only_the_digest:
                problem = difference(image.answer, answer_of(answer), expectation.confidence)
        except ContractError as error:
            problem = str(error)
        if problem:
            raise SmokeTestFailed(f"{endpoint}, {image.file}: {problem}")
        boxes += len(image.answer)
    count = len(expectation.images)
    finds = all(isinstance(one, Box) for image in expectation.images for one in image.answer)
    thing = "box" if finds else "class"
    pictures = f"{count} picture{'s' * (count != 1)}"
    summary = f"{pictures}, {boxes} {thing}{'es' * (boxes != 1)}, as in the evaluation"
    if asked.only_the_digest:
        summary = f"{pictures}, answered by the model that was meant"
    logger.info("answered as expected", endpoint=endpoint, images=count, boxes=boxes)
    return {"images": count, "boxes": boxes, "summary": summary}


def ask(endpoint: str, file: str, picture: bytes) -> dict[str, Any]:
    """The endpoint's answer to one picture, with its own settings. Raises SmokeTestFailed where there is none."""
    content_type = CONTENT_TYPES.get(file.rpartition(".")[2].lower())
    if content_type is None:
        raise SmokeTestFailed(f"smoke.json names {file}, which is neither JPEG nor PNG")
    try:
        body = runtime.invoke_endpoint(
            EndpointName=endpoint,
            ContentType=content_type,
            Accept="application/json",
            Body=picture,
        )["Body"].read()
        answer = json.loads(body)
    except (BotoCoreError, ClientError, ValueError) as error:
        raise SmokeTestFailed(f"{endpoint}, {file}: no answer: {error}") from error
    if not isinstance(answer, dict):
        raise SmokeTestFailed(f"{endpoint}, {file}: the answer is no JSON object")
    return answer


def read_object(uri: str) -> bytes:
    """One stored object. Raises SmokeTestFailed where it is missing."""
    bucket, key = split_s3_uri(uri)
    try:
        content: bytes = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    except s3.exceptions.NoSuchKey as error:
        raise SmokeTestFailed(f"the evaluation left no {uri}") from error
    return content
