"""The edge of capture: takes a file that SageMaker wrote, keeps its pictures and documents, and deletes it.

S3 tells of every file. What is kept of one day is limited in bytes. Safe to repeat: a record always has the same key,
and counts again what it has counted, so that a repeated call keeps less and never more.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import boto3
from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from lambdas.keep_captured.filtering import Filter
from lambdas.keep_captured.record import Place, Record
from workflow.contract.capture import OWN_REQUEST, OtherName, named_key
from workflow.contract.document import Document
from workflow.contract.reading import ContractError, mapping
from workflow.contract.table_keys import captured_key

CHUNK = 1 << 20
DAY = 24 * 3600


@dataclass(frozen=True)
class Environment:
    """The function's settings: the bytes kept of a day at the ``largest``, and who filters, empty for nobody."""

    project: str
    bucket: str
    table: str
    largest: int
    filter: str

    @staticmethod
    def read(environ: Mapping[str, str]) -> Environment:
        """Read the settings from environment variables."""
        return Environment(
            project=environ["PROJECT"],
            bucket=environ["BUCKET"],
            table=environ["TABLE"],
            largest=int(environ["MEGABYTES_A_DAY"]) * 1_000_000,
            filter=environ.get("FILTER_ARN", ""),
        )


environment = Environment.read(os.environ)
logger = Logger()
tracer = Tracer()
metrics = Metrics()
metrics.set_default_dimensions(project=environment.project)
s3 = boto3.client("s3")
table = boto3.resource("dynamodb").Table(environment.table)
own = Filter(boto3.client("lambda"), environment.filter)


@metrics.log_metrics
@tracer.capture_lambda_handler
@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Return how many records of the file were kept, left out, and could not be read."""
    told = mapping(mapping(event, "event").get("detail"), "event.detail")
    key = str(mapping(told.get("object"), "event.detail.object").get("key"))
    place = Place.of(key)
    counted = dict.fromkeys(("kept", "left_out", "unreadable"), 0)
    for line in read_lines(key):
        try:
            record = Record.read(line)
        except ContractError as error:
            logger.warning("a captured line cannot be read", key=key, reason=str(error))
            counted["unreadable"] += 1
            continue
        counted["kept" if keep(record, place) else "left_out"] += 1
    s3.delete_object(Bucket=environment.bucket, Key=key)
    for name, value in counted.items():
        metrics.add_metric(name=f"Captured{name.title().replace('_', '')}", unit=MetricUnit.Count, value=value)
    logger.info("kept what was captured", key=key, counted=counted)
    return counted


def read_lines(key: str) -> Iterator[bytes]:
    """The lines of a file, one in memory at a time; none where it is gone, for the call before this one took it."""
    try:
        body = s3.get_object(Bucket=environment.bucket, Key=key)["Body"]
    except s3.exceptions.NoSuchKey:
        return
    for line in body.iter_lines(CHUNK):
        if line.strip():
            yield line


def keep(record: Record, place: Place) -> bool:
    """Keep a record where it is somebody's, may be kept and the day has room for it; whether it was."""
    if record.caller_id == OWN_REQUEST:
        return False
    allowed = own.allow(record, place) if environment.filter else record
    if allowed is None or not has_room(allowed):
        return False
    s3.put_object(Bucket=environment.bucket, Key=allowed.picture_key(), Body=allowed.body)
    document_key = f"{allowed.key()}.json"
    put(document_key, allowed.document(place))
    for name in allowed.other_names():
        put(named_key(name), OtherName(document_key))
    return True


def put(key: str, document: Document) -> None:
    """Store a document."""
    body = json.dumps(document.document(), ensure_ascii=False).encode()
    s3.put_object(Bucket=environment.bucket, Key=key, Body=body, ContentType="application/json")


def has_room(record: Record) -> bool:
    """Count a record among those of its day; whether it fits into what a day may hold."""
    size = len(record.body) + len(record.answer)
    if size > environment.largest:
        return False
    try:
        table.update_item(
            Key={"id": captured_key(f"{record.taken:%Y-%m-%d}")},
            UpdateExpression="ADD bytes_kept :size SET expires_epoch = :expires",
            ConditionExpression="attribute_not_exists(id) OR bytes_kept <= :room",
            ExpressionAttributeValues={
                ":size": size,
                ":room": environment.largest - size,
                ":expires": int(record.taken.timestamp()) + 7 * DAY,
            },
        )
    except table.meta.client.exceptions.ConditionalCheckFailedException:
        return False
    return True
