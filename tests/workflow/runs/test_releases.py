"""The releases of a project, and which of them a roll-back means."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from tests.workflow.cloud import ScriptedCloud
from tests.workflow.contract.released import CHAMPION as RECORDED
from tests.workflow.contract.released import RELEASE
from workflow.errors import GreenlightError, ServiceError, UsageError
from workflow.runs.releases import (
    Release,
    choose_earlier,
    find_foreign,
    list_releases,
    served_dataset,
    start_release,
)

GROUP = "arn:aws:sagemaker:us-east-1:000000000000:model-package/greenlight"


def released(version: int, epoch: int) -> dict[str, dict[str, Any]]:
    """The table's item for the release of a version, as a client reads it."""
    item = {
        **RELEASE,
        "id": f"release#{epoch}#{version}",
        "package_version": version,
        "model_package_arn": f"{GROUP}/{version}",
        "released_epoch": epoch,
    }
    return typed(item)


def typed(item: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """An item as DynamoDB's own client gives it: every value below the name of its type."""
    return {key: type_of(value) for key, value in item.items()}


def type_of(value: Any) -> dict[str, Any]:
    """One value of an item."""
    if isinstance(value, Mapping):
        return {"M": typed(value)}
    if isinstance(value, list):
        return {"L": [type_of(inner) for inner in value]}
    return {"N": str(value)} if isinstance(value, int) else {"S": value}


def releases(*versions: int) -> list[Release]:
    """The history of a table in which these versions were released one after another."""
    items = [released(version, epoch) for epoch, version in enumerate(versions, start=9)]
    return list_releases(ScriptedCloud({"scan": {"Items": items}}), "greenlight")


def test_the_newest_release_is_the_live_one() -> None:
    """By time, not by the order of the table or of text: 10 comes after 9."""
    found = releases(1, 2, 3)
    assert [(one.version, one.live) for one in found] == [(3, True), (2, False), (1, False)]
    assert found[0].document()["model_package"] == f"{GROUP}/3"


def test_a_release_tells_who_approved_it() -> None:
    """By which door, when and why; one from before decisions were signed tells nothing of it."""
    old = {key: value for key, value in released(1, 9).items() if key != "approval"}
    votes = [{"by": by, "door": "link", "comment": "", "at_epoch": 1_799_990_000} for by in ("Ada", "Ben")]
    both = {**released(3, 11), "approval": type_of({**RELEASE["approval"], "votes": votes})}
    cloud = ScriptedCloud({"scan": {"Items": [both, released(2, 10), old]}})
    of_two, *told = [one.document()["approval"] for one in list_releases(cloud, "greenlight")]
    assert told == [{"by": "Ada", "door": "link", "at": "2027-01-15T05:13:20+00:00", "comment": "seen"}, None]
    assert [vote["by"] for vote in of_two["votes"]] == ["Ada", "Ben"]


def test_a_release_tells_who_skipped_the_question_before_production() -> None:
    """Where the stack demands it and lets a release leave it out; any other release names nobody."""
    skipped = {**released(2, 10), "skipped_question": {"BOOL": True}}
    cloud = ScriptedCloud({"scan": {"Items": [skipped, released(1, 9)]}})
    assert [one.document()["skipped_by"] for one in list_releases(cloud, "greenlight")] == ["ana", ""]


def test_a_release_tells_whether_it_serves_by_batches() -> None:
    """As it was recorded; one that challenged production serves by an endpoint."""
    served = ("serve=batch", "serve=ab challenger_share=0.5", "")
    items = [{**released(1, at), "serving": {"S": text}} for at, text in enumerate(served, 9)]
    found = list_releases(ScriptedCloud({"scan": {"Items": items}}), "greenlight")
    assert [one.by_batches for one in found] == [False, False, True]


@pytest.mark.parametrize("missing", ["package_version", "model_package_arn", "released_epoch"])
def test_a_line_of_history_that_is_not_whole_is_named(missing: str) -> None:
    """A list without it could call another release the live one."""
    half = {key: value for key, value in released(2, 9).items() if key != missing}
    with pytest.raises(GreenlightError, match=f"the table's item release#9#2 is not whole: .*{missing}: missing"):
        list_releases(ScriptedCloud({"scan": {"Items": [released(1, 8), half]}}), "greenlight")


def test_what_production_learned_from_is_known_by_name() -> None:
    """From the registry's own entry; nothing where nothing was released."""
    package = {"CustomerMetadataProperties": {"dataset_name": "fasteners"}}
    cloud = ScriptedCloud({"scan": {"Items": [released(1, 1)]}, "describe_model_package": package})
    assert served_dataset(cloud, "greenlight") == "fasteners"
    assert served_dataset(ScriptedCloud({"scan": {"Items": []}}), "greenlight") == ""


CHAMPION = {key: {"N": str(value)} if isinstance(value, int) else {"S": value} for key, value in RECORDED.items()}
SERVING = {"EndpointConfigName": RECORDED["production_configuration"]}


@pytest.mark.parametrize(
    ("running", "item", "endpoint", "said"),
    [
        ([], {"Item": CHAMPION}, SERVING, ""),
        (
            [],
            {"Item": CHAMPION},
            {"EndpointConfigName": "made-by-hand"},
            "serves made-by-hand, which no release recorded",
        ),
        ([], {}, {"EndpointConfigName": "made-by-hand"}, "none has recorded anything"),
        ([], {}, ServiceError("ValidationException", "Could not find endpoint"), ""),
        ([{"executionArn": "a"}], {"Item": CHAMPION}, {"EndpointConfigName": "made-by-hand"}, ""),
    ],
    ids=["recorded", "foreign", "nothing recorded", "no production", "a release is under way"],
)
def test_a_production_that_no_release_recorded_is_said(
    running: list[Any], item: dict[str, Any], endpoint: Any, said: str
) -> None:
    """Not while a release is ahead of its record."""
    answers = {"list_executions": {"executions": running}, "get_item": item, "describe_endpoint": endpoint}
    found = find_foreign(ScriptedCloud(answers), "greenlight", "machine", "greenlight-production")
    assert said in found
    assert bool(found) == bool(said)


def test_a_component_is_recorded_by_the_model_that_it_serves() -> None:
    """Whatever configuration its shared endpoint has."""
    recorded = {**CHAMPION, "production_configuration": {"S": "greenlight-v3-00000000-0-0"}}
    for model, foreign in (("greenlight-v3-00000000-0-0", False), ("made-by-hand", True)):
        serving = {"Specification": {"ModelName": model}}
        cloud = ScriptedCloud(
            {
                "list_executions": {"executions": []},
                "get_item": {"Item": recorded},
                "describe_inference_component": serving,
            }
        )
        found = find_foreign(cloud, "greenlight", "machine", "vision-shared", component="greenlight-production")
        assert found.startswith("greenlight-production serves made-by-hand") is foreign


def test_going_back_twice_goes_back_further() -> None:
    """After 3 was rolled back to 2, the next step back is 1 and not 3 again."""
    assert choose_earlier(releases(1, 2, 3), None).version == 2
    assert choose_earlier(releases(1, 2, 3, 2), None).version == 1


def test_any_released_version_can_be_named() -> None:
    """Forwards as well as back."""
    assert choose_earlier(releases(1, 2, 3, 1), 3).version == 3


@pytest.mark.parametrize(
    ("versions", "wanted", "said"),
    [
        ((), None, "nothing was released yet"),
        ((1,), None, "no version before 1 was released"),
        ((1, 2), 7, "version 7 was never released; released were: 1, 2"),
        ((1, 2), 2, "version 2 is what production serves already"),
    ],
)
def test_a_step_back_that_cannot_be_made_is_explained(versions: tuple[int, ...], wanted: int | None, said: str) -> None:
    """Nothing is started."""
    with pytest.raises(UsageError, match=said):
        choose_earlier(releases(*versions), wanted)


def test_a_release_is_started_on_the_package() -> None:
    """With who asked for it, and a name that says what it is."""
    cloud = ScriptedCloud({"start_execution": {"executionArn": "arn:x"}})
    start_release(cloud, "arn:machine", f"{GROUP}/2", started_by="ada", why="rollback")
    ((_, asked),) = cloud.asked
    assert asked["name"].startswith("rollback-2-")
    assert json.loads(asked["input"]) == {"model_package_arn": f"{GROUP}/2", "started_by": "ada"}
