"""What the images install is held to the hashes of its wheels, but for torch, which has a build for each machine."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LOCKED = [
    f"containers/{image}/{file}"
    for image in ("training", "serving")
    for file in ("requirements.txt", "requirements-no-deps.txt")
]


def requirements(path: str) -> list[str]:
    """The requirements of a file, each on one line with its hashes."""
    text = (ROOT / path).read_text(encoding="utf-8").replace("\\\n", "")
    return [line for line in text.splitlines() if line and not line.startswith("#")]


@pytest.mark.parametrize("path", LOCKED)
def test_every_package_is_pinned_with_the_hashes_of_its_wheels(path: str) -> None:
    """Whatever index it comes from, anything else of that name and version is refused."""
    assert requirements(path)
    for line in requirements(path):
        assert re.fullmatch(r"[\w.-]+==[\w.]+( +--hash=sha256:[0-9a-f]{64})+", line), line


def test_torch_alone_has_no_hash() -> None:
    """A machine takes the build that its index offers; the version is exact."""
    others = {path.relative_to(ROOT).as_posix() for path in ROOT.glob("containers/*/requirements*.txt")} - set(LOCKED)
    assert others == {"containers/training/requirements-any-build.txt"}
    (line,) = requirements("containers/training/requirements-any-build.txt")
    assert re.fullmatch(r"torch==[\w.]+", line)


@pytest.mark.parametrize("path", LOCKED)
def test_an_image_is_built_from_nothing_without_its_hash(path: str) -> None:
    """Also should somebody take all hashes out of a file, which pip alone would not mind."""
    folder, _, file = path.rpartition("/")
    installs = re.findall(rf"pip install ([^&]*)/tmp/{re.escape(file)}", (ROOT / folder / "Dockerfile").read_text())
    assert len(installs) == 1
    assert "--require-hashes" in installs[0]
