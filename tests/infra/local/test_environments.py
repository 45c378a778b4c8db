"""An image's environment is made once from its requirement files."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from infra.local.environments import InstallationError, ensure, fingerprint


def folder(path: Path, requirements: str) -> Path:
    """An image's folder."""
    path.mkdir()
    (path / "requirements.txt").write_text(requirements)
    return path


def test_a_folder_without_requirements_needs_no_environment(tmp_path: Path) -> None:
    """The interpreter that runs the stand-in is enough."""
    assert ensure("image", tmp_path, tmp_path / "environments") == Path(sys.executable)


@pytest.mark.install
def test_an_environment_is_made_once_and_holds_nothing_else(tmp_path: Path) -> None:
    """A half-made one without its mark is made anew; it has its own packages only; the second call only finds it."""
    image = folder(tmp_path / "image", "# nothing\n")
    said: list[str] = []
    half = tmp_path / "environments" / f"image-{fingerprint(image)}"
    half.mkdir(parents=True)
    (half / "leftover").touch()
    python = ensure("image", image, tmp_path / "environments", said.append)
    listed = subprocess.run([python, "-c", "import ministack"], capture_output=True, check=False)
    assert listed.returncode != 0
    assert not (half / "leftover").exists()
    assert ensure("image", image, tmp_path / "environments", said.append) == python
    assert len(said) == 1


@pytest.mark.install
def test_pip_s_own_words_are_in_the_error(tmp_path: Path) -> None:
    """And nothing half-made is taken for an environment afterwards."""
    image = folder(tmp_path / "image", "thing @ file:///no/such/thing-1.0-py3-none-any.whl\n")
    with pytest.raises(InstallationError, match="no/such/thing"):
        ensure("image", image, tmp_path / "environments")
    assert not list((tmp_path / "environments").glob("*/complete"))


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-any-build.txt", "requirements-no-deps.txt"])
def test_every_file_changes_the_environment(tmp_path: Path, name: str) -> None:
    """A moved requirement is a change as well: the files are installed differently."""
    image = folder(tmp_path / "image", "a==1\n")
    before = fingerprint(image)
    (image / name).write_text("b==1\n")
    assert fingerprint(image) != before
