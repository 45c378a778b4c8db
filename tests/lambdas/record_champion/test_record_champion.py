"""What the table remembers of a release."""

from __future__ import annotations

from typing import Any

import pytest

from lambdas.record_champion.handler import NotHolderError, handler
from tests.lambdas.conftest import Context, counted
from tests.lambdas.signing import recorded
from tests.workflow.contract.released import CHAMPION, LOCK, PLAN, RELEASE
from workflow.contract.challenge import Challenge
from workflow.contract.champion import read_champion
from workflow.contract.reading import ContractError
from workflow.contract.served_model import ServedModel
from workflow.contract.table_items import found_item

CHALLENGE = Challenge("ab", "arn", {}, {}, 3600, 60, 100, "rule", 1.2, 0.01, 0.5)
CONFIGURATION = PLAN["production_configuration"] + "-0-1"
"""What the second attempt to create the planned one was named."""


def event(plan: Any = PLAN) -> dict[str, Any]:
    """What the state gives."""
    return {"plan": plan, "configuration": CONFIGURATION}


@pytest.fixture
def locked(table: Any, record_key: Any) -> Any:
    """A table whose lock this release has."""
    table.put_item(Item=LOCK)
    return table


def history(table: Any) -> list[dict[str, Any]]:
    """Every line of history."""
    return [item for item in table.scan()["Items"] if item.get("kind") == "release"]


def test_a_release_is_the_champion_and_a_line_of_history(locked: Any, context: Context) -> None:
    """Both carry the digests."""
    released = handler(event(), context)
    champion = locked.get_item(Key={"id": "champion"})["Item"]
    assert champion["package_version"] == 4
    assert champion["production_configuration"] == CONFIGURATION
    assert champion["execution"] == PLAN["execution_arn"]
    (line,) = history(locked)
    assert line["id"] == f"release#{released['released_epoch']:010d}#4"
    assert line["previous_configuration"] == PLAN["previous_configuration"]
    now = {"released_epoch": released["released_epoch"], "production_configuration": CONFIGURATION}
    assert champion == recorded({**CHAMPION, **now})
    assert line == {**RELEASE, **now, "id": line["id"]}


def test_a_model_that_serves_is_found_by_what_its_answers_are_called(locked: Any, context: Context) -> None:
    """By the beginning of its digest, with the evaluation that says what it knows; a challenger, too."""
    for plan in (PLAN, {**PLAN, "model_digest": "c" * 64, "challenge": vars(CHALLENGE)}):
        handler(event(plan), context)
        item = found_item(locked.get_item(Key={"id": f"served#{plan['model_digest'][:12]}"}))
        assert item is not None
        assert ServedModel.parse(item) == ServedModel(plan["model_digest"], 4, PLAN["evaluation_uri"])


def test_the_released_version_and_its_quality_are_counted_once(
    locked: Any, context: Context, capsys: pytest.CaptureFixture[str]
) -> None:
    """A figure that nobody can read takes no release back."""
    handler(event({**PLAN, "metrics": {"task": "walk"}}), context)
    said = counted(capsys.readouterr().out)
    assert (said["ReleasedVersion"], "ReleasedQuality" in said) == (4, False)
    handler(event(), context)
    assert "ReleasedVersion" not in counted(capsys.readouterr().out)
    locked.delete_item(Key={"id": "champion"})
    handler(event({**PLAN, "metrics": {"task": "detect", "map50_95": 0.81}}), context)
    assert counted(capsys.readouterr().out)["ReleasedQuality"] == 0.81


def test_a_release_that_skipped_the_question_before_production_is_kept_as_such(locked: Any, context: Context) -> None:
    """With who started it; the stack demanded to ask."""
    handler(event({**PLAN, "skipped_question": True}), context)
    (line,) = history(locked)
    assert (line["skipped_question"], line["started_by"]) == (True, "ana")


def test_the_record_is_what_the_next_run_reads(locked: Any, context: Context) -> None:
    """Writer and reader agree on the champion."""
    handler(event(), context)
    assert read_champion(found_item(locked.get_item(Key={"id": "champion"}))) is not None


def test_everybody_who_approved_is_in_the_champions_record(locked: Any, context: Context) -> None:
    """With door, reason and time of each, and in the history as well."""
    votes = [{"by": by, "door": "command", "comment": "", "at_epoch": 9, "also": ["x"]} for by in ("Ada", "Ben")]
    handler(event({**PLAN, "approval": {**PLAN["approval"], "votes": votes}}), context)
    champion = read_champion(found_item(locked.get_item(Key={"id": "champion"})))
    assert champion is not None
    assert champion.approval is not None
    assert champion.approval.names() == "Ada (command), Ben (command)"
    (line,) = history(locked)
    assert line["approval"]["votes"] == votes


def test_recording_twice_leaves_one_line_of_history(locked: Any, context: Context) -> None:
    """The state may be retried, also after the lock was given back."""
    first = handler(event(), context)
    locked.delete_item(Key={"id": "release-lock"})
    assert handler(event(), context) == first
    assert len(history(locked)) == 1


def test_a_record_that_somebody_wrote_in_its_name_does_not_stand_for_its_own(locked: Any, context: Context) -> None:
    """Else what production serves would never be recorded."""
    locked.put_item(Item={**CHAMPION, "package_version": 2, "mac": "00" * 32})
    handler(event(), context)
    assert locked.get_item(Key={"id": "champion"})["Item"]["package_version"] == 4


def test_a_release_without_the_lock_records_nothing(locked: Any, context: Context) -> None:
    """It was taken over: another release decides what production serves."""
    locked.put_item(Item={**LOCK, "execution": "another"})
    with pytest.raises(NotHolderError):
        handler(event(), context)
    locked.delete_item(Key={"id": "release-lock"})
    with pytest.raises(NotHolderError):
        handler(event(), context)
    assert locked.scan()["Items"] == []


@pytest.mark.parametrize("name", ["model_digest", "archive_digest", "production_configuration", "package_version"])
def test_a_plan_that_is_not_whole_records_nothing(locked: Any, context: Context, name: str) -> None:
    """Half a champion would stop every later run."""
    for plan in ({**PLAN, name: ""}, {key: value for key, value in PLAN.items() if key != name}):
        with pytest.raises(ContractError, match=name):
            handler(event(plan), context)
    for half in ({}, {"plan": PLAN}, {**event(), "configuration": ""}):
        with pytest.raises(ContractError):
            handler(half, context)
    assert "Item" not in locked.get_item(Key={"id": "champion"})


def test_half_a_record_is_no_sign_that_nothing_was_recorded(locked: Any, context: Context) -> None:
    """It is mended by hand, and not written over."""
    half = {key: value for key, value in CHAMPION.items() if key != "execution"}
    locked.put_item(Item=half)
    with pytest.raises(ContractError, match="mend the table's item champion"):
        handler(event(), context)
    assert locked.get_item(Key={"id": "champion"})["Item"] == half


def test_a_rollback_is_recorded_like_any_release(locked: Any, context: Context) -> None:
    """The history shows both."""
    handler(event(), context)
    locked.put_item(Item={**LOCK, "execution": "back"})
    handler(event({**PLAN, "execution_arn": "back", "package_version": 3}), context)
    assert locked.get_item(Key={"id": "champion"})["Item"]["package_version"] == 3
    assert len(history(locked)) == 2
