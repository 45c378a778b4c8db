"""Which pictures the quantiser looks at, and which convolutions it leaves alone."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from containers.training.graph import ExportError
from containers.training.quantise import CALIBRATION_IMAGES, choose_floats, choose_pictures, quantise
from tests.containers.training.conftest import REPOSITORY
from workflow.contract.model import BORDER_GREY


def test_pictures_are_spread_over_the_whole_split_and_always_the_same() -> None:
    """Not the first ones: names in order often mean one camera, then the next."""
    split = [Path(f"{number:04}.jpg") for number in range(1000)]
    chosen = choose_pictures(split)
    assert len(set(chosen)) == CALIBRATION_IMAGES
    assert (chosen[0].stem, chosen[-1].stem) == ("0000", "0984")
    assert choose_pictures(split[::-1]) == chosen


def test_a_small_split_is_taken_whole() -> None:
    """Fewer pictures than are wanted are no error."""
    split = [Path("b.jpg"), Path("a.jpg")]
    assert choose_pictures(split) == [Path("a.jpg"), Path("b.jpg")]


def test_the_stem_and_the_ends_of_the_branches_stay_in_floats() -> None:
    """The names are those of ultralytics' export: a bare convolution ends a branch."""
    floats = [
        "/model.0/conv/Conv",
        "/model.1/conv/Conv",
        "/model.2/cv1/conv/Conv",
        "/model.22/cv2.0/cv2.0.2/Conv",
        "/model.22/cv3.2/cv3.2.2/Conv",
        "/model.22/cv4.1/cv4.1.2/Conv",
        "/model.22/dfl/conv/Conv",
    ]
    integers = [
        "/model.2/m.0/cv1/conv/Conv",
        "/model.2/cv2/conv/Conv",
        "/model.10/conv/Conv",
        "/model.22/cv2.0/cv2.0.1/conv/Conv",
        "/model.22/proto/cv3/conv/Conv",
    ]
    assert choose_floats([*floats, *integers]) == floats


def test_without_a_training_image_nothing_can_be_calibrated(tmp_path: Path) -> None:
    """Said before anything heavy is loaded."""
    with pytest.raises(ExportError, match="precision = int8: there is no training image"):
        quantise(tmp_path / "model.onnx", [], task="detect", image_size=64)


@pytest.mark.training
def test_the_border_is_as_grey_as_that_of_training(training_python: Path) -> None:
    """It is ultralytics' own: calibration and serving show a model what it has learnt from."""
    code = (
        "import tempfile, pathlib\n"
        "from inspect import signature\n"
        "from containers.training.environment import set_up\n"
        "set_up(pathlib.Path(tempfile.mkdtemp()))\n"
        "from ultralytics.data.augment import LetterBox\n"
        "print(signature(LetterBox).parameters['padding_value'].default)\n"
    )
    ran = subprocess.check_output([str(training_python), "-c", code], cwd=REPOSITORY, text=True)
    assert int(ran.split()[-1]) == BORDER_GREY
