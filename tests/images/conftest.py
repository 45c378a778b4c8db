"""Builds images with podman or docker, as this machine allows.

What depends on the machine comes from the environment, each a list of arguments as a shell would split it:
``GREENLIGHT_CONTAINER_TOOL`` (default: podman or docker, whichever is there), ``GREENLIGHT_BUILD_ARGS`` (further
arguments of ``build``, such as a CA bundle or a package folder to mount) and ``GREENLIGHT_RUN_ARGS`` (of ``run``);
``BASE_IMAGE`` is what both are built from, where that is not Docker Hub's.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import uuid
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BASE_IMAGE = os.environ.get("BASE_IMAGE") or "docker.io/library/python:3.11-slim-bookworm"
BUILD_SECONDS = 1800


class Containers:
    """The container tool of this machine."""

    def __init__(self, tool: list[str]) -> None:
        self.tool = tool
        self.build_arguments = shlex.split(os.environ.get("GREENLIGHT_BUILD_ARGS", ""))
        self.run_arguments = shlex.split(os.environ.get("GREENLIGHT_RUN_ARGS", ""))

    def call(self, *arguments: str, timeout: float = 120) -> subprocess.CompletedProcess[str]:
        return subprocess.run([*self.tool, *arguments], capture_output=True, text=True, timeout=timeout, check=False)

    def has_base(self) -> bool:
        return (
            self.call("image", "inspect", BASE_IMAGE).returncode == 0 or self.call("pull", BASE_IMAGE).returncode == 0
        )

    def build(self, name: str, *arguments: str) -> str:
        """Build one of the two images from the repository's root, with further arguments, and return its tag."""
        tag = f"localhost/greenlight-{name}:test"
        file = f"containers/{name}/Dockerfile"
        usual = ("build", *arguments, *self.build_arguments, "--build-arg", f"BASE_IMAGE={BASE_IMAGE}")
        done = self.call(*usual, "-f", str(ROOT / file), "-t", tag, str(ROOT), timeout=BUILD_SECONDS)
        assert done.returncode == 0, (done.stdout + done.stderr)[-4000:]
        size = self.call("image", "inspect", "--format", "{{.Size}}", tag).stdout.strip()
        print(f"{tag}: {int(size) / 1e6:.0f} MB")
        return tag

    def run(
        self, tag: str, *arguments: str, options: tuple[str, ...] = (), timeout: float = 300
    ) -> subprocess.CompletedProcess[str]:
        """Run a program of an image to its end: read-only, without network, without any privilege."""
        return self.call(
            "run", "--rm", "--network", "none", *LOCKED, *self.run_arguments, *options, tag, *arguments, timeout=timeout
        )

    def start(self, tag: str, *arguments: str, options: tuple[str, ...] = (), network: str = "none") -> str:
        """Start a program in the background and return the container's name."""
        name = f"greenlight-{uuid.uuid4().hex[:8]}"
        usual = ("run", "--detach", "--name", name, "--network", network, *LOCKED)
        done = self.call(*usual, *self.run_arguments, *options, tag, *arguments)
        assert done.returncode == 0, done.stderr
        return name


LOCKED = ("--read-only", "--tmpfs", "/tmp", "--security-opt", "no-new-privileges")


@pytest.fixture(scope="session")
def containers() -> Containers:
    """The container tool, or a skip that says what is missing."""
    named = shlex.split(os.environ.get("GREENLIGHT_CONTAINER_TOOL", ""))
    found = next((name for name in ("podman", "docker") if shutil.which(name)), None)
    if not named and found is None:
        pytest.fail("neither podman nor docker is installed, and this run was asked to build images")
    containers = Containers(named or [str(found)])
    if not containers.has_base():
        pytest.fail(f"{BASE_IMAGE} is not on this machine and no registry gives it")
    return containers


@pytest.fixture(scope="session")
def serving_image(containers: Containers) -> str:
    """The serving image, built."""
    return containers.build("serving")


@pytest.fixture(scope="session")
def training_image(containers: Containers) -> str:
    """The training image for processors, built: no test has a GPU, and the libraries for one are gigabytes."""
    return containers.build("training", "--build-arg", "TORCH_BUILD=cpu")


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """A folder to mount as /opt/ml, which any user may write."""
    folder = tmp_path / "ml"
    folder.mkdir()
    folder.chmod(0o777)
    return folder
