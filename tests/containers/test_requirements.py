"""What the images install is held to the hashes of its wheels, but for builds of torch and TensorRT with none known."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LOCKED = [
    f"containers/{image}/{file}"
    for image in ("training", "serving")
    for file in ("requirements.txt", "requirements-no-deps.txt")
] + ["containers/serving/requirements-gpu-endpoints.txt"]


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


BUILDER = "containers/training/requirements-gpu-endpoints.txt"


def test_torch_and_what_nvidia_alone_publishes_have_no_hash() -> None:
    """A machine takes the build that its index offers; the versions are exact."""
    others = {path.relative_to(ROOT).as_posix() for path in ROOT.glob("containers/*/requirements*.txt")} - set(LOCKED)
    assert others == {"containers/training/requirements-any-build.txt", BUILDER}
    (line,) = requirements("containers/training/requirements-any-build.txt")
    assert re.fullmatch(r"torch==[\w.]+", line)


def test_an_engine_is_run_by_the_version_that_builds_it() -> None:
    """Another could not read it, and every endpoint would serve without it."""
    run = requirements("containers/serving/requirements-gpu-endpoints.txt")
    versions = {line.split()[0].split("==")[1] for line in (*requirements(BUILDER), *run) if "tensorrt" in line}
    assert len(versions) == 1


BUILDS = sorted(path.name for path in (ROOT / "containers/training/builds").iterdir())


def test_every_build_is_of_the_versions_that_a_machine_without_a_choice_gets() -> None:
    """Of torch and, where it has kernels of its own, torchvision: checkpoints do not outlive a version."""
    named = requirements("containers/training/requirements-any-build.txt")
    others = requirements("containers/training/requirements-no-deps.txt")
    versions = {line.split()[0] for line in (*named, *others)}
    assert BUILDS == ["cpu.txt", "cu126.txt", "cu130.txt"]
    for build in BUILDS:
        lines = requirements(f"containers/training/builds/{build}")
        assert lines[0].startswith("torch==")
        assert {line.split()[0].partition("+")[0] for line in lines} <= versions


def test_the_image_for_aws_is_of_a_build_that_no_other_index_can_give() -> None:
    """A name such as 2.13.0+cu126 is of one build alone; the usual one of PyPI would want a driver of today."""
    dockerfile = (ROOT / "containers/training/Dockerfile").read_text()
    (default,) = re.findall(r"^ARG TORCH_BUILD=(\w+)$", dockerfile, re.MULTILINE)
    assert default == "cu126"
    lines = requirements(f"containers/training/builds/{default}.txt")
    assert lines == ["torch==2.13.0+cu126", "torchvision==0.28.0+cu126"]
    assert "--requirement /tmp/${TORCH_BUILD}.txt" in dockerfile


@pytest.mark.parametrize("build", ["cpu.txt", "cu130.txt"])
def test_a_build_whose_wheels_are_known_is_held_to_their_hashes(build: str) -> None:
    """No other wheel is taken once a file has one hash."""
    for line in requirements(f"containers/training/builds/{build}"):
        assert re.fullmatch(r"[\w.-]+==[\w.+]+( +--hash=sha256:[0-9a-f]{64})+", line), line


@pytest.mark.parametrize("path", LOCKED)
def test_an_image_is_built_from_nothing_without_its_hash(path: str) -> None:
    """Also should somebody take all hashes out of a file, which pip alone would not mind."""
    folder, _, file = path.rpartition("/")
    installs = re.findall(rf"pip install ([^&]*)/tmp/{re.escape(file)}", (ROOT / folder / "Dockerfile").read_text())
    assert len(installs) == 1
    assert "--require-hashes" in installs[0]
