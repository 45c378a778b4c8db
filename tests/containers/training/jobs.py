"""Training jobs as SageMaker starts them: a process in the training image's environment, on folders of its own."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.containers.training.channels import write_channel
from tests.containers.training.conftest import REPOSITORY

SETTINGS = {
    **{"model": "yolov8n", "epochs": "2", "image_size": "64", "batch": "2", "seed": "0", "mosaic": "0"},
    # Named, for choosing it takes as long as the rest of so small a training.
    "precision": "bf16",
}
MODEL_FILES = {"model.onnx", "weights.pt", "manifest.json", "training.json", "dataset.json"}


def write_json(path: Path, document: Any) -> None:
    """Write a document where the job reads it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document), encoding="utf-8")


def read_json(path: Path) -> Any:
    """A document that the job wrote."""
    return json.loads(path.read_text(encoding="utf-8"))


def make_job(root: Path, task: str = "detect", pictures: int = 4, /, **given: str) -> Path:
    """The folders of a training job from scratch, with further hyperparameters."""
    write_channel(root / "input/data/training", task, pictures=pictures)
    write_json(root / "input/config/hyperparameters.json", {**SETTINGS, **given})
    write_json(root / "input/data/pretrained/pretrained.json", {"version": 1, "source": None, "sha256": None})
    return root


def command(python: Path) -> list[str]:
    """The image's command line for training."""
    return [str(python), "-m", "containers.training", "train"]


def run_unbounded(python: Path, root: Path) -> subprocess.CompletedProcess[str]:
    """Train to the end with a loss's weight that no run may ask for."""
    words = [str(python), "-m", "tests.containers.training.unbounded"]
    return subprocess.run(words, cwd=REPOSITORY, env=environment(root), capture_output=True, text=True, check=False)


def environment(root: Path) -> dict[str, str]:
    """Where the job's folders are; this machine stands for one with a GPU, whatever instance it is told to be."""
    return {**os.environ, "SAGEMAKER_BASE_DIR": str(root), "GREENLIGHT_WITHOUT_GPU": "allow"}


def run(python: Path, root: Path, before: Sequence[str] = ()) -> subprocess.CompletedProcess[str]:
    """Train to the end; ``before`` are the words that a program which starts another takes."""
    return subprocess.run(
        [*before, *command(python)], cwd=REPOSITORY, env=environment(root), capture_output=True, text=True, check=False
    )


def stop_after(python: Path, root: Path, epoch: int) -> subprocess.CompletedProcess[str]:
    """Train until this epoch is told, then ask the job to stop, as SageMaker does."""
    with subprocess.Popen(
        command(python),
        cwd=REPOSITORY,
        env=environment(root),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        told = ""
        for line in process.stdout:
            told += line
            if line.startswith(f"epoch={epoch} "):
                process.send_signal(signal.SIGTERM)
                break
        rest, errors = process.communicate(timeout=20)
    return subprocess.CompletedProcess(process.args, process.returncode, told + rest, errors)


def epochs(text: str) -> list[int]:
    """The epochs that were told, in order."""
    return [int(number) for number in re.findall(r"^epoch=(\d+) epochs=\d+ ", text, re.MULTILINE)]


def pairs(line: str) -> Mapping[str, str]:
    """The names and values of an epoch's line."""
    return dict(pair.split("=", 1) for pair in line.split())


def files(folder: Path) -> set[str]:
    """The names in a folder that may be missing."""
    return {path.name for path in folder.iterdir()} if folder.is_dir() else set()


def failure(root: Path) -> str:
    """The reason that SageMaker shows."""
    return (root / "output/failure").read_text(encoding="utf-8")
