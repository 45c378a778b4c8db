"""The champion's record: whole, absent, or an error."""

from __future__ import annotations

from typing import Any

import pytest

from lambdas.plan_run.champion import Champion, document
from workflow.contract.reading import ContractError

RECORD: dict[str, Any] = {
    "id": "champion",
    "model_package_arn": "arn:aws:sagemaker:us-east-1:123456789012:model-package/greenlight/3",
    "package_version": 3,
    "model_digest": "a" * 64,
    "archive_digest": "b" * 64,
    "model_data_url": "s3://bucket/runs/one/models/job/output/model.tar.gz",
}


def test_no_record_is_no_champion() -> None:
    """A first run."""
    assert Champion.parse(None) is None
    assert document(None) == {"version": 1, "champion": None}


def test_a_whole_record_is_the_champion() -> None:
    """The evaluation is told which digests to expect."""
    champion = Champion.parse(RECORD)
    assert champion is not None
    assert document(champion)["champion"] == {
        "model_package_arn": RECORD["model_package_arn"],
        "package_version": 3,
        "model_digest": "a" * 64,
        "archive_digest": "b" * 64,
    }


@pytest.mark.parametrize("missing", [name for name in RECORD if name != "id"])
def test_a_record_with_a_gap_is_an_error(missing: str) -> None:
    """Half a champion is never a first run."""
    with pytest.raises(ContractError, match=missing):
        Champion.parse({key: value for key, value in RECORD.items() if key != missing})


@pytest.mark.parametrize(
    "damage",
    [
        {"package_version": 0},
        {"package_version": True},
        {"package_version": "3"},
        {"model_digest": "A" * 64},
        {"archive_digest": ""},
        {"model_data_url": "s3://B/x"},
        {"model_package_arn": None},
    ],
    ids=str,
)
def test_a_record_with_an_impossible_value_is_an_error(damage: dict[str, Any]) -> None:
    """The same for values that cannot be right; an empty record as well."""
    with pytest.raises(ContractError):
        Champion.parse({**RECORD, **damage})
    with pytest.raises(ContractError):
        Champion.parse({})
