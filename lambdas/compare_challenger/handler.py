"""The edge of comparing a challenger: looks at the endpoint, reads both variants' figures, asks both the same pictures.

The pictures are those that the evaluation tried the challenger with. A shadow's answers nobody sees, so its model is
asked on staging, which serves the same archive. Whether answers were right is what people said of them since it began.
What was compared is kept as ``challenge.json``. Safe to repeat.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import boto3
from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from lambdas.compare_challenger.agreement import alike
from lambdas.compare_challenger.feedback import read_judged
from lambdas.compare_challenger.traffic import MINUTE, queries, read_side
from lambdas.compare_challenger.verdict import Agreement, Side, document, judge
from workflow.contract.challenge import AB, CHALLENGER_VARIANT, CHAMPION_VARIANT, OVERTAKEN, Challenge
from workflow.contract.document import Text, read
from workflow.contract.reading import ContractError
from workflow.contract.release_plan import ReleasePlan
from workflow.contract.smoke import Answer, answer_of
from workflow.contract.stored_smoke import read_smoke
from workflow.contract.truth import count_truth

CONTENT_TYPES = {"jpg": "image/jpeg", "jpeg": "image/jpeg", "png": "image/png"}


@dataclass(frozen=True)
class Request:
    """The challenge's plan, the configuration that both stand behind, and since when (ISO 8601)."""

    plan: ReleasePlan
    configuration: Text
    since: Text

    @property
    def challenge(self) -> Challenge:
        """What is planned of it. Raises ContractError where the plan is no challenge's."""
        if self.plan.challenge is None:
            raise ContractError("the plan is not that of a challenge")
        return self.plan.challenge

    @property
    def since_epoch(self) -> float:
        """Since when, in seconds of the epoch."""
        return datetime.fromisoformat(self.since).timestamp()


logger = Logger()
tracer = Tracer()
metrics = Metrics()
s3 = boto3.client("s3")
sagemaker = boto3.client("sagemaker")
cloudwatch = boto3.client("cloudwatch")
runtime = boto3.client("sagemaker-runtime", config=Config(retries={"total_max_attempts": 1}))


@metrics.log_metrics
@tracer.capture_lambda_handler
@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Return what the comparison ``says``, why in one line, and where ``challenge.json`` lies."""
    metrics.add_metric(name="ChallengerCompared", unit=MetricUnit.Count, value=1)
    asked = read(Request, event, "event")
    plan, challenge = asked.plan, asked.challenge
    serves = sagemaker.describe_endpoint(EndpointName=plan.production_endpoint)["EndpointConfigName"]
    if serves != asked.configuration:
        return {"says": OVERTAKEN, "summary": f"production serves {serves} by now", "uri": ""}
    # The questions of this function are counted too, so the figures come first.
    elapsed = time.time() - asked.since_epoch
    results = find_results(asked, elapsed)
    champion, challenger = (read_side(results, name) for name in (CHAMPION_VARIANT, CHALLENGER_VARIANT))
    agreement = Agreement(0, 0)
    if elapsed >= challenge.seconds:
        agreement = compare_answers(asked)
        champion, challenger = with_truth(asked, champion, challenger)
    verdict = judge(challenge, champion, challenger, agreement, elapsed)
    uri = keep(plan, document(challenge, champion, challenger, agreement, elapsed, verdict))
    logger.info("compared", says=verdict.says, summary=verdict.summary)
    return {"says": verdict.says, "summary": verdict.summary, "uri": uri}


def find_results(asked: Request, elapsed: float) -> list[Mapping[str, Any]]:
    """What CloudWatch counted of both, from the whole minute in which the challenge began."""
    pages = cloudwatch.get_paginator("get_metric_data").paginate(
        MetricDataQueries=queries(asked.plan.production_endpoint, asked.configuration, elapsed),
        StartTime=datetime.fromtimestamp(asked.since_epoch // MINUTE * MINUTE, UTC),
        EndTime=datetime.fromtimestamp(time.time() + MINUTE, UTC),
    )
    return [result for page in pages for result in page["MetricDataResults"]]


def with_truth(asked: Request, champion: Side, challenger: Side) -> tuple[Side, Side]:
    """Both, with how many of their answers were right, which tells nothing of one model beside itself."""
    mine, theirs = asked.plan.model_digest, asked.plan.previous.model_digest if asked.plan.previous else ""
    if mine == theirs:
        return champion, challenger
    judged = read_judged(s3, os.environ["BUCKET"], asked.since_epoch, time.time())
    logger.info("read what was judged", answers=len(judged))
    return replace(champion, truth=count_truth(judged, theirs)), replace(challenger, truth=count_truth(judged, mine))


def compare_answers(asked: Request) -> Agreement:
    """Ask both for the pictures that were decided on. A picture that either does not answer counts as not alike.

    So does one that another model answers: while the two are compared, another release may bring up staging.

    Raises ContractError where the pictures are not those.
    """
    plan = asked.plan
    kept = read_smoke(s3, plan.evaluation_uri)
    if kept.digest != plan.smoke_digest:
        raise ContractError(f"the pictures at {plan.evaluation_uri} are not those that were decided on")
    beside = asked.challenge.kind == AB
    other = (plan.production_endpoint, CHALLENGER_VARIANT) if beside else (plan.staging_endpoint, "")
    champion, agreed = plan.previous.model_digest if plan.previous else "", 0
    for image in kept.expectation.images:
        picture = kept.pictures[image.file]
        ours = ask(plan.production_endpoint, CHAMPION_VARIANT if beside else "", champion, image.file, picture)
        theirs = ask(*other, plan.model_digest, image.file, picture)
        agreed += ours is not None and theirs is not None and alike(ours, theirs)
    return Agreement(agreed, len(kept.expectation.images))


def ask(endpoint: str, variant: str, model_digest: str, file: str, picture: bytes) -> Answer | None:
    """One variant's answer to one picture; None where there is none that can be read, or it is another model's.

    An empty ``model_digest`` is one that no release has recorded.
    """
    try:
        body = runtime.invoke_endpoint(
            EndpointName=endpoint,
            ContentType=CONTENT_TYPES.get(file.rpartition(".")[2].lower(), "application/octet-stream"),
            Accept="application/json",
            Body=picture,
            **({"TargetVariant": variant} if variant else {}),
        )["Body"].read()
        document = json.loads(body)
        if model_digest not in ("", document.get("model_digest")):
            raise ContractError(f"the model {document.get('model_digest')} answers, not {model_digest}")
        return answer_of(document)
    except (BotoCoreError, ClientError, ContractError, ValueError, AttributeError) as error:
        logger.warning("no answer", endpoint=endpoint, variant=variant, error=str(error))
        return None


def keep(plan: ReleasePlan, found: Mapping[str, Any]) -> str:
    """Write ``challenge.json``, and give its address."""
    bucket, key = os.environ["BUCKET"], f"challenges/{plan.run}/challenge.json"
    content = json.dumps(found, indent=2).encode()
    s3.put_object(Bucket=bucket, Key=key, Body=content, ContentType="application/json")
    return f"s3://{bucket}/{key}"
