"""An image's URI leads to a folder, and the folder to a command."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra.local.sagemaker.errors import ServiceError
from infra.local.sagemaker.images import Program, command, entrypoint, folder_of, program, repository_name

PYTHON = Path("/venv/bin/python")


@pytest.mark.parametrize(
    "image",
    [
        "greenlight-training",
        "greenlight-training:1.2",
        "000000000000.dkr.ecr.us-east-1.amazonaws.com/greenlight-training:abc",
        "localhost:5000/team/greenlight-training@sha256:00",
    ],
)
def test_every_spelling_of_an_image_has_the_same_repository(image: str) -> None:
    """Registry, tag and digest do not matter."""
    assert repository_name(image) == "greenlight-training"


def test_the_end_of_a_name_chooses_the_folder(tmp_path: Path) -> None:
    """Any project's `-training` image is containers/training."""
    folder = tmp_path / "containers" / "training"
    folder.mkdir(parents=True)
    (folder / "Dockerfile").write_text("FROM scratch")
    assert folder_of("other-project-training:1", tmp_path, {}) == folder


def test_an_override_wins(tmp_path: Path) -> None:
    """`--image NAME=FOLDER` replaces a folder by another one."""
    (tmp_path / "Dockerfile").write_text("FROM scratch")
    assert folder_of("greenlight-training:1", Path("/nowhere"), {"greenlight-training": tmp_path}) == tmp_path


@pytest.mark.parametrize("image", ["mystery:1", "greenlight-training:1"])
def test_an_image_without_a_folder_is_refused_by_name(tmp_path: Path, image: str) -> None:
    """Nothing is guessed, and a folder without a Dockerfile is no image."""
    with pytest.raises(ServiceError, match=image.split(":")[0]):
        folder_of(image, tmp_path, {})


def test_the_last_entry_point_counts() -> None:
    """As in a Dockerfile with several stages."""
    text = 'FROM a\nENTRYPOINT ["old"]\nFROM b\nENTRYPOINT ["python", "-m", "containers.training"]\nCMD ["x"]\n'
    assert entrypoint(text) == ["python", "-m", "containers.training"]


@pytest.mark.parametrize("text", ["FROM a", "FROM a\nENTRYPOINT python train.py", 'FROM a\nENTRYPOINT ["python", 3]'])
def test_an_entry_point_in_another_form_is_refused(text: str) -> None:
    """A shell form gets no arguments from SageMaker, so it must not work here either."""
    with pytest.raises(ServiceError, match="ENTRYPOINT"):
        entrypoint(text)


def test_python_becomes_the_environment_s_interpreter(tmp_path: Path) -> None:
    """Modules stay as they are; a program file is found beside the Dockerfile; other programs are left alone."""
    (tmp_path / "program.py").touch()
    assert command(["python3.11", "-m", "a.b"], PYTHON, tmp_path) == [str(PYTHON), "-m", "a.b"]
    assert command(["python", "program.py"], PYTHON, tmp_path) == [str(PYTHON), str(tmp_path / "program.py")]
    assert command(["tini", "python"], PYTHON, tmp_path) == ["tini", "python"]


def test_an_image_built_on_another_is_that_one_with_its_own_variables(tmp_path: Path) -> None:
    """Also where an argument names it; its modules are found before the other's, and its entry point wins."""
    base = tmp_path / "containers" / "training"
    base.mkdir(parents=True)
    (base / "Dockerfile").write_text('FROM python:3.11\nENV A=0\nENTRYPOINT ["python", "-m", "it"]\n')
    own = tmp_path / "own"
    own.mkdir()
    text = 'ARG BASE=1.dkr.ecr.x/greenlight-training:3\nFROM ${BASE}\nENV A=1 \\\n    B="two words"\n'
    (own / "Dockerfile").write_text(text)
    overrides = {"own-training": own}
    found = program("own-training:1", tmp_path, overrides)
    expected = Program(base, ["python", "-m", "it"], {"A": "1", "B": "two words"}, (own,))
    assert found == expected
    (own / "Dockerfile").write_text(text + 'ENTRYPOINT ["python", "mine.py"]\n')
    assert program("own-training:1", tmp_path, overrides).entrypoint == ["python", "mine.py"]
    assert program("greenlight-training", tmp_path, {}) == Program(base, ["python", "-m", "it"], {}, ())


def test_an_image_on_another_with_more_requirements_is_refused(tmp_path: Path) -> None:
    """Its environment would lack those of the other."""
    base = tmp_path / "containers" / "training"
    base.mkdir(parents=True)
    (base / "Dockerfile").write_text('FROM python:3.11\nENTRYPOINT ["python"]\n')
    own = tmp_path / "own"
    own.mkdir()
    (own / "Dockerfile").write_text("FROM --platform=linux/amd64 greenlight-training\n")
    (own / "requirements.txt").touch()
    with pytest.raises(ServiceError, match="run the built image, by --runtime podman or docker"):
        program("own-training", tmp_path, {"own-training": own})
