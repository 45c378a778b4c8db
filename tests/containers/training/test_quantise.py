"""Which pictures the quantiser looks at, and which convolutions it leaves alone."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
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


@dataclass
class Drawn:
    """An operation of a graph."""

    name: str
    op_type: str
    input: Sequence[str]
    output: Sequence[str]


def drawn(name: str, kind: str, *taken: str) -> Drawn:
    """An operation whose one value is called like itself."""
    return Drawn(name, kind, taken, (name,))


def convolution(name: str, taken: str, *, bare: bool = False) -> list[Drawn]:
    """A convolution, and its activation function (x times its sigmoid, called like the convolution with a +)."""
    node = drawn(name, "Conv", taken, f"weights of {name}")
    sigmoid = drawn(f"sigmoid of {name}", "Sigmoid", name)
    return [node] if bare else [node, sigmoid, drawn(f"{name}+", "Mul", name, sigmoid.name)]


def test_the_stem_and_the_ends_of_the_branches_stay_in_floats() -> None:
    """Told by where they stand and not by their names, which differ from family to family.

    In integers are a bare convolution amid the others, as attention has, and one that ends the graph with an activation
    function, as mask prototypes and a classifier do.
    """
    nodes = [
        *convolution("stem 1", "images"),
        *convolution("stem 2", "stem 1+"),
        *convolution("stem 3", "stem 2+"),
        *convolution("body", "stem 3+"),
        *convolution("attention", "body+", bare=True),
        *convolution("after", "attention"),
        *convolution("box", "after+"),
        *convolution("bins", "box+", bare=True),
        drawn("softmax", "Softmax", "bins"),
        *convolution("mean of bins", "softmax", bare=True),
        *convolution("scores", "after+", bare=True),
        drawn("all", "Concat", "mean of bins", "scores"),
        drawn("certain", "Sigmoid", "all"),
        *convolution("prototypes", "after+"),
    ]
    assert choose_floats(nodes) == ["stem 1", "stem 2", "stem 3", "bins", "mean of bins", "scores"]


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
