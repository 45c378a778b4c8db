"""The edge of the gate: reads the figures, hashes the archive, writes the verdict down, returns or raises GateRejected.

What cannot be read becomes evidence that is missing, and the decision is made of that. The archive of a candidate that
passes is kept where nothing can replace it; one that cannot be kept does not pass.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import boto3
from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.exceptions import BotoCoreError, ClientError

from lambdas.gate_metrics.archive import NotKeptError, keep_archive, read_archive
from lambdas.gate_metrics.decision import Evidence, decide, refuse
from lambdas.gate_metrics.quality import QUALITY_FILE, write_quality
from lambdas.gate_metrics.record import METRICS, REPORT, hand_on, shorten, write_verdict
from lambdas.gate_metrics.report import put_cost, put_verdict
from workflow.contract.billed_jobs import find_billed_jobs
from workflow.contract.build_plan import BuildPlan
from workflow.contract.build_record import note_refusal
from workflow.contract.console import Console
from workflow.contract.console_links import Places
from workflow.contract.cost import Job, tell_cost, tell_time
from workflow.contract.document import render
from workflow.contract.failures import Failure
from workflow.contract.names import split_s3_uri
from workflow.contract.reading import ContractError, mapping
from workflow.contract.scores import QUALITY
from workflow.contract.scores import Metrics as Measured
from workflow.contract.stand_in import is_on_stand_in
from workflow.contract.stored_smoke import StoredSmoke, read_smoke


class GateRejected(Exception):
    """The candidate may not be registered: every reason, in words."""


@dataclass(frozen=True)
class Environment:
    """The function's settings."""

    project: str
    bucket: str
    table: str

    @staticmethod
    def read(environ: Mapping[str, str]) -> Environment:
        """Read the settings from environment variables."""
        return Environment(project=environ["PROJECT"], bucket=environ["BUCKET"], table=environ["TABLE"])


environment = Environment.read(os.environ)
logger = Logger()
tracer = Tracer()
metrics = Metrics()
# Several projects share an account, and this namespace.
metrics.set_default_dimensions(project=environment.project)
s3 = boto3.client("s3")
sagemaker = boto3.client("sagemaker")
table = boto3.resource("dynamodb").Table(environment.table)


@metrics.log_metrics
@tracer.capture_lambda_handler
@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Return what the registration needs of a candidate that passed, or raise GateRejected."""
    try:
        plan, training = BuildPlan.parse(event.get("plan")), mapping(event.get("training"), "training")
    except ContractError as error:
        metrics.add_metric(name="GateRefused", unit=MetricUnit.Count, value=1)
        raise GateRejected(f"what the gate was asked cannot be read: {error}") from error
    evaluation = plan.uris.evaluation
    archive = read_archive(s3, training.get("model_data_url"))
    if archive is None:
        logger.warning("no archive", uri=training.get("model_data_url"))
    page = read_page(evaluation + REPORT)
    # Read once: what is judged, shown and signed is what these bytes say.
    measured, smoke = read_bytes(evaluation + METRICS), find_smoke(evaluation)
    decision = decide(
        Evidence(
            metrics=parse_json(measured, evaluation + METRICS),
            thresholds=plan.thresholds,
            champion=plan.champion,
            training_status=training.get("status"),
            archive_digest="" if archive is None else archive.digest,
            has_report=page is not None,
            smoke=smoke if isinstance(smoke, str) else smoke.expectation,
            compare=plan.compare,
            loosened=plan.loosened,
        )
    )
    # A refusal for want of something to judge is no judgement: the same may find it there the next time.
    measured_archive = "" if decision.metrics is None else decision.metrics.candidate.archive_digest
    whole = page is not None and archive is not None and measured_archive == archive.digest
    kept = ""
    if decision.passed and archive is not None:
        try:
            kept = keep_archive(s3, archive, environment.bucket)
        except NotKeptError as error:
            decision, whole = refuse([str(error)], decision.metrics), False
    write_json(evaluation + "gate.json", write_verdict(decision, plan.thresholds, plan.loosened).document())
    billed, free = find_billed(plan.run), is_on_stand_in(os.environ)
    places = Places(execution=plan.execution_arn, training_job=str(training.get("job_name", "")))
    links = places.links(Console.of(plan.execution_arn, os.environ))
    judged = None if page is None else put_verdict(page if free else put_cost(page, billed), decision, links)
    if judged is None:
        logger.warning("the report does not show the verdict", uri=evaluation, missing=page is None)
    else:
        write(evaluation + REPORT, judged, "text/html; charset=utf-8")
    metrics.add_metric(name="GatePassed" if decision.passed else "GateRefused", unit=MetricUnit.Count, value=1)
    if decision.metrics is not None:
        count_figures(decision.metrics)
    logger.info("decided", passed=decision.passed, reasons=decision.reasons)
    if decision.metrics is None or isinstance(smoke, str) or not decision.passed:
        reason = "; ".join(shorten(decision.reasons))
        if whole:
            remember(plan, reason)
        raise GateRejected(reason)
    quality = write_json(evaluation + QUALITY_FILE, write_quality(decision.metrics))
    passed = hand_on(
        decision,
        decision.metrics,
        evaluation,
        evaluation_digest=digest_of(measured),
        smoke_digest=smoke.digest,
        archive_uri=kept,
        cost=(tell_time if free else tell_cost)(billed),
        quality_digest=digest_of(quality),
    )
    # The machine takes each of them, also one that says nothing.
    return {"cost": "", **render(passed)}


def remember(plan: BuildPlan, reason: str) -> None:
    """Keep that this candidate was refused, so that a start of the same trains none again; the log tells where not."""
    try:
        note_refusal(table, plan, Failure.GATE_REJECTED, reason)
    except (BotoCoreError, ClientError) as error:
        logger.warning("the refusal is not remembered", reason=str(error))


def count_figures(measured: Measured) -> None:
    """Count what the candidate scored, and production's model beside it, for the dashboard; fractions, milliseconds."""
    candidate, champion = measured.candidate, measured.champion
    figures = {
        "CandidateQuality": measured.quality,
        "CandidatePrecision": candidate.precision,
        "CandidateRecall": candidate.recall,
        **({} if champion is None else {"ChampionQuality": champion.figure(QUALITY[measured.task]) or 0.0}),
    }
    for name, value in figures.items():
        metrics.add_metric(name=name, unit=MetricUnit.NoUnit, value=value)
    metrics.add_metric(name="CandidateLatency", unit=MetricUnit.Milliseconds, value=candidate.latency_p50_ms)


def find_billed(run: str) -> tuple[Job, ...]:
    """The jobs of the run that are paid for; none where SageMaker does not say: a gate is not closed by a bill."""
    try:
        return find_billed_jobs(lambda name, **given: getattr(sagemaker, name)(**given), environment.project, run)
    except (BotoCoreError, ClientError) as error:
        logger.warning("what the run costs is not known", error=str(error))
        return ()


def find_smoke(evaluation_uri: str) -> StoredSmoke | str:
    """What a release can be tried with, or why nothing can."""
    try:
        return read_smoke(s3, evaluation_uri)
    except ContractError as error:
        return str(error)


def read_bytes(uri: str) -> bytes:
    """The object's bytes; none where there is no such object."""
    bucket, key = split_s3_uri(uri)
    try:
        content: bytes = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    except s3.exceptions.NoSuchKey:
        return b""
    return content


def parse_json(content: bytes, uri: str) -> object:
    """The document, or None where there is none or it is no JSON; ``uri`` says where it was read."""
    try:
        return json.loads(content)
    except (ValueError, RecursionError) as error:
        logger.warning("no document", uri=uri, error=type(error).__name__)
        return None


def read_page(uri: str) -> str | None:
    """The evaluation's page, or None where there is none or it is no text."""
    bucket, key = split_s3_uri(uri)
    try:
        text: str = s3.get_object(Bucket=bucket, Key=key)["Body"].read().decode()
    except (s3.exceptions.NoSuchKey, UnicodeDecodeError) as error:
        logger.warning("no report", uri=uri, error=type(error).__name__)
        return None
    return text or None


def write_json(uri: str, document: dict[str, Any]) -> bytes:
    """Write one document; give what was written."""
    return write(uri, json.dumps(document, ensure_ascii=False), "application/json")


def write(uri: str, text: str, content_type: str) -> bytes:
    """Write one object; give what was written."""
    bucket, key = split_s3_uri(uri)
    body = text.encode()
    s3.put_object(Bucket=bucket, Key=key, Body=body, ContentType=content_type)
    return body


def digest_of(content: bytes) -> str:
    """The SHA-256 (hex)."""
    return hashlib.sha256(content).hexdigest()
