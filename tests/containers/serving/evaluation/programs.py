"""The programs that the tests of the evaluation run: the evaluation itself, and those that make or judge its inputs."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

from tests.containers.serving.conftest import ROOT, serving_program
from tests.containers.serving.tiny_onnx import write_archive


def run_program(python: Path, module: str, *arguments: object) -> str:
    """The last line that a program of the tests prints."""
    program = [str(python), "-m", f"tests.containers.serving.{module}", *map(str, arguments)]
    done = subprocess.run(program, cwd=ROOT, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return (done.stdout.splitlines() or [""])[-1]


def evaluate(python: Path, base: Path, model: Path, held_out: Path) -> dict[str, Any]:
    """The candidate's part of ``metrics.json``, from the program that the processing job runs."""
    inputs = base / "processing" / "input"
    for part in ("images", "labels"):
        shutil.copytree(held_out / part, inputs / "test" / part)
    shutil.copy(held_out / "data.json", inputs / "test")
    members = {name: (model / name).read_bytes() for name in ("model.onnx", "manifest.json")}
    write_archive(inputs / "candidate" / "model.tar.gz", members)
    (inputs / "champion").mkdir()
    (inputs / "champion" / "champion.json").write_text(json.dumps({"version": 1, "champion": None}))
    process = serving_program(python, "evaluate", {"SAGEMAKER_BASE_DIR": str(base)})
    _, log = process.communicate(timeout=120)
    assert process.returncode == 0, log
    metrics = json.loads((base / "processing" / "output" / "evaluation" / "metrics.json").read_text())
    score: dict[str, Any] = metrics["candidate"]
    return score


def ultralytics_val(python: Path, *arguments: object) -> dict[str, float]:
    """What ``yolo val`` measures, by the names of its figures; see the program of that name."""
    figures: dict[str, float] = json.loads(run_program(python, "evaluation.ultralytics_val", *arguments))
    return figures
