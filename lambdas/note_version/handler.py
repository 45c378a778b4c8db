"""The edge of noting: writes card, stage and lineage of a version where SageMaker's own pages show them.

Nothing is decided by what is noted. What cannot be noted is told in the log and in the answer, and the rest is noted
all the same. Safe to repeat.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import boto3
from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.exceptions import BotoCoreError, ClientError

from lambdas.note_version import stage
from lambdas.note_version.card import write_card
from lambdas.note_version.chain import of_serving, of_version
from lambdas.note_version.event import Registered, Serving, read_event
from lambdas.note_version.lineage import Lineage
from workflow.contract.build_record import note_package
from workflow.contract.dataset_index import REGISTERED, DatasetUse, note_use


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


Note = Callable[[], object]

environment = Environment.read(os.environ)
logger = Logger()
tracer = Tracer()
metrics = Metrics()
s3 = boto3.client("s3")
sagemaker = boto3.client("sagemaker")
lineage = Lineage(sagemaker, environment.project)
table = boto3.resource("dynamodb").Table(environment.table)


@metrics.log_metrics
@tracer.capture_lambda_handler
@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Return ``{"noted", "missed"}``: which of card, stages and lineage could be written, and which could not."""
    told = read_event(event)
    notes = dict(notes_of_registration(told) if isinstance(told, Registered) else notes_of_serving(told))
    missed = [name for name, note in notes.items() if not is_noted(name, note)]
    metrics.add_metric(name="NotesMissed", unit=MetricUnit.Count, value=len(missed))
    return {"noted": [name for name in notes if name not in missed], "missed": missed}


def is_noted(name: str, note: Note) -> bool:
    """Whether a note could be written; why not is logged."""
    try:
        note()
    except (ClientError, BotoCoreError, ValueError) as error:
        logger.warning("not noted", note=name, error=str(error))
        return False
    return True


def notes_of_registration(version: Registered) -> Iterator[tuple[str, Note]]:
    """What is noted of a version that waits for a decision; first, that nobody builds the same again."""
    yield "build", partial(note_package, table, version.plan, version.package_arn)
    yield "dataset", partial(note_use, s3, environment.bucket, use_of(version))
    yield "card", lambda: put_card(version.package_arn, write_card(version))
    yield "stage", partial(update, version.package_arn, ModelLifeCycle=stage.register(version))
    yield "lineage", partial(lineage.keep, of_version(version))


def notes_of_serving(version: Serving) -> Iterator[tuple[str, Note]]:
    """What is noted of a version that a stage serves: a release has believed the decision that approved it.

    One that answers batches is on no staging, and leads to no endpoint.
    """
    arn = version.plan.model_package_arn
    if version.stage == "staging" or version.plan.batch:
        yield "card", partial(update, arn, ModelCard={"ModelCardStatus": "Approved"})
    yield "stages left", partial(archive_left, version)
    yield "stage", partial(update, arn, ModelLifeCycle=stage.serve(version))
    if not version.plan.batch:
        yield "lineage", partial(lineage.keep, of_serving(version))


def use_of(version: Registered) -> DatasetUse:
    """What came of the run's use of its dataset."""
    return DatasetUse(
        run=version.plan.run,
        execution=version.plan.execution_arn,
        digest=version.dataset.digest,
        name=version.plan.dataset.name,
        used_epoch=int(time.time()),
        ended=REGISTERED,
        package_arn=version.package_arn,
        model_digest=version.gate.model_digest,
    )


def put_card(package_arn: str, content: str) -> None:
    """Give a version its card, to be reviewed.

    A card that is there already, SageMaker's own or that of a run that was redriven, has status and content changed one
    by one, as SageMaker's own SDK does.
    """
    new = {"ModelCardStatus": "PendingReview", "ModelCardContent": content}
    card = sagemaker.describe_model_package(ModelPackageName=package_arn).get("ModelCard")
    if card is None:
        update(package_arn, ModelCard=new)
        return
    for member, value in new.items():
        if card.get(member) != value:
            update(package_arn, ModelCard={member: value})


def archive_left(version: Serving) -> None:
    """Archive every other version that was noted to be served there."""
    listing = sagemaker.get_paginator("list_model_packages")
    pages = listing.paginate(ModelPackageGroupName=environment.project, PaginationConfig={"PageSize": 100})
    registered = (one for page in pages for one in page["ModelPackageSummaryList"])
    for arn in stage.choose_left(version, registered):
        update(arn, ModelLifeCycle=stage.archive(version))


def update(package_arn: str, **members: Any) -> None:
    """Change what a version's page shows; its approval status is nobody's here."""
    sagemaker.update_model_package(ModelPackageArn=package_arn, **members)
