"""How a training has the precision chosen: by a program of the serving image, given files and places."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from containers.training.channel import read_channel
from containers.training.choosing import Chooser, ChoosingError, serving_instance
from containers.training.export import Candidate
from tests.containers.training.channels import CLASSES, write_channel
from workflow.contract.precision_choice import ENDPOINT_INSTANCE


@pytest.fixture
def chooser(tmp_path: Path) -> Chooser:
    """One for a channel of four validation pictures."""
    write_channel(tmp_path / "channel", "pose")
    return Chooser(read_channel(tmp_path / "channel"), tmp_path / "channel", tmp_path / "work", "ml.g5.xlarge")


def candidate(folder: Path) -> Candidate:
    """A graph that nothing runs."""
    (folder / "any.onnx").write_bytes(b"no graph")
    return Candidate(folder / "any.onnx", {"version": 1})


def test_a_choice_that_fails_ends_the_training_and_names_the_program(
    chooser: Chooser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A model whose graph does not run where it was made runs nowhere. What the program said stands in the log."""
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(ChoosingError, match=r"could not be chosen: -m containers\.serving choose ended with 1"):
        chooser({"floats": candidate(tmp_path)})


def test_the_program_finds_candidates_and_validation_pictures(
    chooser: Chooser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Laid out as an evaluation reads held-out pictures: none of those that were trained on, and nothing copied."""
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(ChoosingError):
        chooser({"floats": candidate(tmp_path), "integers": candidate(tmp_path)})
    work = chooser.work
    about = json.loads((work / "validation/data.json").read_text())
    assert (about["task"], about["classes"], about["keypoints"]) == ("pose", list(CLASSES), [4, 3])
    assert sorted(path.name for path in (work / "validation/images").iterdir()) == [f"{at}.png" for at in range(4)]
    assert (work / "validation/labels").resolve() == (chooser.data / "labels/validation").resolve()
    assert (work / "integers/model.onnx").read_bytes() == b"no graph"
    assert json.loads((work / "integers/manifest.json").read_text()) == {"version": 1}


def test_on_the_stand_in_no_other_machine_will_serve() -> None:
    """There an instance type is but a name."""
    assert serving_instance({ENDPOINT_INSTANCE: "ml.c7i.xlarge"}) == "ml.c7i.xlarge"
    assert serving_instance({ENDPOINT_INSTANCE: "ml.c7i.xlarge", "AWS_ENDPOINT_URL": "http://127.0.0.1:4566"}) == ""
    assert serving_instance({}) == ""
