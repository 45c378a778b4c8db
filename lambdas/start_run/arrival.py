"""The edge of new data: takes the messages of a queue in which S3's events lay for a while, and starts a build.

An upload of ten thousand pictures is some calls, and one build, however long it takes.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import boto3
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from lambdas.start_run.services import logger, machine, metrics, stepfunctions, tracer
from lambdas.start_run.settled import Stored, has_settled, name_after
from workflow.contract.arrival import MARKED, MARKER
from workflow.contract.names import split_s3_uri
from workflow.contract.starting import start_once


@dataclass(frozen=True)
class Place:
    """The stack's dataset: its bucket, its prefix with a slash at the end, and whether its marker alone counts."""

    bucket: str
    prefix: str
    marked: bool

    @staticmethod
    def read(environ: Mapping[str, str]) -> Place:
        """Read the settings from environment variables."""
        bucket, prefix = split_s3_uri(environ["DATASET"].rstrip("/") + "/")
        return Place(bucket, prefix, environ["DATA_STARTS"] == MARKED)

    def holds(self, bucket: str, key: str) -> bool:
        """Whether an object that came is one that a build may start upon; a folder's own object is none."""
        if bucket != self.bucket or not key.startswith(self.prefix) or key.endswith("/"):
            return False
        return key == self.prefix + MARKER if self.marked else True


place = Place.read(os.environ)
s3 = boto3.client("s3")


@metrics.log_metrics
@tracer.capture_lambda_handler
@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Return ``{"execution"}``: the ARN of the build that was started, empty where nothing was, for more is to come."""
    told = list(times_of(event.get("Records", [])))
    metrics.add_metric(name="ArrivalsTold", unit=MetricUnit.Count, value=len(told))
    if not told:
        return {"execution": ""}
    objects = list(list_objects())
    if not objects or not (place.marked or has_settled(objects, max(told))):
        logger.info("not settled", objects=len(objects))
        return {"execution": ""}
    execution = start_once(stepfunctions, machine, name_after(objects), {"started_by": "new data"})
    logger.info("started", execution=execution, objects=len(objects))
    return {"execution": execution}


def times_of(records: Iterable[Mapping[str, Any]]) -> Iterator[datetime]:
    """When each object came that counts. Raises KeyError or ValueError where a message is none of S3's events."""
    for record in records:
        told = json.loads(record["body"])
        detail = told["detail"]
        if place.holds(detail["bucket"]["name"], detail["object"]["key"]):
            yield datetime.fromisoformat(told["time"])


def list_objects() -> Iterator[Stored]:
    """Every object below the dataset's prefix."""
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=place.bucket, Prefix=place.prefix):
        for item in page.get("Contents", []):
            if not item["Key"].endswith("/"):
                yield Stored(item["Key"], item["ETag"], item["Size"], item["LastModified"])
