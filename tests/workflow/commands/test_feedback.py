"""``greenlight feedback`` as it is typed: a word about an answer, a list of them, and what production is worth."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.workflow.cloud import Answer, ScriptedCloud
from tests.workflow.commands.test_cli import STACK
from workflow.commands.cli import run
from workflow.contract.feedback import Feedback
from workflow.contract.feedback_figures import FeedbackFigures

ME = "arn:aws:iam::000000000000:user/me"
AT = "2026-11-30T12:00:00+00:00"


def stack() -> Mapping[str, Any]:
    """A deployed stack with the function that takes feedback."""
    (only,) = STACK["describe_stacks"]["Stacks"]  # type: ignore[index]
    outputs = [*only["Outputs"], {"OutputKey": "FeedbackFunction", "OutputValue": "greenlight-take-feedback"}]
    return {"Stacks": [{**only, "Outputs": outputs}]}


def take(asked: Mapping[str, Any]) -> Mapping[str, Any]:
    """What the function answers: it knows every answer but one."""
    given = json.loads(asked["Payload"])
    if given["inference_id"] == "strange":
        told: Mapping[str, Any] = {"status": 404, "error": "there is no answer called strange"}
    else:
        kept = Feedback(given["inference_id"], "a" * 64, given.get("verdict", "wrong"), AT, AT, given["by"])
        told = {"status": 200, **kept.document()}
    return {"Payload": io.BytesIO(json.dumps(told).encode())}


def feedback(*arguments: str, invoke: Answer = take, **more: Answer) -> tuple[int, list[dict[str, Any]]]:
    """Run the command; its exit code and what the function was given."""
    answers = {"describe_stacks": stack(), "get_caller_identity": {"Arn": ME}, "invoke": invoke}
    cloud = ScriptedCloud({**STACK, **answers, **more})
    code = run(["feedback", *arguments], cloud)
    return code, [json.loads(asked["Payload"]) for name, asked in cloud.asked if name == "invoke"]


def test_one_word_about_one_answer(capsys: pytest.CaptureFixture[str]) -> None:
    """With who calls, and for whom."""
    assert feedback("one", "right") == (0, [{"inference_id": "one", "verdict": "right", "by": ME}])
    assert capsys.readouterr().out == "one  right\n"
    assert feedback("one", "wrong", "--by", "maria")[1][0]["by"] == f"{ME} for maria"


def test_the_right_boxes_are_read_from_a_file(tmp_path: Path) -> None:
    """Alone, or as an answer that somebody mended."""
    box = {"class": "nut", "box": [1, 1, 5, 5]}
    for content in ([box], {"detections": [{**box, "score": 0.9}], "width": 9}):
        (tmp_path / "right.json").write_text(json.dumps(content))
        assert feedback("one", "--boxes", str(tmp_path / "right.json"))[1][0]["boxes"] == [box]


def test_a_list_is_said_line_by_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What is refused costs no other, and ends with 1; as JSON everything is one list."""
    (tmp_path / "list").write_text('\ufeffone right\n\n{"inference_id": "two", "boxes": []}\nstrange wrong\n')
    code, given = feedback("--from", str(tmp_path / "list"))
    assert (code, sorted(one["inference_id"] for one in given)) == (1, ["one", "strange", "two"])
    said = capsys.readouterr()
    assert said.out == "one  right\ntwo  wrong\n"
    assert said.err == "strange: there is no answer called strange\n"
    assert feedback("--from", str(tmp_path / "list"), "--json")[0] == 1
    documents = json.loads(capsys.readouterr().out)
    assert [one.get("verdict", one.get("error")) for one in documents][::2] == [
        "right",
        "there is no answer called strange",
    ]


def test_of_several_lines_about_one_answer_the_last_is_said(tmp_path: Path) -> None:
    """Several are said at once, and what is kept would be whichever came last."""
    (tmp_path / "list").write_text('one right\n{"inference_id": "one", "boxes": []}\ntwo right\none wrong\n')
    code, given = feedback("--from", str(tmp_path / "list"))
    assert (code, {one["inference_id"]: one["verdict"] for one in given}) == (0, {"one": "wrong", "two": "right"})
    assert len(given) == 2


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["one"], "one: say right or wrong, or give the right boxes"),
        (["one", "right", "--boxes", "x"], "one: say right or wrong, or give the right boxes"),
        (["one", "--boxes", "nowhere.json"], "--boxes nowhere.json: cannot be read"),
        (["--boxes", "x"], "--boxes: needs the ID"),
        (["--by", "me"], "--by: says nothing without"),
        (["one", "right", "--days", "3"], "--days: is about figures"),
        (["one", "right", "--for", "run"], "--for: is about figures"),
        (["--from", "list"], 'list:2: must be an answer\'s id and "right" or "wrong"'),
        (["one", "--from", "list"], "--from: says it all"),
        (["--from", "latin"], "latin: is no text in UTF-8"),
    ],
)
def test_what_makes_no_sense_is_refused_before_anything_is_said(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    told: str,
) -> None:
    """With what to give, and exit code 2."""
    monkeypatch.chdir(tmp_path)
    Path("list").write_text("one right\ntwo perhaps\n")
    Path("latin").write_bytes(b"one right\n\xe9 right\n")
    assert feedback(*arguments) == (2, [])
    assert told in capsys.readouterr().err


def test_a_function_that_fails_is_no_refusal(capsys: pytest.CaptureFixture[str]) -> None:
    """And the command says where its log is."""
    broken = {"FunctionError": "Unhandled", "Payload": io.BytesIO(b'{"errorMessage": "boom"}')}
    assert feedback("one", "right", invoke=broken)[0] == 1
    assert "its log: /aws/lambda/greenlight-take-feedback" in capsys.readouterr().err


def test_without_an_answer_the_real_figures_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    """In all and by week, and as JSON with the versions; where nobody said anything, how to."""
    assert feedback(list_objects_v2={})[0] == 0
    assert "nobody said anything" in capsys.readouterr().out
    kept = Feedback("one", "a" * 64, "right", AT, AT, "me")
    there: dict[str, Answer] = {
        "list_objects_v2": {"Contents": [{"Key": kept.key()}]},
        "get_object": lambda _: {"Body": io.BytesIO(json.dumps(kept.document()).encode())},
        "scan": {},
    }
    assert feedback(**there)[0] == 0
    head, whole, week = capsys.readouterr().out.splitlines()
    assert head.split()[:4] == ["WEEK", "VERSION", "ANSWERS", "RIGHT"]
    assert whole.startswith("2026-11-30 to 2026-11-30  aaaaaaaaaaaa  1        1.000 (0.207 to 1.000)")
    assert week.startswith("2026-W49 ")
    assert feedback("--json", **there)[0] == 0
    assert json.loads(capsys.readouterr().out)["models"][0]["right"]["hits"] == 1


def test_a_run_s_report_is_given_the_figures(capsys: pytest.CaptureFixture[str]) -> None:
    """Beside its record; of no run that was planned, to nobody."""
    there = {
        "list_objects_v2": lambda asked: {"Contents": [{"Key": "a"}] if asked["Prefix"].startswith("runs/one/") else []}
    }
    cloud = ScriptedCloud({**STACK, "describe_stacks": stack(), "put_object": {}, **there})
    assert run(["feedback", "--for", "one"], cloud) == 0
    (put,) = (asked for name, asked in cloud.asked if name == "put_object")
    assert put["Key"] == "runs/one/record/feedback.json"
    assert FeedbackFigures.parse(json.loads(put["Body"])).models == ()
    assert run(["feedback", "--for", "two"], cloud) == 2
    assert "there is no run two" in capsys.readouterr().err
