"""The commands against a deployed stack: what a person types, from starting a run to going back a version."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.flow.driver import Flow
from workflow.commands.cli import run

ROOT = "arn:aws:iam::000000000000:root"
"""Who the stand-in says that its well-known key belongs to."""


@pytest.fixture
def printed(capsys: pytest.CaptureFixture[str]) -> Callable[..., Any]:
    """Runs a command with --json; gives what it printed, read back."""

    def command(*arguments: str, code: int = 0) -> Any:
        assert run([*arguments, "--json"]) == code
        return json.loads(capsys.readouterr().out)

    return command


def released(flow: Flow, printed: Any, name: str) -> str:
    """Release a version of fresh data through the commands alone; give its number."""
    given = ("--set", f"dataset={flow.upload()}")
    assert printed("start", *given, "--name", name)["run"] == name
    flow.wait_until(lambda: any(one["run"] == name for one in printed("approvals")), "nobody is asked")
    answered = printed("approve", name, "--comment", "fine")
    assert (answered["decision"], answered["by"], answered["door"]) == ("approved", ROOT, "command")
    watched = printed("watch", name)
    assert watched["status"] == "SUCCEEDED"
    assert [state["status"] for state in watched["states"]].count("done") == len(watched["states"])
    assert "Smoke-test production" in [state["name"] for state in watched["states"]], "the release is watched as well"
    assert watched["epochs"][-1]["number"] == 3
    return str(printed("runs", "--limit", "1")[0]["version"])


def test_two_versions_are_released_compared_and_rolled_back(flow: Flow, printed: Any) -> None:
    """Start, approve, watch, runs, releases, compare and rollback work on the same stack, one after another."""
    first, second = released(flow, printed, "commands-1"), released(flow, printed, "commands-2")
    live, before = printed("releases")[:2]
    assert (str(live["version"]), str(before["version"]), live["live"], before["live"]) == (second, first, True, False)
    compared = printed("compare", "commands-1", "commands-2")
    assert set(compared["figures"]["map50"]) == {"commands-1", "commands-2"}
    assert printed("rollback", "--yes")["status"] == "SUCCEEDED"
    assert str(printed("releases")[0]["version"]) == first


def test_a_rejected_run_ends_with_one_and_says_who(flow: Flow, printed: Any) -> None:
    """The exit code of watch, and the reason in words."""
    printed("start", "--set", f"dataset={flow.upload()}", "--name", "commands-no")
    flow.wait_until(lambda: any(one["run"] == "commands-no" for one in printed("approvals")), "nobody is asked")
    printed("reject", "commands-no", "--comment", "too many washers")
    watched = printed("watch", "commands-no", code=1)
    assert (watched["status"], watched["error"]) == ("FAILED", "Approval.Rejected")
    assert watched["cause"] == f"{ROOT} rejected it: too many washers"


def test_a_failed_run_names_the_state_and_the_reason(flow: Flow, printed: Any) -> None:
    """What the training wrote as its reason reaches the person."""
    given = ("--set", f"dataset={flow.upload(behave='fail')}")
    printed("start", *given, "--name", "commands-fail")
    watched = printed("watch", "commands-fail", code=1)
    assert (watched["failed_state"], watched["error"]) == ("Train", "Training.Failed")
    assert "the loss is NaN since epoch 2" in watched["cause"]
    assert "the loss is NaN" in printed("runs", "--limit", "1")[0]["cause"]


def test_production_is_asked_about_pictures_and_a_video(flow: Flow, printed: Any, tmp_path: Any, capsys: Any) -> None:
    """The commands reach the endpoint that the stack names; a picture that fails leaves the others alone."""
    digest = flow.serving()
    for name in ("a.jpg", "b.jpg"):
        (tmp_path / name).write_bytes(b"\xff\xd8\xff" + name.encode())
    (tmp_path / "c.jpg").write_bytes(b"no picture")
    *answers, failed = printed("predict", str(tmp_path), code=1)
    assert [one["model_digest"] for one in answers] == [digest, digest]
    seen = {"class_id": 0, "class": "thing", "score": 0.9, "box": [1.0, 1.0, 5.0, 5.0]}
    assert answers[0]["detections"] == [{**seen, "box_normalised": [0.125, 0.125, 0.625, 0.625]}]
    assert failed["error"].startswith("is no picture")
    (none,) = printed("predict", str(tmp_path / "a.jpg"), "--confidence", "0.95")
    assert none["detections"] == []
    video = tmp_path / "clip.mp4"
    video.write_bytes(b"\0\0\0\x14ftypisom")
    assert run(["track", str(video)]) == 0
    frames = list(map(json.loads, capsys.readouterr().out.splitlines()))
    assert [[one["track"] for one in frame["objects"]] for frame in frames] == [[1], [1]]
    assert frames[0]["model_digest"] == digest


def test_an_endpoint_that_is_not_there_is_told_once(flow: Flow, tmp_path: Any, capsys: Any) -> None:
    """And not for every picture."""
    for name in ("a.jpg", "b.jpg"):
        (tmp_path / name).write_bytes(b"\xff\xd8\xff")
    assert run(["predict", str(tmp_path), "--endpoint", "nowhere"]) == 2
    assert capsys.readouterr().err.count("nowhere") == 1
