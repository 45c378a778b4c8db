"""The predictor finds what is there, in pixels of the picture as it was sent."""

from __future__ import annotations

import io
import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.containers.serving.conftest import ROOT, encode, picture
from tests.containers.serving.tiny_onnx import write_model

pytestmark = pytest.mark.serving
Ask = Callable[..., Any]


def found(answer: dict[str, Any]) -> list[tuple[str, list[float]]]:
    return sorted((one["class"], one["box"]) for one in answer["detections"])


def test_cells_are_found_where_they_are(ask: Ask, model: Path) -> None:
    """Class, score and box of two cells; nothing where the picture is black."""
    answer = ask(model, picture({(1, 2): "red", (5, 4): "blue"}))[0]
    assert found(answer) == [("blue", [40, 32, 48, 40]), ("red", [8, 16, 16, 24])]
    assert [one["score"] for one in answer["detections"]] == [1, 1]
    assert (answer["width"], answer["height"]) == (64, 64)


def test_boxes_come_back_through_scale_and_border(ask: Ask, model: Path) -> None:
    """A picture twice as wide as the input and half as high: a block of 16 pixels is one cell of the model."""
    wide = picture({(2, 2): "green", (3, 2): "green", (2, 3): "green", (3, 3): "green"}, size=(128, 64))
    answer = ask(model, wide)[0]
    assert found(answer) == [("green", [16, 16, 32, 32])]


def test_the_grey_border_is_never_answered(ask: Ask, tmp_path: Path) -> None:
    """Boxes are clipped to the picture, here one that is a tenth as high as it is wide."""
    write_model(tmp_path)
    answer = ask(tmp_path, encode(Image.new("RGB", (640, 64), "red")))[0]
    for _, (left, top, right, bottom) in found(answer):
        assert 0 <= left <= right <= 640
        assert 0 <= top <= bottom <= 64


def test_the_camera_orientation_is_respected(ask: Ask, model: Path) -> None:
    """Orientation 6: the stored left edge is the top edge of the picture as people see it."""
    exif = Image.Exif()
    exif[0x0112] = 6
    data = picture({(0, 6): "red"}, form="JPEG", quality=100, subsampling=0, exif=exif)
    upright = Image.open(io.BytesIO(data)).transpose(Image.Transpose.ROTATE_270)
    expected = found(ask(model, encode(upright))[0])
    assert [name for name, _ in expected] == ["red"]
    assert found(ask(model, data)[0]) == expected


def test_grey_transparent_palette_and_16_bit_pictures_are_understood(ask: Ask, model: Path) -> None:
    """Whatever a PNG can be; white is bright in every colour, so a white cell is of the first class."""
    white = Image.new("L", (64, 64))
    white.paste(255, (8, 8, 16, 16))
    deep = Image.fromarray(np.asarray(white, np.uint16) * 257)
    forms = [white, deep, white.convert("RGBA"), white.convert("P"), white.convert("1"), white.convert("LA")]
    answers = ask(model, *[encode(image) for image in forms])
    assert [found(answer) for answer in answers] == [[("red", [8, 8, 16, 16])]] * len(forms)


def test_bytes_that_are_no_picture_are_refused_and_the_next_is_answered(ask: Ask, model: Path) -> None:
    """A broken header, a body that ends early, damage in the middle of the data."""
    good = picture({(0, 0): "red"})
    broken = good[:33] + bytes(len(good) - 45) + good[-12:]
    answers = ask(model, b"nonsense", good[: len(good) // 2], broken, good)
    assert ["error" in answer for answer in answers] == [True, True, True, False]


def test_threads_that_run_a_model_for_the_first_time_at_once_come_to_an_end(serving_python: Path, model: Path) -> None:
    """Fifteen processes of two threads; before the tables of types were made ahead, a third of them stood still."""
    program = [str(serving_python), "-m", "tests.containers.serving.model.start_threads", str(model), "15"]
    done = subprocess.run(program, capture_output=True, text=True, timeout=120, cwd=ROOT, check=False)
    assert done.stdout == "15 of 15\n", done.stderr


def test_a_model_that_is_not_what_its_manifest_says_is_never_loaded(ask: Ask, tmp_path: Path) -> None:
    """Another digest, no ONNX at all, another number of classes, a missing file."""
    write_model(tmp_path / "changed")
    with (tmp_path / "changed" / "model.onnx").open("ab") as stream:
        stream.write(b"\0")
    assert "its manifest says" in ask(tmp_path / "changed")["model_error"]

    write_model(tmp_path / "classes", classes=["red", "green"])
    assert "expected finite numbers of shape [(1, 6" in ask(tmp_path / "classes")["model_error"]

    write_model(tmp_path / "missing")
    (tmp_path / "missing" / "model.onnx").unlink()
    assert "model.onnx cannot be read" in ask(tmp_path / "missing")["model_error"]


def test_bytes_that_are_no_graph_are_refused_with_a_reason(ask: Ask, tmp_path: Path) -> None:
    """The digest may be right and the model nonsense all the same."""
    write_model(tmp_path)
    (tmp_path / "model.onnx").write_bytes(b"")
    empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    changed = {**manifest, "model_digest": empty, "files": {"model.onnx": {"sha256": empty}}}
    (tmp_path / "manifest.json").write_text(json.dumps(changed))
    assert "does not run" in ask(tmp_path)["model_error"]


def test_a_model_that_answers_no_numbers_is_never_loaded(ask: Ask, tmp_path: Path) -> None:
    """Found out by the first inference, not by the first customer."""
    write_model(tmp_path, gain=float("nan"))
    assert "expected finite numbers" in ask(tmp_path)["model_error"]
