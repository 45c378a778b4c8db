"""How well objects keep their numbers, beside ultralytics' ``track``: the same weights, the same videos, in one run.

BENCH_SEQUENCES says how many are drawn, BENCH_EPOCHS how long the network learns; BENCH_MODEL is the folder of a
trained model with its weights. The network learns from other pictures of the sample.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from tests.bench.tracking.figures import Figures, Shown, measure
from tests.bench.tracking.sequence import RATE, draw_sequence
from tests.bench.training.workload import Workload, make_workload
from tests.containers.serving.conftest import ROOT
from tests.containers.serving.http.running_server import Server
from tests.containers.training.jobs import run
from workflow.demo.sample import SAMPLE_TRAINING

pytestmark = [pytest.mark.bench, pytest.mark.training, pytest.mark.serving, pytest.mark.install]

SEQUENCES = int(os.environ.get("BENCH_SEQUENCES", "8"))
EPOCHS = int(os.environ.get("BENCH_EPOCHS", "30"))
FRAMES, OBJECTS = 150, 5
LAP = "lap==0.5.13"
"""What ultralytics' tracker solves its assignments with."""


@pytest.fixture(scope="module")
def model(training_python: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A detector of the sample's fasteners, with its weights."""
    named = os.environ.get("BENCH_MODEL")
    if named:
        return Path(named)
    folder = tmp_path_factory.mktemp("training")
    workload = make_workload(folder)
    trained = Workload(workload.channel, {**workload.hyperparameters, "epochs": str(EPOCHS)}).job(folder / "job")
    ran = run(training_python, trained)
    assert ran.returncode == 0, ran.stderr[-3000:]
    return trained / "model"


def film(folder: Path, python: Path, seed: int) -> tuple[Path, list[Shown]]:
    """A sequence as a video, and what is true of each frame."""
    pictures, truth = draw_sequence(seed, FRAMES, OBJECTS)
    frames, video = folder / str(seed), folder / f"{seed}.mp4"
    frames.mkdir(parents=True)
    for at, picture in enumerate(pictures):
        picture.save(frames / f"{at:04d}.png", compress_level=1)
    program = [str(python), "-m", "tests.bench.tracking.write_video", str(frames), str(video), str(RATE)]
    subprocess.run(program, cwd=ROOT, check=True, capture_output=True)
    return video, truth


def shown(rows: list[list[float]]) -> Shown:
    """A frame of rows [id, left, top, right, bottom]."""
    table = np.array(rows, np.float64).reshape(-1, 5)
    return Shown(table[:, 0].astype(np.int64), table[:, 1:])


def follow(python: Path, model: Path, base: Path, videos: list[Path]) -> tuple[list[list[Shown]], float]:
    """What the server says of each video, and in how many seconds of all."""
    (base / "model").symlink_to(model)
    server = Server(python, base).wait()
    try:
        answers, seconds = [], 0.0
        for video in videos:
            body, began = video.read_bytes(), time.perf_counter()
            status, answer = server.ask("POST", "/invocations", body, Content_Type="video/mp4")
            seconds += time.perf_counter() - began
            assert status == 200, answer
            lines = map(json.loads, answer.splitlines())
            answers.append([shown([[one["track"], *one["box"]] for one in line["objects"]]) for line in lines])
        return answers, seconds
    finally:
        server.stop()


def follow_by_ultralytics(
    python: Path, weights: Path, folder: Path, videos: list[Path]
) -> tuple[list[list[Shown]], float]:
    """What ultralytics says of each video, and in how many seconds of all."""
    extra, target = folder / "lap", folder / "theirs.json"
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(extra), LAP]
    subprocess.run(install, check=True, capture_output=True)
    size = str(SAMPLE_TRAINING["image_size"])
    program = [str(python), "-m", "tests.bench.tracking.ultralytics_track", str(weights), size, str(target)]
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}:{extra}"}
    ran = subprocess.run(
        [*program, *map(str, videos)], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr[-3000:]
    answers = json.loads(target.read_text())
    return [[shown(rows) for rows in one["frames"]] for one in answers], sum(one["seconds"] for one in answers)


def tell(name: str, figures: list[Figures], rate: float) -> str:
    """A row of the table: means over the sequences, and all switches."""
    means = [np.mean([getattr(one, figure) for one in figures]) for figure in ("hota", "idf1", "mota")]
    switches = sum(one.switches for one in figures)
    return f"| {name} | {' | '.join(f'{mean:.3f}' for mean in means)} | {switches} | {rate:.0f} |"


@pytest.mark.timeout(3600)
def test_objects_keep_their_numbers_as_well_as_by_ultralytics(
    model: Path, serving_python: Path, training_python: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Through crossings and below a shelf; each figure is told, and none is worse than theirs by more than 0.01."""
    with ProcessPoolExecutor() as pool:
        filmed = list(pool.map(partial(film, tmp_path / "videos", serving_python), range(SEQUENCES)))
    videos, truths = [video for video, _ in filmed], [truth for _, truth in filmed]
    (tmp_path / "ours").mkdir()
    ours, our_seconds = follow(serving_python, model, tmp_path / "ours", videos)
    theirs, their_seconds = follow_by_ultralytics(training_python, model / "weights.pt", tmp_path, videos)
    measured = [list(map(measure, truths, found)) for found in (ours, theirs)]
    frames = SEQUENCES * FRAMES
    with capsys.disabled():
        print("\n| | HOTA | IDF1 | MOTA | switches | frames a second |\n|---|---|---|---|---|---|")
        print(tell("greenlight", measured[0], frames / our_seconds))
        print(tell("ultralytics `track`, ByteTrack", measured[1], frames / their_seconds))
    for figure in ("hota", "idf1", "mota"):
        mine, other = (np.mean([getattr(one, figure) for one in figures]) for figures in measured)
        assert mine > other - 0.01, figure
