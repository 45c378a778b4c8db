"""What bfloat16 and 8-bit integers lose against 32-bit floats, and take: on thousands of labelled objects of each task.

The networks learn 64 scenes of the sample and are measured on BENCH_PICTURES others, by the program that chooses the
precision in every training. BENCH_SHARED names a folder with ``data/coco8``, ``data/coco8-pose``
and ``weights/``: photographs, and pretrained weights; without it that part is skipped.
BENCH_FOLDER keeps what was drawn and trained.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.bench.precision.channel import describe, gather
from tests.bench.training.workload import EPOCHS
from tests.containers.serving.report.example_pages import COCO
from tests.containers.training.conftest import REPOSITORY
from tests.containers.training.jobs import read_json, run, write_json
from workflow.contract.hyperparameters import as_text
from workflow.contract.model import TASKS
from workflow.contract.precision_choice import PrecisionChoice, read_choice
from workflow.demo.sample import SAMPLE_TRAINING

pytestmark = [pytest.mark.bench, pytest.mark.training]

PICTURES = int(os.environ.get("BENCH_PICTURES", "1000"))
TRAINED = 64
FITTED = 16
"""Validation pictures of the training itself, which each epoch looks at."""
SIZES = {"classify": 128}
"""Of a network's input, where it is not the sample's."""
OF_TASK: dict[str, dict[str, Any]] = {
    "classify": {"scale": 0.5, "epochs": 12},
    # Key points at the picture's left and above are others once it is turned over.
    "pose": {"flipud": 0, "pose": 40},
}
FLOOR = 0.3
"""Of the task's figure in f32: below it there would be nothing to lose."""
LOST = 0.01
"""The most that bf16 may lose on drawn scenes, in the mean: twice what a training takes."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where everything is made."""
    named = os.environ.get("BENCH_FOLDER")
    return Path(named) if named else tmp_path_factory.mktemp("precision")


@pytest.fixture(scope="module")
def scenes(training_python: Path, folder: Path) -> Path:
    """Channels of all tasks, of the same scenes."""
    if not (folder / "scenes").exists():
        call(training_python, "scenes", folder / "scenes", TRAINED, PICTURES)
    return folder / "scenes"


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str]) -> Callable[[str], None]:
    """Tells a line while the tests run."""

    def tell(line: str) -> None:
        with capsys.disabled():
            print(line, flush=True)

    return tell


def call(python: Path, program: str, *words: object) -> None:
    """Run one of this bench's programs in the training image's environment."""
    command = [str(python), "-m", f"tests.bench.precision.{program}", *map(str, words)]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]


def choose(python: Path, weights: Path, channel: Path, target: Path, size: int) -> PrecisionChoice:
    """What is measured of weights on a channel's validation pictures."""
    call(python, "chosen", weights, channel, target, size)
    choice = read_choice(read_json(target / "manifest.json"))
    assert choice is not None
    return choice


def tell(name: str, choice: PrecisionChoice) -> list[str]:
    """A line of the table for each precision."""
    exact = choice.tried[0]
    lines = []
    for one in choice.tried:
        lead = "" if one.lead is None else f"{one.lead.value:+.4f}"
        if one.lead is not None and one.lead.low is not None and one.lead.high is not None:
            lead += f" ({one.lead.low:+.4f} to {one.lead.high:+.4f})"
        share = f"{one.milliseconds / exact.milliseconds:.2f}"
        serves = "serves" if one.precision == choice.chosen else one.refused
        lines.append(f"| {name} | {one.precision} | {one.quality:.4f} | {lead} | {share} | {serves} |")
    return [line.replace("-0.", "−0.") for line in lines]


def learn(python: Path, scenes: Path, folder: Path, task: str) -> Path:
    """The weights of a network that learned the drawn scenes of a task."""
    job = folder / "trained" / task
    if (job / "model/weights.pt").is_file():
        return job / "model/weights.pt"
    shutil.rmtree(job, ignore_errors=True)
    channel = job / "input/data/training"
    channel.mkdir(parents=True)
    for kind in ("images", "labels"):
        (channel / kind / "validation").mkdir(parents=True)
        (channel / kind / "train").symlink_to(scenes / task / kind / "train")
        for file in sorted((scenes / task / kind / "validation").iterdir())[:FITTED]:
            (channel / kind / "validation" / file.name).symlink_to(file)
    shutil.copyfile(scenes / task / "dataset.json", channel / "dataset.json")
    document = read_json(scenes / task / "manifest.json")
    document["files"] = {name: of for name, of in document["files"].items() if (channel / name).is_file()}
    write_json(channel / "manifest.json", document)
    own = {"model": "yolov8n", "seed": 0, "epochs": EPOCHS, "batch": SAMPLE_TRAINING["batch"], "precision": "f32"}
    own |= {"image_size": SIZES.get(task, SAMPLE_TRAINING["image_size"])}
    given = {**own, **SAMPLE_TRAINING["hyperparameters"], **OF_TASK.get(task, {})}
    write_json(job / "input/config/hyperparameters.json", {key: as_text(value) for key, value in given.items()})
    ran = run(python, job)
    assert ran.returncode == 0, ran.stderr[-3000:]
    return job / "model/weights.pt"


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("task", TASKS)
def test_what_a_precision_loses_on_drawn_scenes(
    training_python: Path, scenes: Path, folder: Path, task: str, say: Callable[[str], None]
) -> None:
    """One line for each precision; bf16 loses next to nothing, wherever the processor has it."""
    weights = learn(training_python, scenes, folder, task)
    size = SIZES.get(task, SAMPLE_TRAINING["image_size"])
    choice = choose(training_python, weights, scenes / task, folder / "chosen" / task, size)
    objects = sum(len(file.read_text().splitlines()) for file in (scenes / task / "labels/validation").iterdir())
    say("\n" + "\n".join(tell(f"{task}, {objects:,} objects, {choice.pictures:,} pictures", choice)))
    leads = {one.precision: one.lead.value for one in choice.tried if one.lead is not None}
    assert choice.tried[0].quality > FLOOR
    assert leads.get("bf16", 0.0) > -LOST


PUBLIC = {
    "coco8": ("detect", "yolov8n-coco.pt", COCO),
    "coco8-pose": ("pose", "yolov8n-pose-coco.pt", ("person",)),
}
"""Folders of photographs: their task, the weights that know it, their classes."""


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("name", PUBLIC)
def test_what_a_precision_loses_on_photographs(
    training_python: Path, folder: Path, name: str, say: Callable[[str], None]
) -> None:
    """All eight of them, in 640 pixels, with weights that learned from COCO; too few to judge by, enough to look at."""
    shared = os.environ.get("BENCH_SHARED")
    if not shared:
        pytest.skip("BENCH_SHARED names no folder with data/coco8, data/coco8-pose and weights/")
    task, weights, classes = PUBLIC[name]
    channel = folder / "photographs" / name
    shutil.rmtree(channel, ignore_errors=True)
    images = Path(shared, "data", name, "images")
    gather(channel, "train", [images / "train"])
    gather(channel, "validation", [images / "train", images / "val"])
    describe(channel, task, classes, (17, 3))
    choice = choose(training_python, Path(shared, "weights", weights), channel, folder / "chosen" / name, 640)
    say("\n" + "\n".join(tell(f"{name}, {choice.pictures} photographs", choice)))
    assert choice.tried[0].quality > FLOOR
