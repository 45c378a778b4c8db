"""The fast tests are fast because nothing slow can start in them."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.layers import LAYERS, OF_FIXTURES, LayerError, layers_of, markers_of

STARTING = [
    pytest.param([sys.executable, "-m", "infra.local", "--port", "0"], ["standin"], id="the stand-in"),
    pytest.param([sys.executable, "-m", "workflow.demo"], ["standin"], id="the demonstration"),
    pytest.param(["/any/environments/training-0123/bin/python", "-c", ""], ["training"], id="the training image"),
    pytest.param(["/any/environments/serving-0123/bin/python", "-c", ""], ["serving"], id="the serving image"),
    pytest.param([sys.executable, "-m", "pip", "install", "x"], ["install"], id="an installation"),
    pytest.param([sys.executable, "-m", "venv", "x"], ["install"], id="an environment"),
    pytest.param(["/any/playwright/driver/node", "cli.js"], ["browser"], id="a browser"),
]


@pytest.mark.parametrize(("words", "layers"), STARTING)
def test_a_fast_test_cannot_start_what_is_slow(words: list[str], layers: list[str]) -> None:
    """This one bears no marker: it is refused before anything starts, and told which marker it lacks."""
    told = " and ".join(f"pytest.mark.{layer}" for layer in layers)
    with pytest.raises(LayerError, match=f" needs {told}$"):
        subprocess.run(words, check=True)


@pytest.mark.parametrize("words", [[sys.executable, "-c", "infra.local.x = 1"], ["sh", "-c", "true"]])
def test_any_other_process_starts(words: list[str]) -> None:
    """The guard looks for whole words, and asks no marker of a program that it does not know."""
    assert layers_of(words) == set()


def test_the_python_that_a_variable_names_is_an_image_s(monkeypatch: pytest.MonkeyPatch) -> None:
    """An environment that somebody made elsewhere counts as much."""
    monkeypatch.setenv("GREENLIGHT_TRAINING_PYTHON", "/elsewhere/python")
    assert layers_of(["/elsewhere/python", "-V"]) == {"training"}


@pytest.mark.parametrize("fixture", OF_FIXTURES)
def test_a_test_bears_the_markers_of_its_fixtures(fixture: str) -> None:
    """Nobody needs to name them again; what it names itself counts too."""
    layer = OF_FIXTURES[fixture]
    expected = {layer, "install"} if layer == "standin" else {layer}
    assert markers_of(["tmp_path", fixture], ["parametrize"]) == expected
    assert markers_of([fixture], LAYERS) == set(LAYERS)


def test_a_test_without_a_layer_is_fast() -> None:
    """Measurements and tests of the built images are neither: they run when asked for."""
    assert markers_of(["tmp_path"], ["parametrize"]) == {"fast"}
    assert markers_of([], ["bench"]) == markers_of([], ["images"]) == set()


def test_this_very_test_is_marked_fast(request: pytest.FixtureRequest) -> None:
    """So the markers reach pytest."""
    assert request.node.get_closest_marker("fast") is not None
