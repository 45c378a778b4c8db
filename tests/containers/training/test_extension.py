"""An image built on this one adds to what training pictures go through, and to nothing else."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import pytest

from containers.examples.fading.fading import Fade, transforms
from containers.training.extension import ExtensionError, read_extension
from tests.containers.training.conftest import REPOSITORY
from tests.containers.training.jobs import command, environment, epochs, failure, make_job

COUNTING = """
import os, sys
class Count:
    def __call__(self, given):
        with open(os.environ["COUNTED"], "a") as file:
            file.write("1")
        return given
def transforms(steps, task):
    print("given", task, len(steps), flush=True)
    return [Count(), *steps] if task == "classify" else [*steps[:-1], Count(), steps[-1]]
"""


def train(python: Path, job: Path, folder: Path, name: str) -> subprocess.CompletedProcess[str]:
    """Train with the module of this name in a folder, as the image's variable says."""
    variables = environment(job) | {"GREENLIGHT_EXTENSION": name, "COUNTED": str(folder / "counted")}
    variables["PYTHONPATH"] = f"{folder}:{REPOSITORY}"
    return subprocess.run(command(python), cwd=job, env=variables, capture_output=True, text=True, check=False)


@pytest.mark.training
@pytest.mark.parametrize("task", ["detect", "classify"])
def test_every_training_picture_goes_through_it_once_an_epoch_and_no_other(
    training_python: Path, tmp_path: Path, task: str
) -> None:
    """Four pictures, two epochs; also after the epochs with mosaic, when ultralytics makes the steps anew."""
    job = make_job(tmp_path / "job", task, epochs="2", close_mosaic="1", workers="2")
    (tmp_path / "counting.py").write_text(COUNTING)
    ran = train(training_python, job, tmp_path, "counting")
    assert (ran.returncode, epochs(ran.stdout)) == (0, [1, 2]), ran.stderr
    assert f"given {task}" in ran.stdout
    assert len((tmp_path / "counted").read_text()) == 4 * 2
    assert (job / "model/model.onnx").is_file()


@pytest.mark.training
def test_a_module_that_is_not_there_ends_the_training_with_its_name(training_python: Path, tmp_path: Path) -> None:
    """Nothing is trained without what the image was built for."""
    job = make_job(tmp_path / "job")
    ran = train(training_python, job, tmp_path, "forgotten")
    assert (ran.returncode, epochs(ran.stdout)) == (1, [])
    assert "GREENLIGHT_EXTENSION names the module forgotten, which cannot be imported" in failure(job)


def test_what_an_image_names_is_read_once_and_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing, a module with the function, and one without it."""
    assert read_extension({}) is None
    found = read_extension({"GREENLIGHT_EXTENSION": "containers.examples.fading.fading"})
    assert found is transforms
    with pytest.raises(ExtensionError, match=r"json, which has no function transforms\(steps, task\)"):
        read_extension({"GREENLIGHT_EXTENSION": "json"})


def test_the_example_fades_some_pictures_before_they_become_tensors() -> None:
    """In place of the last step but one; what it fades goes towards grey and keeps its form."""
    first, last = object(), object()
    steps = transforms([first, last], "detect")
    assert (steps[0], type(steps[1]), steps[2]) == (first, Fade, last)
    assert transforms([first, last], "classify") == [first, last]
    picture = np.array([[[0, 255, 114]]], np.uint8)
    seen = [Fade()({"img": picture.copy(), "cls": 1}) for _ in range(200)]
    changed = [one["img"] for one in seen if not np.array_equal(one["img"], picture)]
    assert 20 < len(changed) < 120
    for image in changed:
        assert (image.dtype, image.shape) == (np.uint8, (1, 1, 3))
        low, high, grey = image[0, 0]
        # Towards 114 from both sides; of the least fading one of them may be lost to rounding.
        assert low < 114 < high
        assert low > 0 or high < 255
        assert grey in (113, 114)
    assert {one["cls"] for one in seen} == {1}
