"""How a container of an image is started: as a process of the image's folder, or with a container engine.

Both give the program the same `/opt/ml` tree and environment; neither knows what a job is.
"""

from __future__ import annotations

import os
import shlex
import shutil
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from infra.local import environments
from infra.local.sagemaker import images
from infra.local.sagemaker.errors import invalid
from infra.local.sagemaker.processes import Command
from infra.local.sagemaker.settings import Settings

# What a program may need from this machine and what says nothing about AWS.
_INHERITED = ("PATH", "LANG", "LC_ALL", "TZ", "LD_LIBRARY_PATH", "CUDA_VISIBLE_DEVICES", "NVIDIA_VISIBLE_DEVICES")
# An instance type is a name here: a job that asks for a GPU does its work on what this machine has.
_STANDS_FOR_A_GPU = {"GREENLIGHT_WITHOUT_GPU": "allow"}


@dataclass(frozen=True)
class Container:
    """One container to start; ``tree`` is its `/opt/ml`."""

    image: str
    tree: Path
    arguments: Sequence[str]
    environment: Mapping[str, str]
    entrypoint: Sequence[str] | None = None


class Launcher(Protocol):
    """Turns a container into a command of this machine."""

    def check(self, image: str) -> None:
        """Refuse an image that cannot be started here, before anything is created."""

    def command(self, container: Container, say: Callable[[str], None]) -> Command:
        """The command to run; may take minutes the first time, and says so."""


class ProcessLauncher:
    """The image's entry point as a process of its own, with an environment made from its requirements."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def check(self, image: str) -> None:
        """Refuse an image that no folder stands for."""
        images.program(image, self._settings.repository, self._settings.images)

    def command(self, container: Container, say: Callable[[str], None]) -> Command:
        """The entry point with the image's interpreter, in a scratch folder of its own."""
        settings = self._settings
        program = images.program(container.image, settings.repository, settings.images)
        folder, words = program.folder, list(container.entrypoint or program.entrypoint)
        python = environments.ensure(folder.name, folder, settings.environments, say)
        work, home = container.tree.parent / "work", container.tree.parent / "home"
        for scratch in (work, home, container.tree):
            scratch.mkdir(parents=True, exist_ok=True)
        environment = {name: os.environ[name] for name in _INHERITED if name in os.environ}
        environment |= {
            "HOME": str(home),
            "PYTHONPATH": os.pathsep.join(map(str, (*program.path, settings.repository))),
            "PYTHONUNBUFFERED": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
            "SAGEMAKER_BASE_DIR": str(container.tree),
            **_STANDS_FOR_A_GPU,
            **program.variables,
            **settings.client_environment(),
            **container.environment,
        }
        return Command([*images.command(words, python, *program.path, folder), *container.arguments], environment, work)


class EngineLauncher:
    """The built image itself, with ``podman`` or ``docker``; `/opt/ml` is a folder of this machine."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        program, *words = shlex.split(settings.runtime)
        self._engine = [shutil.which(program) or program, *words]

    def check(self, image: str) -> None:
        """Refuse to start without the engine; whether it has the image shows when the job runs."""
        if shutil.which(self._engine[0]) is None:
            raise invalid(f"{self._settings.runtime} is not installed, so the image {image} cannot run")

    def command(self, container: Container, say: Callable[[str], None]) -> Command:
        """``podman run`` in the foreground: it passes SIGTERM on, and what is left is removed."""
        container.tree.mkdir(parents=True, exist_ok=True)
        name = f"greenlight-{uuid.uuid4().hex[:12]}"
        words = [*self._engine, "run", "--rm", "--name", name, "--network", "host", *self._settings.run_arguments]
        words += ["-v", f"{container.tree}:/opt/ml"]
        given = {**_STANDS_FOR_A_GPU, **self._settings.client_environment(), **container.environment}
        for variable, value in given.items():
            words += ["-e", f"{variable}={value}"]
        arguments = list(container.arguments)
        if container.entrypoint:
            words += ["--entrypoint", container.entrypoint[0]]
            arguments = [*container.entrypoint[1:], *arguments]
        inherited = (*_INHERITED, "HOME", "XDG_RUNTIME_DIR")
        environment = {variable: os.environ[variable] for variable in inherited if variable in os.environ}
        whole = [*words, container.image, *arguments]
        return Command(whole, environment, container.tree.parent, afterwards=[*self._engine, "rm", "--force", name])


class ByImage:
    """The built image, unless a folder was named for it."""

    def __init__(self, settings: Settings) -> None:
        self._folders = settings.images
        self._process, self._engine = ProcessLauncher(settings), EngineLauncher(settings)

    def check(self, image: str) -> None:
        """Refuse an image that cannot be started here, before anything is created."""
        self._of(image).check(image)

    def command(self, container: Container, say: Callable[[str], None]) -> Command:
        """The command of whichever starts it."""
        return self._of(container.image).command(container, say)

    def _of(self, image: str) -> Launcher:
        return self._process if images.repository_name(image) in self._folders else self._engine


def launcher(settings: Settings) -> Launcher:
    """The launcher that the settings ask for."""
    return ProcessLauncher(settings) if settings.runtime == "process" else ByImage(settings)
