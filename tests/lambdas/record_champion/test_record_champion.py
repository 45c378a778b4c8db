"""What the table remembers of a release."""

from __future__ import annotations

from typing import Any

import pytest
from aws_lambda_powertools.utilities.validation import SchemaValidationError

from lambdas.record_champion.handler import NotHolderError, handler
from tests.lambdas.conftest import Context
from workflow.contract.champion import read_champion
from workflow.contract.table_items import found_item

PLAN: dict[str, Any] = {
    "version": 1,
    "run": "go",
    "execution_arn": "arn:aws:states:us-east-1:123456789012:execution:greenlight-release:go",
    "started_by": "ana",
    "model_package_arn": "arn:aws:sagemaker:us-east-1:123456789012:model-package/greenlight/4",
    "package_version": 4,
    "model_digest": "a" * 64,
    "archive_digest": "b" * 64,
    "model_data_url": "s3://bucket/runs/one/model.tar.gz",
    "production_configuration": "greenlight-production-v4-00000000",
    "previous_configuration": "greenlight-production-v3-00000000",
    "metrics": {"map50": 0.964},
}


@pytest.fixture
def locked(table: Any) -> Any:
    """A table whose lock this release has."""
    table.put_item(Item={"id": "release-lock", "execution": PLAN["execution_arn"]})
    return table


def history(table: Any) -> list[dict[str, Any]]:
    """Every line of history."""
    return [item for item in table.scan()["Items"] if item.get("kind") == "release"]


def test_a_release_is_the_champion_and_a_line_of_history(locked: Any, context: Context) -> None:
    """Both carry the digests."""
    released = handler({"plan": PLAN}, context)
    champion = locked.get_item(Key={"id": "champion"})["Item"]
    assert champion["package_version"] == 4
    assert champion["production_configuration"] == PLAN["production_configuration"]
    assert champion["execution"] == PLAN["execution_arn"]
    (line,) = history(locked)
    assert line["id"] == f"release#{released['released_epoch']:010d}#4"
    assert line["previous_configuration"] == PLAN["previous_configuration"]


def test_the_record_is_what_the_next_run_reads(locked: Any, context: Context) -> None:
    """Writer and reader agree on the champion."""
    handler({"plan": PLAN}, context)
    assert read_champion(found_item(locked.get_item(Key={"id": "champion"}))) is not None


def test_recording_twice_leaves_one_line_of_history(locked: Any, context: Context) -> None:
    """The state may be retried, also after the lock was given back."""
    first = handler({"plan": PLAN}, context)
    locked.delete_item(Key={"id": "release-lock"})
    assert handler({"plan": PLAN}, context) == first
    assert len(history(locked)) == 1


def test_a_release_without_the_lock_records_nothing(locked: Any, context: Context) -> None:
    """It was taken over: another release decides what production serves."""
    locked.put_item(Item={"id": "release-lock", "execution": "another"})
    with pytest.raises(NotHolderError):
        handler({"plan": PLAN}, context)
    locked.delete_item(Key={"id": "release-lock"})
    with pytest.raises(NotHolderError):
        handler({"plan": PLAN}, context)
    assert locked.scan()["Items"] == []


@pytest.mark.parametrize("name", ["model_digest", "archive_digest", "production_configuration", "package_version"])
def test_a_plan_that_is_not_whole_records_nothing(locked: Any, context: Context, name: str) -> None:
    """Half a champion would stop every later run."""
    with pytest.raises(SchemaValidationError):
        handler({"plan": {**PLAN, name: ""}}, context)
    assert "Item" not in locked.get_item(Key={"id": "champion"})


def test_a_rollback_is_recorded_like_any_release(locked: Any, context: Context) -> None:
    """The history shows both."""
    handler({"plan": PLAN}, context)
    locked.put_item(Item={"id": "release-lock", "execution": "back"})
    handler({"plan": {**PLAN, "execution_arn": "back", "package_version": 3}}, context)
    assert locked.get_item(Key={"id": "champion"})["Item"]["package_version"] == 3
    assert len(history(locked)) == 2
