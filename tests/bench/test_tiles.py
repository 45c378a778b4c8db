"""What tiles find of small objects on large pictures that whole pictures lose, and what they take.

Large pictures are 36 of the sample's side by side, each as small as the model's input: whole, an object is a sixth of
what it is in a tile. Two networks: one has learnt from single pictures, as who cuts large ones up for labelling has
them; one from the large pictures, made small as every training makes them. BENCH_EPOCHS and BENCH_PICTURES say how long
they learn and how many judge; BENCH_MODEL is a trained model of the first kind.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.bench.training.workload import PICTURES, Workload, make_workload
from tests.containers.serving.evaluation.test_program import Job
from tests.containers.serving.tiny_onnx import archive_model
from tests.containers.training.channels import digests
from tests.containers.training.jobs import run
from workflow.contract.scores import ModelScore
from workflow.contract.tiles import TILINGS, cut
from workflow.demo.sample import SAMPLE_TRAINING, rows
from workflow.demo.sample.fasteners import CLASSES
from workflow.demo.sample.photograph import SIDE, Labelled, photograph

pytestmark = [pytest.mark.bench, pytest.mark.training, pytest.mark.serving]

EPOCHS = os.environ.get("BENCH_EPOCHS", "30")
HELD_OUT = int(os.environ.get("BENCH_PICTURES", "12"))
ACROSS = 6
INPUT = int(SAMPLE_TRAINING["image_size"])
AHEAD = 0.2
"""mAP50-95 by which tiles have to be ahead where the network knows objects of that size."""


@pytest.mark.timeout(7200)
def test_small_objects_on_large_pictures(
    training_python: Path, serving_python: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """mAP50-95 with intervals over the pictures, and the median time of a picture beside that without tiles."""
    held_out = tmp_path / "held out"
    draw_large(held_out, "test", 3, HELD_OUT, HELD_OUT * ACROSS**2)
    tiles = len(cut(ACROSS * INPUT, ACROSS * INPUT, INPUT, INPUT))
    workload = make_workload(tmp_path / "single")
    known = os.environ.get("BENCH_MODEL")
    models: dict[str, Callable[[], Path]] = {
        "single pictures": lambda: Path(known) if known else train(training_python, workload, tmp_path / "first"),
        "large pictures": lambda: train(training_python, enlarged(workload, tmp_path / "large"), tmp_path / "second"),
    }
    ahead = {}
    with capsys.disabled():
        print(f"\n{HELD_OUT} pictures of {ACROSS * INPUT} x {ACROSS * INPUT} pixels, {tiles} tiles of {INPUT}, bf16")
        print("| learnt from | whole | in tiles | time |\n|---|---|---|---|", flush=True)
        for name, make in models.items():
            model = make()
            whole, tiled = (
                measure(serving_python, tmp_path / f"{name} {word}", model, held_out, word) for word in TILINGS
            )
            times = tiled.latency_p50_ms / whole.latency_p50_ms
            print(f"| {name} | {tell(whole)} | {tell(tiled)} | {times:.0f} times |", flush=True)
            ahead[name] = (tiled.map50_95 or 0) - (whole.map50_95 or 0)
    assert ahead["single pictures"] > AHEAD


def draw_large(folder: Path, split: str, seed: int, count: int, single: int) -> None:
    """Large pictures and their labels below ``images`` and ``labels``, of so many single ones of no other split."""
    for kind in ("images", "labels"):
        (folder / kind / split).mkdir(parents=True)
    with ProcessPoolExecutor() as pool:
        drawn = list(pool.map(partial(draw_small, seed), range(single), chunksize=8))
    order = np.random.default_rng(seed).permutation(count * ACROSS**2) % single
    for index, chosen in enumerate(order.reshape(count, -1)):
        sheet = Image.new("RGB", (ACROSS * INPUT, ACROSS * INPUT))
        found: list[Labelled] = []
        for at, which in enumerate(chosen):
            row, column = divmod(at, ACROSS)
            picture, labelled = drawn[which]
            sheet.paste(picture, (column * INPUT, row * INPUT))
            corner = np.tile([column * SIDE, row * SIDE], 2)
            for one in labelled:
                left, top, right, bottom = ((np.array(one.box) + corner) / ACROSS).tolist()
                found.append(Labelled(one.class_id, (left, top, right, bottom)))
        sheet.save(folder / "images" / split / f"{index}.jpg", quality=92)
        (folder / "labels" / split / f"{index}.txt").write_text(rows(found), encoding="utf-8")


def draw_small(seed: int, at: int) -> tuple[Image.Image, list[Labelled]]:
    """One of the sample's pictures as small as the input, and what is on it, in its own pixels."""
    picture, labelled = photograph(np.random.default_rng([seed, at]))
    return picture.resize((INPUT, INPUT), Image.Resampling.LANCZOS), labelled


def enlarged(workload: Workload, channel: Path) -> Workload:
    """The same training on as many large pictures, which show each of 200 single ones about ten times."""
    draw_large(channel, "train", 4, PICTURES, 200)
    draw_large(channel, "validation", 5, 8, 100)
    shutil.copyfile(workload.channel / "dataset.json", channel / "dataset.json")
    manifest = json.loads((workload.channel / "manifest.json").read_text(encoding="utf-8"))
    text = json.dumps({**manifest, "digest": "large ones", "files": digests(channel)})
    (channel / "manifest.json").write_text(text, encoding="utf-8")
    return Workload(channel, workload.hyperparameters)


def train(python: Path, workload: Workload, folder: Path) -> Path:
    """The folder of the trained model."""
    job = Workload(workload.channel, {**workload.hyperparameters, "epochs": EPOCHS}).job(folder)
    ran = run(python, job)
    assert ran.returncode == 0, ran.stderr[-3000:]
    return job / "model"


def measure(python: Path, base: Path, model: Path, held_out: Path, tiles: str) -> ModelScore:
    """What the evaluation says of a model that looks so at large pictures."""
    job = Job(python, base, seconds=600)
    job.describe(list(CLASSES))
    for kind in ("images", "labels"):
        shutil.copytree(held_out / kind / "test", job.inputs / "test" / kind)
    (job.inputs / "candidate").mkdir()
    shutil.copytree(model, base / "model", ignore=shutil.ignore_patterns("weights.pt"))
    manifest = json.loads((model / "manifest.json").read_text(encoding="utf-8"))
    (base / "model/manifest.json").write_text(json.dumps({**manifest, "tiles": tiles}), encoding="utf-8")
    archive_model(base / "model", job.inputs / "candidate" / "model.tar.gz")
    job.tell_champion(None)
    status, said = job.run()
    assert status == 0, said
    return job.metrics().candidate


def tell(score: ModelScore) -> str:
    """mAP50-95 with its interval, and the share of the objects that is found at the usual confidence."""
    between = score.intervals["map50_95"]
    return f"{score.map50_95:.3f} ({between.low:.3f}–{between.high:.3f}), finds {100 * (score.recall or 0):.0f} %"
