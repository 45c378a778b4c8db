"""``greenlight track`` as it is typed: tracks for people, lines for programs, a drawn video, refusals."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.workflow.cloud import Answer, ScriptedCloud
from tests.workflow.commands.test_cli import STACK
from tests.workflow.commands.test_predict import Terminal
from workflow.commands.cli import run
from workflow.errors import ServiceError
from workflow.predictions import queued

pytestmark = pytest.mark.fast
MP4 = b"\0\0\0\x14ftypisom"
BOX = {"box": [1, 1, 5, 5], "box_normalised": [0.1, 0.1, 0.5, 0.5]}
BOLT, NUT = ({"class_id": at, "class": name, **BOX} for at, name in enumerate(("bolt", "nut")))
FRAMES = [
    [{"track": 1, "score": 0.9, **BOLT}],
    [{"track": 1, "score": 0.7, **BOLT}, {"track": 2, "score": 0.5, **NUT}],
    [{"track": 2, "score": 0.5, **NUT}],
]
LINES = [
    json.dumps({"inference_id": "id", "model_digest": "abc", "frame": at, "seconds": at / 25, "objects": objects})
    for at, objects in enumerate(FRAMES)
]
ANSWER = "\n".join(LINES).encode()
OUTPUT = {"OutputConfig": {"S3OutputPath": "s3://bucket/asynchronous/production/answers/"}}


@pytest.fixture
def video(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where one is: a video."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(queued, "LOOK_SECONDS", 0.0)
    Path("clip.mp4").write_bytes(MP4)
    return Path("clip.mp4")


def track(*arguments: str, answer: Answer | bytes = ANSWER, **more: Answer) -> tuple[int, ScriptedCloud]:
    """Run the command; give its exit code and the cloud it asked."""
    there: dict[str, Answer] = {"describe_endpoint": {"EndpointStatus": "InService"}, **more}
    said: Answer = (lambda _: {"Body": io.BytesIO(answer)}) if isinstance(answer, bytes) else answer
    cloud = ScriptedCloud({**STACK, **there, "invoke_endpoint": said})
    return run(["track", *arguments], cloud), cloud


def requests(cloud: ScriptedCloud, name: str = "invoke_endpoint") -> list[dict[str, Any]]:
    """What was asked by an operation."""
    return [asked for operation, asked in cloud.asked if operation == name]


@pytest.mark.parametrize("options", [(), ("--json",)])
def test_a_pipe_gets_a_line_for_each_frame(video: Path, capsys: pytest.CaptureFixture[str], options: list[str]) -> None:
    """As the endpoint wrote them, and nothing else; the video goes as it is, with what is wanted of it."""
    code, cloud = track("clip.mp4", "--confidence", "0.4", *options)
    said = capsys.readouterr()
    assert (code, said.out.splitlines(), said.err) == (0, LINES, "")
    (asked,) = requests(cloud)
    assert (asked["Body"], asked["ContentType"], asked["Accept"]) == (MP4, "video/mp4", "application/jsonlines")
    assert (asked["EndpointName"], asked["CustomAttributes"]) == ("productionendpoint", "confidence=0.4")


def test_a_terminal_gets_the_tracks(video: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What each was, when it was seen, in how many frames, and how sure that was; and a sum."""
    shown = Terminal()
    monkeypatch.setattr(sys, "stdout", shown)
    assert track("clip.mp4")[0] == 0
    head, first, second, total = shown.getvalue().splitlines()
    assert head.split() == ["TRACK", "CLASS", "SEEN", "FRAMES", "SCORE"]
    assert first.split() == ["1", "bolt", "0.00", "to", "0.04", "s", "2", "0.80"]
    assert second.split() == ["2", "nut", "0.04", "to", "0.08", "s", "2", "0.50"]
    assert total == "3 frames · 0.1 s · 2 tracks: 1 bolt, 1 nut · model abc · id"


def test_a_terminal_shows_that_it_works(video: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On standard error, so that a pipe gets the lines alone."""
    shown = Terminal()
    monkeypatch.setattr(sys, "stderr", shown)
    monkeypatch.setenv("TERM", "xterm")
    assert track("clip.mp4")[0] == 0
    assert "productionendpoint follows clip.mp4" in shown.getvalue()


@pytest.mark.parametrize(("name", "form"), [("seen/a.webm", "video/webm"), ("b.MP4", "video/mp4")])
def test_a_drawing_is_written_where_it_is_wanted(
    video: Path, capsys: pytest.CaptureFixture[str], name: str, form: str
) -> None:
    """In the form that its name says."""
    code, cloud = track("clip.mp4", "--drawn", name, "--json", answer=b"drawn")
    assert (code, Path(name).read_bytes()) == (0, b"drawn")
    assert json.loads(capsys.readouterr().out) == {"file": "clip.mp4", "drawn": name, "bytes": 5}
    assert requests(cloud)[0]["Accept"] == form


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["clip.mp4", "--drawn", "clip.mp4"], "would replace the video itself"),
        (["clip.mp4", "--drawn", "clip.gif"], "must end with .webm or .mp4"),
        (["none.mp4"], "cannot be read"),
        (["photo.heic"], "is no MP4, MOV, WebM, Matroska or AVI video"),
        (["photo.jpg"], "'greenlight predict'"),
    ],
)
def test_what_cannot_be_followed_is_refused_at_once(
    video: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], reason: str
) -> None:
    """Nothing is sent."""
    Path("photo.jpg").write_bytes(b"\xff\xd8\xff")
    Path("photo.heic").write_bytes(b"\0\0\0\x14ftypheic")
    code, cloud = track(*arguments)
    assert (code, cloud.asked) == (2, [])
    assert reason in capsys.readouterr().err


def test_a_video_that_is_too_large_says_what_takes_it(video: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """6 MB is what SageMaker lets through where an answer is waited for."""
    with video.open("ab") as more:
        more.truncate(6 * 1024 * 1024 + 1)
    code, cloud = track("clip.mp4")
    assert (code, requests(cloud)) == (2, [])
    said = capsys.readouterr().err
    assert "is 6,291,457 bytes, and productionendpoint accepts at most 6,291,456" in said
    assert "serve=async" in said


def test_a_queue_takes_it_whole(video: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """By way of the bucket, above what an endpoint takes that answers at once."""
    with video.open("ab") as more:
        more.truncate(7_000_000)
    where = {"OutputLocation": "s3://bucket/out", "FailureLocation": "s3://bucket/why"}

    def get(asked: dict[str, Any]) -> dict[str, Any]:
        if asked["Key"] == "out":
            return {"Body": io.BytesIO(ANSWER)}
        raise ServiceError("NoSuchKey", "there is none")

    described = {"EndpointStatus": "InService", "AsyncInferenceConfig": OUTPUT}
    queue: dict[str, Answer] = {"put_object": {}, "invoke_endpoint_async": where, "get_object": get}
    code, cloud = track("clip.mp4", describe_endpoint=described, **queue)
    assert (code, capsys.readouterr().out.splitlines()) == (0, LINES)
    (put,), (asked,) = requests(cloud, "put_object"), requests(cloud, "invoke_endpoint_async")
    assert (len(put["Body"]), put["ContentType"]) == (7_000_000, "video/mp4")
    assert put["Key"].startswith("asynchronous/production/inputs/videos/")
    assert (asked["ContentType"], asked["Accept"]) == ("video/mp4", "application/jsonlines")


@pytest.mark.parametrize(
    ("answer", "code", "reason"),
    [
        (
            ServiceError("ModelError", 'Received client error (400) with message "{"error": "it is cut"}". See'),
            1,
            "clip.mp4: it is cut",
        ),
        (ServiceError("ValidationError", "Endpoint x of account 1 not found."), 2, "no endpoint productionendpoint"),
        (b"", 1, "something else than frames"),
        (b"<html>", 1, "something else than frames"),
        (KeyboardInterrupt(), 130, "interrupted"),
    ],
)
def test_what_went_wrong_is_told(
    video: Path, capsys: pytest.CaptureFixture[str], answer: Any, code: int, reason: str
) -> None:
    """In the server's own words where it refused the video; nothing is on standard output."""

    def interrupt(_: dict[str, Any]) -> dict[str, Any]:
        raise answer

    assert track("clip.mp4", answer=interrupt if isinstance(answer, KeyboardInterrupt) else answer)[0] == code
    said = capsys.readouterr()
    assert said.out == ""
    assert reason in said.err
