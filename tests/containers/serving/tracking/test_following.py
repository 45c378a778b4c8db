"""Videos sent to the real server: followed, drawn on, refused where they are none, and never in the way of others."""

from __future__ import annotations

import json
import os
import random
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from containers.serving.tracking.decoding import ENVIRONMENT
from containers.serving.tracking.video_kinds import read_video_header
from tests.containers.serving.conftest import ROOT, picture
from tests.containers.serving.http.running_server import Server
from tests.containers.serving.tiny_onnx import write_model

pytestmark = pytest.mark.serving
FRAMES, HIDDEN = 40, range(10, 20)
"""As ``film`` has them."""
MUTATED = int(os.environ.get("GREENLIGHT_FUZZ_REQUESTS", "2000")) // 250
GROWTH_BYTES = 40_000_000
"""What the allocators may keep of a long video; its pixels are 233 MB."""


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A detector of coloured cells, with boxes so large that those of a cell and of the next one overlap by half."""
    base = tmp_path_factory.mktemp("track")
    write_model(base / "model", side=24)
    return base


@pytest.fixture(scope="module")
def films(serving_python: Path, base: Path) -> Path:
    """The folder of the videos."""
    program = [str(serving_python), "-m", "tests.containers.serving.tracking.film", str(base)]
    subprocess.run(program, cwd=ROOT, check=True, capture_output=True, timeout=60)
    return base


@pytest.fixture(scope="module")
def server(serving_python: Path, films: Path) -> Iterator[Server]:
    running = Server(serving_python, films).wait()
    yield running
    running.stop()


def follow(server: Server, body: bytes, **headers: str) -> list[dict[str, Any]]:
    """The lines of an answer."""
    status, answer = server.ask("POST", "/invocations", body, Content_Type="video/mp4", **headers)
    assert status == 200, answer
    return [json.loads(line) for line in answer.splitlines()]


@pytest.mark.parametrize("suffix", [".mp4", ".webm", ".avi"])
def test_each_object_has_one_number_through_the_video(server: Server, films: Path, suffix: str) -> None:
    """Whether it moves or is hidden for ten frames; whatever the media type says, a kind is told by its bytes."""
    lines = follow(server, (films / f"moving{suffix}").read_bytes())
    assert [(line["frame"], line["seconds"]) for line in lines] == [(at, round(at / 25, 3)) for at in range(FRAMES)]
    seen = [{one["track"]: one["class"] for one in line["objects"]} for line in lines]
    assert seen == [{1: "red"} if at in HIDDEN else {1: "red", 2: "blue"} for at in range(FRAMES)]
    last = {one["track"]: one["box"] for one in lines[-1]["objects"]}
    assert last == {1: [48, 0, 64, 24], 2: [24, 40, 48, 64]}
    assert {(line["width"], line["height"]) for line in lines} == {(64, 64)}
    assert len({line["inference_id"] for line in lines}) == 1


def test_what_is_shown_is_as_it_is_asked_for(server: Server, films: Path) -> None:
    """One class alone, by the same settings as of a picture."""
    asked = {"X_Amzn_SageMaker_Custom_Attributes": "classes=blue"}
    lines = follow(server, (films / "moving.mp4").read_bytes(), **asked)
    assert {one["class"] for line in lines for one in line["objects"]} == {"blue"}


@pytest.mark.parametrize("accept", ["video/webm", "video/mp4"])
def test_a_drawing_is_a_video_of_as_many_frames(server: Server, films: Path, accept: str) -> None:
    """Which says of itself how large and long it is."""
    body = (films / "moving.mp4").read_bytes()
    status, drawn = server.ask("POST", "/invocations", body, Content_Type="video/mp4", Accept=accept)
    assert status == 200, drawn
    header = read_video_header(drawn)
    assert (header.width, header.height) == (64, 64)
    assert header.frames in (None, FRAMES)
    assert header.seconds == pytest.approx(FRAMES / 25, abs=0.05)


def test_no_video_brings_the_server_down(server: Server, films: Path) -> None:
    """Truncated, damaged, lying or hostile: each is the sender's mistake, or is followed as far as it can be."""
    workers = server.workers()
    whole = (films / "moving.mp4").read_bytes()
    empty_frames = bytearray(whole)
    start = whole.index(b"mdat") + 4
    empty_frames[start : whole.index(b"moov") - 4] = os.urandom(whole.index(b"moov") - 4 - start)
    refused = {
        "cut": whole[: len(whole) // 2],
        "webm cut": (films / "moving.webm").read_bytes()[:-1],
        "noise": bytes(empty_frames),
        "claims to be small": _claim((films / "huge.mp4").read_bytes(), 4000, 3600, 64, 64),
        "a playlist": b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n",
        "a picture": picture({}),
    }
    for name, body in refused.items():
        status, answer = server.invoke(body, "video/mp4")
        assert (name, status) == (name, 400), answer
        assert (
            answer["error"].startswith("the video is " if name != "claims to be small" else "the video has 4000 x ")
            or "truncated" in answer["error"]
        )
    chance = random.Random(7)
    for _ in range(MUTATED):
        mutated = bytearray((films / f"moving{chance.choice(('.mp4', '.webm', '.avi'))}").read_bytes())
        for _ in range(chance.randint(1, 20)):
            mutated[chance.randrange(len(mutated))] = chance.randrange(256)
        status, answer = server.ask("POST", "/invocations", bytes(mutated), Content_Type="video/webm")
        assert status in (200, 400), answer
    assert server.workers() == workers
    assert len(follow(server, whole)) == FRAMES


def _claim(video: bytes, width: int, height: int, said_width: int, said_height: int) -> bytes:
    """The video with other sides in its header."""
    sides = width.to_bytes(2) + height.to_bytes(2)
    assert sides in video
    return video.replace(sides, said_width.to_bytes(2) + said_height.to_bytes(2))


def test_a_long_video_takes_no_more_memory_than_a_short_one(server: Server, films: Path) -> None:
    """Of the process that answers, at its peak."""
    peaks = []
    for name in ("short", "long"):
        follow(server, (films / f"{name}.mp4").read_bytes())
        peaks.append(max(_peak_bytes(pid) for pid in server.workers()))
    assert peaks[1] - peaks[0] < GROWTH_BYTES


def _peak_bytes(pid: int) -> int:
    (line,) = (one for one in Path(f"/proc/{pid}/status").read_text().splitlines() if one.startswith("VmHWM"))
    return int(line.split()[1]) * 1024


def test_what_cannot_be_answered_says_what_to_do(serving_python: Path, films: Path) -> None:
    """A model that finds no objects, masks that would take minutes, a video for which there is no time; and a drawing
    shows something on every frame, for one thing is seen on each.
    """
    program = [str(serving_python), "-m", "tests.containers.serving.tracking.ask_in_process"]
    arguments = [str(films / "model"), str(films / "moving.mp4"), str(films / "long.mp4")]
    done = subprocess.run([*program, *arguments], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["sorted"][0], told["masks"][0], told["late"][0]) == (400, 400, 413)
    assert "sorts whole pictures" in told["sorted"][1]
    assert "masks=polygons" in told["masks"][1]
    assert "asynchronously" in told["late"][1]
    assert "decoding broke off" in told["slow"]
    assert told["drawn with all"] > 1000
    # As the request asks; and nine tiles of a frame take their time, a fiftieth of a second each.
    assert told["looked"] == ["auto", "off"]
    assert told["longer in tiles"] == pytest.approx(FRAMES * 9 / 50)
    for objects in told["extras"]:
        by_track = {one["track"]: one for one in objects}
        for track, centre in ((1, 44), (2, 14)):
            one = by_track[track]
            assert one["keypoints"] == [[centre, centre, 1]]
            assert np.min(one["polygons"][0]) == centre - 10
            assert np.mean(one["corners"], axis=0) == pytest.approx([centre, centre], abs=0.01)
            assert one["angle"] == 0.5
    assert len(told["drawn"]) == FRAMES
    assert min(told["drawn"]) > 5


def test_decoding_has_so_much_memory_and_no_more(serving_python: Path, films: Path) -> None:
    """With a bound that its own code has reached there is no room for a frame."""
    starved = "import sys; from tests.containers.serving.tracking.ask_in_process import starve; sys.exit(starve())"
    with (films / "huge.mp4").open("rb") as video:
        program = [str(serving_python), "-c", starved]
        done = subprocess.run(program, cwd=ROOT, stdin=video, capture_output=True, timeout=60, check=False)
    assert len(done.stdout) < 4000 * 3600


def test_only_those_kinds_are_opened(serving_python: Path, films: Path) -> None:
    """FFmpeg knows hundreds, of which some read further files and addresses; plain frames it would open, too."""
    plain = b"YUV4MPEG2 W16 H16 F25:1\nFRAME\n" + bytes(16 * 16 * 3 // 2)
    program = [str(serving_python), "-m", "containers.serving", "decode", "10"]
    for body, status in ((plain, 1), ((films / "moving.mp4").read_bytes(), 0)):
        (films / "body").write_bytes(body)
        with (films / "body").open("rb") as video:
            environment = {**os.environ, **ENVIRONMENT}
            done = subprocess.run(program, cwd=ROOT, stdin=video, env=environment, capture_output=True, check=False)
        assert done.returncode == status


@pytest.mark.parametrize("text", ["59", "3601", "x"])
def test_a_time_that_is_none_is_refused(serving_python: Path, base: Path, text: str) -> None:
    """Rather than nobody being answered."""
    told = Server(serving_python, base, GREENLIGHT_ANSWER_SECONDS=text)
    assert told.process.wait(timeout=30) == 1
    assert "GREENLIGHT_ANSWER_SECONDS" in told.log()
