"""``greenlight predict`` as it is typed: lines for people, JSON for programs, and what is left when it breaks off."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.workflow.cloud import Answer, ScriptedCloud
from tests.workflow.commands.test_cli import STACK
from workflow.commands.cli import run

NUT = {"class_id": 1, "class": "nut", "score": 0.9, "box": [1, 1, 5, 5], "box_normalised": [0.1, 0.1, 0.5, 0.5]}


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def pictures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where one is: a folder ``in`` with a file that is no picture between two that are."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in/deep").mkdir(parents=True)
    for name in ("a.png", "deep/a.png"):
        Image.new("RGB", (10, 10)).save(tmp_path / "in" / name)
    (tmp_path / "in/b.jpg").write_text("text")
    return tmp_path


def answer(_: Mapping[str, Any]) -> dict[str, Any]:
    """One nut."""
    said = {"model_digest": "abc", "width": 10, "height": 10, "detections": [NUT], "timings_ms": {}}
    return {"Body": io.BytesIO(json.dumps(said).encode())}


def predict(*arguments: str, invoke: Answer = answer) -> tuple[int, list[dict[str, Any]]]:
    """Run the command; give its exit code and what the endpoint was asked."""
    there = {"describe_endpoint": {"EndpointStatus": "InService"}}
    cloud = ScriptedCloud({**STACK, **there, "invoke_endpoint": invoke})
    code = run(["predict", *arguments], cloud)
    return code, [parameters for name, parameters in cloud.asked if name == "invoke_endpoint"]


def test_a_line_for_each_picture_and_their_sum(pictures: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """In the order of the pictures, in columns; a piped call says nothing else."""
    assert predict("in/*.png", "in/deep")[0] == 0
    said = capsys.readouterr()
    first, second, total = said.out.splitlines()
    assert first.split() == ["in/a.png", first.split()[1], "ms", "1", "nut"]
    assert second.startswith("in/deep/a.png  ")
    assert first.index("1 nut") == second.index("1 nut")
    assert total.startswith("2 pictures · 2 objects: 2 nut · ")
    assert said.err == ""


def test_a_picture_that_fails_is_named_and_the_rest_goes_on(pictures: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit status 1 in the end."""
    code, asked = predict("in")
    said = capsys.readouterr()
    assert (code, len(asked)) == (1, 2)
    assert said.err.startswith("in/b.jpg: is no picture")
    assert len(said.out.splitlines()) == 3
    assert "3 pictures · 1 failed" in said.out


def test_json_holds_every_picture_and_why_one_failed(pictures: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Standard output is one document."""
    assert predict("in", "--json")[0] == 1
    first, failed, second = json.loads(capsys.readouterr().out)
    assert (first["file"], first["detections"]) == ("in/a.png", [NUT])
    assert (failed["file"], failed["error"][:13]) == ("in/b.jpg", "is no picture")
    assert second["file"] == "in/deep/a.png"


def test_drawings_lie_as_the_pictures_do_and_are_not_asked_about_again(pictures: Path) -> None:
    """Equal names stay apart, and the same call can be repeated."""
    for _ in range(2):
        _, asked = predict(".", "--draw", "seen")
        assert len(asked) == 2
    assert sorted(str(path) for path in Path("seen").rglob("*.png")) == ["seen/a.png", "seen/deep/a.png"]


def test_the_options_reach_the_endpoint(pictures: Path) -> None:
    """Its name, and everything that is asked for beside the picture."""
    options = ("--confidence", "0.4", "--iou", "0.6", "--classes", "bolt, cap nut", "--max-detections", "7")
    _, (asked,) = predict("in/a.png", "--stage", "staging", *options, "--tiles", "auto")
    assert asked["EndpointName"] == "stagingendpoint"
    assert asked["CustomAttributes"] == "confidence=0.4,iou=0.6,classes=bolt;cap nut,max_detections=7,tiles=auto"


def test_another_endpoint_needs_no_stack(pictures: Path) -> None:
    """Only the endpoint is called, and looked at before."""
    cloud = ScriptedCloud({"describe_endpoint": {"EndpointStatus": "InService"}, "invoke_endpoint": answer})
    assert run(["predict", "in/a.png", "--endpoint", "other"], cloud) == 0
    assert cloud.asked[0][1]["EndpointName"] == "other"


@pytest.mark.parametrize(
    "options",
    [("--confidence", "2"), ("--max-detections", "3001"), ("--classes", ","), ("--classes", "é"), ("--jobs", "0")],
)
def test_what_cannot_be_asked_for_is_refused_at_once(pictures: Path, options: tuple[str, str]) -> None:
    """Nothing is sent."""
    assert predict("in/a.png", *options) == (2, [])


def test_what_was_answered_before_an_interruption_is_printed(
    pictures: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Ctrl-C after the first of three pictures."""
    asked = []

    def interrupted(request: dict[str, Any]) -> Mapping[str, Any]:
        asked.append(request)
        if len(asked) == 2:
            raise KeyboardInterrupt
        return answer(request)

    assert predict("in/a.png", "in/deep/a.png", "in/b.jpg", "--json", "--jobs", "1", invoke=interrupted)[0] == 130
    said = capsys.readouterr()
    assert [one["file"] for one in json.loads(said.out)] == ["in/a.png"]
    assert said.err.strip() == "interrupted"


def test_a_terminal_shows_how_far_it_is(
    pictures: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bar is drawn on standard error, so that a pipe gets the lines alone."""
    shown = Terminal()
    monkeypatch.setattr(sys, "stderr", shown)
    monkeypatch.setenv("TERM", "xterm")
    assert predict("in/*.png", "in/deep")[0] == 0
    assert "productionendpoint" in shown.getvalue()
    assert "2/2" in shown.getvalue()
    assert len(capsys.readouterr().out.splitlines()) == 3
