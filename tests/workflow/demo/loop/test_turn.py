"""The steps of a turn that wait for somebody else: what is kept, and what new data starts."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.workflow.cloud import ScriptedCloud
from tests.workflow.demo.test_record import STACK
from workflow.contract.capture import Captured
from workflow.demo.loop import traffic, turn
from workflow.demo.loop.traffic import wait_until_kept
from workflow.demo.loop.turn import wait_for_start
from workflow.demo.steps import Site
from workflow.errors import GreenlightError
from workflow.predictions.prediction import Prediction

ANSWER = Prediction(Path("a.jpg"), "digest", 1, 1, inference_id="one")


def site(answers: dict[str, Any]) -> Site:
    """A site with these answers."""
    return Site("", ScriptedCloud(answers), replace(STACK, build_machine_arn="arn:build"))


@pytest.mark.parametrize("newest", ["2026-11-30T12-00-00", "drift-one", "data-before"])
def test_only_a_build_that_new_data_started_is_waited_for(newest: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not the build before, whatever had started that one, and not one that somebody else has started."""
    monkeypatch.setattr(turn, "_STARTS_SECONDS", 0.05)
    monkeypatch.setattr(turn, "_LOOK_SECONDS", 0.01)
    listed = {"executions": [{"name": newest, "executionArn": f"arn:{newest}"}]}
    with pytest.raises(GreenlightError, match="new data has started no build"):
        wait_for_start(site({"list_executions": listed}), "arn:data-before")
    listed["executions"].insert(0, {"name": "data-new", "executionArn": "arn:data-new"})
    assert wait_for_start(site({"list_executions": listed}), "arn:data-before") == "arn:data-new"


def test_what_is_kept_of_other_requests_is_none_of_the_traffic(monkeypatch: pytest.MonkeyPatch) -> None:
    """Such as of the held-out pictures: nobody may label those for a training."""
    kept = [Captured(name, "e", "v", "t", f"{name}.jpg", "image/jpeg", "digest", {}) for name in ("other", "one")]
    monkeypatch.setattr(traffic, "_LOOK_SECONDS", 0)
    monkeypatch.setattr(traffic, "read_kept", lambda *_: iter(kept))
    assert wait_until_kept(site({}), [ANSWER]) == kept[1:]


def test_an_answer_that_is_not_kept_ends_the_wait_with_how_many(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rather than to go on with some of them."""
    monkeypatch.setattr(traffic, "_KEPT_SECONDS", 0.05)
    monkeypatch.setattr(traffic, "_LOOK_SECONDS", 0.01)
    with pytest.raises(GreenlightError, match="1 of 1 answers of production were not kept"):
        wait_until_kept(site({"list_objects_v2": {"Contents": []}}), [ANSWER])
