"""The choice as the real program: candidates whose answers are known, on pictures whose right answers are known."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.containers.serving.conftest import ROOT, picture
from tests.containers.serving.tiny_onnx import CLASSES, write_model
from workflow.contract.document import read
from workflow.contract.precision_choice import PrecisionChoice

pytestmark = pytest.mark.serving
PICTURES = 12


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Floats that find every cell, integers that find none, and pictures with a cell each."""
    write_model(tmp_path / "floats")
    write_model(tmp_path / "integers", gain=0.0)
    validation = tmp_path / "validation"
    for kind in ("images", "labels"):
        (validation / kind).mkdir(parents=True)
    for at in range(PICTURES):
        column, row = at % 8, at // 8
        (validation / "images" / f"{at:02d}.png").write_bytes(picture({(column, row): CLASSES[at % 3]}))
        label = f"{at % 3} {(column + 0.5) / 8} {(row + 0.5) / 8} 0.125 0.125\n"
        (validation / "labels" / f"{at:02d}.txt").write_text(label)
    about = {"version": 1, "classes": CLASSES, "digest": "d" * 64, "task": "detect", "keypoints": None}
    (validation / "data.json").write_text(json.dumps(about))
    return tmp_path


def choose(python: Path, folder: Path, *words: str) -> PrecisionChoice:
    """What the program says of a folder."""
    command = [str(python), "-m", "containers.serving", "choose", str(folder), *words]
    ran = subprocess.run(
        command, cwd=ROOT, env={"PATH": os.environ["PATH"]}, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    assert f"on {PICTURES} of {PICTURES} validation pictures" in ran.stdout
    return read(PrecisionChoice, json.loads((folder / "choice.json").read_text()), "choice.json")


def test_what_finds_nothing_does_not_serve_however_fast_it_is(serving_python: Path, folder: Path) -> None:
    """Each is measured by the evaluation's own figures, beside f32 on the same draws."""
    choice = choose(serving_python, folder)
    exact, *_, integers = choice.tried
    assert (exact.precision, exact.quality, exact.lead, exact.refused) == ("f32", pytest.approx(0.995), None, "")
    assert (integers.precision, integers.quality) == ("int8", 0.0)
    assert integers.lead is not None
    assert integers.lead.value == pytest.approx(-0.995)
    assert integers.refused == "may lose 0.9950, more than 0.005"
    assert choice.chosen in {one.precision for one in choice.tried} - {"int8"}
    assert (choice.figure, choice.pictures, choice.validation) == ("map50_95", PICTURES, PICTURES)
    assert all(one.milliseconds > 0 for one in choice.tried)


def test_the_reason_names_the_processor_of_the_endpoint_where_that_is_another(
    serving_python: Path, folder: Path
) -> None:
    """And says nothing of it where both are of one family."""
    apart = choose(serving_python, folder, "--instance=ml.g5.xlarge", "--endpoint=ml.c6i.xlarge")
    assert "times are this processor's, an ml.g5.xlarge's; ml.c6i.xlarge has another" in apart.reason
    assert apart.processor
    alike = choose(serving_python, folder, "--instance=ml.c6i.large", "--endpoint=ml.c6i.xlarge")
    assert "times are this processor's" not in alike.reason
