"""An approval request: what is stored is read, listed and found by its link, and its token is in nobody's hands."""

from __future__ import annotations

import json
import secrets
from dataclasses import asdict, replace
from typing import Any
from urllib.parse import urljoin, urlsplit

import boto3.dynamodb.types
import pytest

from workflow.contract.approval import (
    ApprovalRequest,
    ComparedFigure,
    ListedApproval,
    StoredApproval,
    token_in,
)
from workflow.contract.approval_link import OPAQUE_BYTES, PATH, link_to, report_beside
from workflow.contract.document import read
from workflow.contract.reading import ContractError
from workflow.contract.table_items import plain_item

TOKEN = "AQC8-the-secret-task-token"
REQUEST = ApprovalRequest(
    purpose="release",
    machine="build",
    run="one",
    execution="arn:one",
    name="fasteners",
    package_version=4,
    production_version=3,
    compared=True,
    verdict="passed: mAP50-95 0.810 ≥ 0.60",
    reasons=("mAP50 0.96 ≥ 0.80",),
    figures=(ComparedFigure("mAP50-95", 0.81, 0.8, "0.760 to 0.850"), ComparedFigure("recall", 0.9, None)),
    changed="the data changed",
    data="96 images",
    trained_on="",
    started_by="ana",
    expires_epoch=1_800_000_000,
    evaluation_uri="s3://bucket/evaluation/",
    report_uri="s3://bucket/evaluation/report/index.html",
    archive_digest="a" * 64,
    evaluation_digest="b" * 64,
    image="serving:1",
)
STORED = StoredApproval(
    id="approval#one",
    status="pending",
    secret="n" * 32,
    delivered=False,
    package_arn="arn:package/4",
    subject="the subject",
    request=REQUEST,
    created_epoch=1_799_999_000,
    expires_epoch=1_800_000_000,
)
DECIDED = replace(
    STORED, status="approved", decision="approved", decided_by="Ana", comment="fine", decided_epoch=1_799_999_500
)
ITEM = {
    "id": "approval#one",
    "kind": "approval",
    "status": "pending",
    "token": TOKEN,
    "secret": "n" * 32,
    "delivered": False,
    "purpose": "release",
    "machine": "build",
    "run": "one",
    "execution": "arn:one",
    "package_arn": "arn:package/4",
    "package_version": 4,
    "subject": "the subject",
    "summary": "passed: mAP50-95 0.810 ≥ 0.60",
    "started_by": "ana",
    "created_epoch": 1_799_999_000,
    "expires_epoch": 1_800_000_000,
}
"""The item as requests that wait have been stored, but for the request's own JSON."""


def through_the_table(item: dict[str, Any]) -> dict[str, Any]:
    """The item below the names of its types, as a boto3 client reads it."""
    serialise = boto3.dynamodb.types.TypeSerializer().serialize
    return {key: serialise(value) for key, value in item.items()}


def test_an_item_has_the_keys_that_requests_have_always_had() -> None:
    """Requests wait for days, also while the stack is updated."""
    item = STORED.item(TOKEN)
    document = json.loads(item.pop("document"))
    assert item == ITEM
    assert list(document) == ["version", *asdict(REQUEST)]
    assert document["figures"][1] == {"name": "recall", "candidate": 0.9, "production": None, "interval": ""}


@pytest.mark.parametrize("stored", [STORED, DECIDED], ids=["pending", "decided"])
def test_what_is_stored_is_read_as_it_was_written(stored: StoredApproval) -> None:
    """With the numbers that boto3's resource gives for a table's."""
    deserialise = boto3.dynamodb.types.TypeDeserializer().deserialize
    item = {key: deserialise(value) for key, value in through_the_table(stored.item(TOKEN)).items()}
    assert StoredApproval.parse(item) == stored


def test_what_is_stored_is_listed() -> None:
    """From the same item, by who only looks."""
    listed = read(ListedApproval, plain_item(through_the_table(STORED.item(TOKEN))), "approval")
    assert listed == ListedApproval(
        id="approval#one",
        status="pending",
        purpose="release",
        run="one",
        execution="arn:one",
        package_version=4,
        subject="the subject",
        summary=REQUEST.verdict,
        expires_epoch=1_800_000_000,
    )


def test_the_token_is_in_the_item_and_nowhere_else() -> None:
    """No representation of a request can show it."""
    item = STORED.item(TOKEN)
    assert token_in(item) == TOKEN
    assert TOKEN not in repr(StoredApproval.parse(item))
    assert TOKEN not in item["document"]


@pytest.mark.parametrize("damaged", ["id", "status", "secret", "delivered", "subject", "document", "expires_epoch"])
def test_an_item_that_cannot_be_read_is_told_of_without_its_token(damaged: str) -> None:
    """By the part that is wrong."""
    with pytest.raises(ContractError) as caught:
        StoredApproval.parse({**STORED.item(TOKEN), damaged: None})
    assert damaged in str(caught.value)
    assert TOKEN not in str(caught.value)


@pytest.mark.parametrize("url", ["https://page.example", "https://page.example/", "http://127.0.0.1:4566/_aws/id/"])
def test_a_link_leads_to_its_request_and_its_report(url: str) -> None:
    """Also where the page lives below a prefix, which it is not told of."""
    opaque_id = secrets.token_urlsafe(OPAQUE_BYTES)
    link = link_to(url, opaque_id)
    prefix = urlsplit(url).path.rstrip("/")
    page = PATH.fullmatch(urlsplit(link).path.removeprefix(prefix))
    assert page is not None
    assert page.groups() == (opaque_id, None)
    report = PATH.fullmatch(urlsplit(urljoin(link, report_beside(opaque_id))).path.removeprefix(prefix))
    assert report is not None
    assert report.groups() == (opaque_id, "/report")


def test_a_link_is_what_mails_have_always_held() -> None:
    """The page answers links that were mailed before it was updated."""
    assert link_to("https://page.example/", "x" * 32) == f"https://page.example/a/{'x' * 32}"
    assert PATH.fullmatch(f"/a/{'x' * 32}")


@pytest.mark.parametrize(
    ("now", "stored", "state"),
    [
        (1_799_999_999, STORED, (True, False, False)),
        (1_800_000_000, STORED, (False, True, False)),
        (1_800_000_000, DECIDED, (False, False, True)),
        (1_800_000_000, replace(DECIDED, delivered=True), (False, False, False)),
        (1_799_999_999, replace(STORED, status="closed"), (False, False, False)),
    ],
)
def test_a_request_waits_is_expired_or_is_to_be_delivered(
    now: int, stored: StoredApproval, state: tuple[bool, ...]
) -> None:
    """One of them at a time, and none once it is over."""
    assert (stored.waits(now), stored.expired(now), stored.undelivered()) == state
