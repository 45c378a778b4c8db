"""What production serves, as the table remembers it and as the evaluation is told: whole, absent, or an error."""

from __future__ import annotations

from typing import Any

import pytest

from tests.workflow.contract.released import CHAMPION
from workflow.contract.champion import ChampionDocument, read_champion
from workflow.contract.reading import ContractError

NAMED = {name: CHAMPION[name] for name in ("model_package_arn", "package_version", "model_digest", "archive_digest")}


def test_no_record_is_no_champion() -> None:
    """A first run."""
    assert read_champion(None) is None
    assert ChampionDocument(None).document() == {"version": 1, "champion": None}


def test_a_record_is_written_as_it_was_read() -> None:
    """Under its key in the table."""
    record = read_champion(CHAMPION)
    assert record is not None
    assert record.item() == CHAMPION


def test_a_whole_record_is_the_champion() -> None:
    """The evaluation is told which digests to expect."""
    record = read_champion(CHAMPION)
    assert record is not None
    told = ChampionDocument(record.champion())
    assert told.document() == {"version": 1, "champion": NAMED}
    assert ChampionDocument.parse(told.document()) == told


def test_a_record_from_before_decisions_were_signed_is_whole() -> None:
    """What production serves by now was approved otherwise."""
    record = read_champion({key: value for key, value in CHAMPION.items() if key != "approval"})
    assert record is not None
    assert record.approval is None


@pytest.mark.parametrize("missing", [name for name in CHAMPION if name not in ("id", "approval")])
def test_a_record_with_a_gap_is_an_error(missing: str) -> None:
    """Half a champion is never a first run, and no sign that production serves nothing."""
    with pytest.raises(ContractError, match=rf"not whole: mend the table's item champion \(.*{missing}"):
        read_champion({key: value for key, value in CHAMPION.items() if key != missing})


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
        {"model_package_arn": ""},
        {"production_configuration": ""},
        {"version": 2},
        {"approval": {"by": "Ada"}},
        {"approval": {**CHAMPION["approval"], "door": "window"}},
    ],
    ids=str,
)
def test_a_record_with_an_impossible_value_is_an_error(damage: dict[str, Any]) -> None:
    """The same for values that cannot be right; an empty record as well."""
    with pytest.raises(ContractError, match="not whole"):
        read_champion({**CHAMPION, **damage})
    with pytest.raises(ContractError, match="not whole"):
        read_champion({})


@pytest.mark.parametrize("damage", [{}, {"champion": {}}, {"champion": {**NAMED, "archive_digest": ""}}], ids=str)
def test_only_an_explicit_null_tells_the_evaluation_of_no_champion(damage: dict[str, Any]) -> None:
    """A document that cannot be read must not turn a candidate into the first model."""
    with pytest.raises(ContractError):
        ChampionDocument.parse({"version": 1, **damage})
