"""A signed decision is kept as it was marked, and any change of it makes another message."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import pytest

from workflow.contract.decision import COMMAND, Decision, SignedDecision
from workflow.contract.reading import ContractError
from workflow.contract.vote import Vote

PACKAGE = "arn:aws:sagemaker:eu-central-1:123456789012:model-package/greenlight/4"
DECISION = Decision(
    model_package_arn=PACKAGE,
    package_version=4,
    archive_digest="a" * 64,
    evaluation_digest="b" * 64,
    image="123456789012.dkr.ecr.eu-central-1.amazonaws.com/greenlight-serving:1",
    decision="approved",
    by="Ada",
    door="link",
    comment="seen; ✓",
    at_epoch=1_780_000_000,
)
OTHERS: dict[str, Any] = {
    "model_package_arn": PACKAGE.replace("/4", "/5"),
    "package_version": 5,
    "scope": "arn:aws:states:eu-central-1:123456789012:execution:greenlight-release:r",
    "archive_digest": "c" * 64,
    "evaluation_digest": "c" * 64,
    "image": "other",
    "decision": "rejected",
    "by": "Eve",
    "door": COMMAND,
    "comment": "seen",
    "at_epoch": 1_780_000_001,
    "dataset": "fasteners",
    "smoke_digest": "c" * 64,
    "report_digest": "c" * 64,
    "votes": (Vote("Ada", "link", "seen", 1), Vote("Ben", COMMAND, "", 2)),
}


def test_an_item_is_read_as_it_was_written() -> None:
    signed = SignedDecision(DECISION, b"\x00mark")
    assert SignedDecision.parse(signed.item()) == signed


def test_every_field_is_a_part_of_the_message() -> None:
    assert set(OTHERS) == {field.name for field in fields(Decision)}
    messages = {replace(DECISION, **{name: value}).message() for name, value in OTHERS.items()}
    assert len(messages | {DECISION.message()}) == len(OTHERS) + 1


def test_a_message_fits_kms_however_long_the_comment_is() -> None:
    assert len(replace(DECISION, comment="ü" * 5000).message()) < 4096


@pytest.mark.parametrize(
    "change",
    [
        {"id": "decision#" + OTHERS["model_package_arn"]},
        {"mac": "no hexadecimal digits"},
        {"document": "{"},
        {"document": "{}"},
    ],
)
def test_an_item_that_was_moved_or_cut_is_refused(change: dict[str, str]) -> None:
    with pytest.raises(ContractError):
        SignedDecision.parse({**SignedDecision(DECISION, b"mark").item(), **change})
