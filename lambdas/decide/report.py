"""The report that people were asked with, held to its digest: a page of its own, and read for what it carries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from lambdas.decide import response
from lambdas.decide.markup import message
from lambdas.decide.page import Seen
from lambdas.decide.services import logger, s3
from workflow.contract.approval import StoredApproval
from workflow.contract.digest import sha256_of
from workflow.contract.glance import find_glance
from workflow.contract.names import split_s3_uri
from workflow.contract.reading import ContractError


@dataclass(frozen=True)
class ReportError(Exception):
    """The report cannot be shown: the status to answer with, a title, and why in words."""

    status: int
    title: str
    text: str


def read(approval: StoredApproval, now_epoch: int) -> str:
    """The report that people were asked with. Raises ReportError where it is gone, is another, or cannot be read."""
    uri, meant = approval.request.report_uri, approval.request.report_digest
    bucket, key = split_s3_uri(uri)
    try:
        content: bytes = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    except s3.exceptions.NoSuchKey:
        raise ReportError(404, "No report", f"The report is not at {uri} any more.") from None
    except (BotoCoreError, ClientError) as error:
        logger.error("the report cannot be read", error=type(error).__name__)
        raise ReportError(503, "No report now", f"The report at {uri} cannot be read. Try again in a while.") from error
    if sha256_of([content]) != meant and (meant or approval.waits(now_epoch)):
        logger.error("the report was written over")
        told = f"The report at {uri} is another than the one that was there when this was asked. Ask who replaced it."
        raise ReportError(409, "Another report", told)
    return content.decode()


def show(approval: StoredApproval, now_epoch: int) -> dict[str, Any]:
    """Answer with the report, under a policy that lets it run nothing."""
    try:
        text = read(approval, now_epoch)
    except ReportError as error:
        return response.html(error.status, message(error.title, error.text))
    answer = response.html(200, text, response.REPORT_POLICY)
    if response.fits(answer):
        return answer
    return response.html(200, message("Too large to show", f"Read the report at {approval.request.report_uri}."))


def look(approval: StoredApproval, now_epoch: int) -> Seen:
    """What the report carries for the page, or why it cannot be believed; a request is shown without it, too."""
    try:
        return Seen(find_glance(read(approval, now_epoch)))
    except ReportError as error:
        return Seen(problem=error.text if error.status != 404 or approval.waits(now_epoch) else "")
    except (ContractError, UnicodeDecodeError) as error:
        logger.warning("the report carries nothing that can be shown", error=type(error).__name__)
        return Seen()
