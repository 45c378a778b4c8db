"""The edge of the smoke test: reads the expectation and its pictures, asks the endpoint, returns or raises.

Asks once; the state machine decides whether to try again. While a release moves traffic, the same pictures probe what
the new fleet answers: then nothing is raised for a wrong answer, but counted for the release's alarm.
"""

from __future__ import annotations

import itertools
import json
import os
import time
from collections.abc import Mapping
from functools import partial
from typing import Any

import boto3
from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from lambdas.smoke_test.comparison import difference
from lambdas.smoke_test.probe import ENOUGH, MOST_ASKED, NotHeard, listen
from lambdas.smoke_test.queued import NotAnswered, Queue
from lambdas.smoke_test.request import ProbeRequest, Request
from workflow.contract.capture import OWN_REQUEST
from workflow.contract.deployment import PROBE_NAMESPACE, WRONG_ANSWERS
from workflow.contract.names import split_s3_uri
from workflow.contract.reading import ContractError
from workflow.contract.smoke import Box, Expectation, Expected, answer_of
from workflow.contract.stage_accounts import StageAccounts
from workflow.contract.stored_smoke import StoredSmoke, read_smoke

PROBE_SECONDS = 10
QUEUE_SECONDS = 240
"""How long all pictures together may wait in the queue of an endpoint; less than the function's own time."""
CONTENT_TYPES = {"jpg": "image/jpeg", "jpeg": "image/jpeg", "png": "image/png"}


class SmokeTestFailed(Exception):
    """The endpoint does not answer as the evaluation did: names the picture and the difference."""


logger = Logger()
tracer = Tracer()
metrics = Metrics()
accounts = StageAccounts(boto3.client, os.environ)
bucket = os.environ["BUCKET"]
s3 = boto3.client("s3")
cloudwatch = boto3.client("cloudwatch")
runtime = boto3.client("sagemaker-runtime", config=Config(retries={"total_max_attempts": 1}))
hasty = boto3.client("sagemaker-runtime", config=Config(retries={"total_max_attempts": 1}, read_timeout=PROBE_SECONDS))
"""Waits no longer than a probe takes: SageMaker counts what is late by itself."""


@metrics.log_metrics
@tracer.capture_lambda_handler
@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Return how many pictures and boxes (of a classifier: classes) agreed, or raise SmokeTestFailed.

    For an event with a configuration, return what was heard of its fleet, and count it where the alarm looks.
    """
    if "configuration" in event:
        return probe(ProbeRequest.parse(event))
    metrics.add_metric(name="SmokeTested", unit=MetricUnit.Count, value=1)
    asked = Request.parse(event)
    kept = read_decided(asked)
    expectation, boxes = kept.expectation, 0
    client, until = accounts.twin(runtime, asked.stage), time.monotonic() + QUEUE_SECONDS
    for image in expectation.images:
        if asked.answers:
            answer = read_answer(asked, image.file)
        else:
            answer = ask(client, asked, image.file, kept.pictures[image.file], until)
        problem = compare(answer, image, expectation, asked)
        if problem:
            raise SmokeTestFailed(f"{asked.endpoint}, {image.file}: {problem}")
        boxes += len(image.answer)
    count = len(expectation.images)
    finds = all(isinstance(one, Box) for image in expectation.images for one in image.answer)
    thing = "box" if finds else "class"
    pictures = f"{count} picture{'s' * (count != 1)}"
    summary = f"{pictures}, {boxes} {thing}{'es' * (boxes != 1)}, as in the evaluation"
    if asked.only_the_digest:
        summary = f"{pictures}, answered by the model that was meant"
    logger.info("answered as expected", endpoint=asked.endpoint, images=count, boxes=boxes)
    return {"images": count, "boxes": boxes, "summary": summary}


def probe(asked: ProbeRequest) -> dict[str, Any]:
    """Ask until the new fleet was heard, for some seconds at most, and publish how many of its answers were wrong."""
    metrics.add_metric(name="Probed", unit=MetricUnit.Count, value=1)
    kept = read_decided(asked)
    expectation = kept.expectation
    client = accounts.twin(hasty, asked.stage)
    until = time.monotonic() + PROBE_SECONDS

    def question(image: Expected) -> str:
        try:
            answer = ask(client, asked, image.file, kept.pictures[image.file], until)
        except SmokeTestFailed as error:
            raise NotHeard from error
        if answer.get("model_digest") != asked.model_digest:
            raise NotHeard
        return compare(answer, image, expectation, asked)

    images = itertools.takewhile(lambda _: time.monotonic() < until, itertools.cycle(expectation.images[:ENOUGH]))
    heard = listen(partial(question, image) for image in itertools.islice(images, MOST_ASKED))
    # Where SageMaker looks for the alarms of a deployment.
    accounts.twin(cloudwatch, asked.stage).put_metric_data(
        Namespace=PROBE_NAMESPACE,
        MetricData=[
            {
                "MetricName": WRONG_ANSWERS,
                "Dimensions": [{"Name": "EndpointConfigName", "Value": asked.configuration}],
                "Value": heard.wrong,
                "Unit": "Count",
            }
        ],
    )
    logger.info("probed", configuration=asked.configuration, right=heard.right, wrong=heard.wrong, others=heard.others)
    return {"right": heard.right, "wrong": heard.wrong, "others": heard.others, "summary": heard.summary()}


def read_decided(asked: Request) -> StoredSmoke:
    """What the evaluation saw in its pictures. Raises SmokeTestFailed where it is of no use, or was changed since."""
    try:
        kept = read_smoke(s3, asked.evaluation_uri)
    except ContractError as error:
        raise SmokeTestFailed(str(error)) from error
    if kept.digest != asked.smoke_digest:
        raise SmokeTestFailed(
            f"smoke.json or its pictures at {asked.evaluation_uri} are not those that were decided on "
            f"(SHA-256 {kept.digest[:12]}…, decided on {asked.smoke_digest[:12]}…)"
        )
    if kept.expectation.model_digest != asked.model_digest and not asked.only_the_digest:
        raise SmokeTestFailed(f"smoke.json is about another model, {kept.expectation.model_digest[:12]}…")
    return kept


def compare(answer: Mapping[str, Any], image: Expected, expectation: Expectation, asked: Request) -> str:
    """The first difference between an answer and the evaluation's, in words; empty where they agree."""
    try:
        if answer.get("model_digest") != asked.model_digest:
            raise ContractError(f"another model answered, {str(answer.get('model_digest'))[:12]}…")
        return "" if asked.only_the_digest else difference(image.answer, answer_of(answer), expectation.confidence)
    except ContractError as error:
        return str(error)


def read_answer(asked: Request, file: str) -> dict[str, Any]:
    """What a batch answered to one picture. Raises SmokeTestFailed where it did not."""
    bucket, prefix = split_s3_uri(asked.answers)
    try:
        answer = json.loads(s3.get_object(Bucket=bucket, Key=f"{prefix}{file}.out")["Body"].read())
    except (BotoCoreError, ClientError, ValueError, RecursionError) as error:
        raise SmokeTestFailed(f"{asked.answers}, {file}: no answer: {error}") from error
    if not isinstance(answer, dict):
        raise SmokeTestFailed(f"{asked.answers}, {file}: the answer is no JSON object")
    return answer


def ask(client: Any, asked: Request, file: str, picture: bytes, until: float) -> dict[str, Any]:
    """The endpoint's answer to one picture, with its own settings; one of a queue is waited for ``until`` a moment.

    Raises SmokeTestFailed where there is none.
    """
    endpoint = asked.endpoint
    content_type = CONTENT_TYPES.get(file.rpartition(".")[2].lower())
    if content_type is None:
        raise SmokeTestFailed(f"smoke.json names {file}, which is neither JPEG nor PNG")
    endpoint, component = asked.endpoint, asked.component
    try:
        if asked.asynchronous:
            queue = Queue(client, s3, bucket, asked.stage, endpoint)
            body = queue.ask(content_type, picture, until)
        else:
            body = client.invoke_endpoint(
                EndpointName=endpoint,
                ContentType=content_type,
                Accept="application/json",
                Body=picture,
                InferenceId=OWN_REQUEST,
                **({"InferenceComponentName": component} if component else {}),
                **({"TargetVariant": asked.variant} if asked.variant else {}),
            )["Body"].read()
        answer = json.loads(body)
    except (BotoCoreError, ClientError, ContractError, NotAnswered, ValueError, RecursionError) as error:
        raise SmokeTestFailed(f"{endpoint}, {file}: no answer: {error}") from error
    if not isinstance(answer, dict):
        raise SmokeTestFailed(f"{endpoint}, {file}: the answer is no JSON object")
    return answer
