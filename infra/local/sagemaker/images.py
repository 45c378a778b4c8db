"""From an image's URI to the program that stands for it on this machine.

Without a container engine an image is the folder that holds its Dockerfile: its ENTRYPOINT, in an environment made
from its requirements. Where it begins FROM an image that a folder stands for, that is looked up there, and what its own
Dockerfile sets by ENV is added. It reads those folders and nothing of what the program does.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from string import Template

from infra.local.sagemaker.errors import invalid

_FROM = re.compile(r"^\s*FROM\s+(?:--platform=\S+\s+)?(\S+)", re.IGNORECASE | re.MULTILINE)
_ARG = re.compile(r"^\s*ARG\s+(\w+)=(\S+)", re.IGNORECASE | re.MULTILINE)
_ENV = re.compile(r"^\s*ENV\s+(.+)$", re.IGNORECASE | re.MULTILINE)
_ENTRYPOINT = re.compile(r"^\s*ENTRYPOINT\s+(.+)$", re.IGNORECASE | re.MULTILINE)
_PYTHON = re.compile(r"^python[0-9.]*$")
_FOLDERS = {"training": "containers/training", "serving": "containers/serving"}


@dataclass(frozen=True)
class Program:
    """What stands for an image: the folder whose requirements it has, its entry point, its variables.

    ``path`` are folders whose modules it finds.
    """

    folder: Path
    entrypoint: list[str]
    variables: dict[str, str]
    path: tuple[Path, ...]


def program(image: str, repository: Path, overrides: Mapping[str, Path]) -> Program:
    """What stands for an image. Raises ServiceError where nothing does, or where it cannot."""
    folder = folder_of(image, repository, overrides)
    text = (folder / "Dockerfile").read_text().replace("\\\n", " ")
    base = base_image(text)
    if not is_known(base, overrides) or folder_of(base, repository, overrides) == folder:
        return Program(folder, entrypoint(text), {}, ())
    if (folder / "requirements.txt").exists():
        raise invalid(
            f"{folder} begins FROM {base} and has requirements.txt of its own: install them in its Dockerfile, and run "
            "the built image, by --runtime podman or docker."
        )
    below = program(base, repository, overrides)
    words = entrypoint(text) if _ENTRYPOINT.search(text) else below.entrypoint
    return Program(below.folder, words, {**below.variables, **variables(text)}, (folder, *below.path))


def base_image(dockerfile: str) -> str:
    """What the last stage begins FROM, with the defaults of its arguments; empty for none."""
    found = _FROM.findall(dockerfile)
    arguments = dict(_ARG.findall(dockerfile))
    return Template(found[-1]).safe_substitute(arguments) if found else ""


def variables(dockerfile: str) -> dict[str, str]:
    """What a Dockerfile sets by ENV, in the form NAME=value."""
    pairs = (word.partition("=") for words in _ENV.findall(dockerfile) for word in shlex.split(words))
    return {name: value for name, equals, value in pairs if equals}


def is_known(image: str, overrides: Mapping[str, Path]) -> bool:
    """Whether some folder stands for an image of this name."""
    name = repository_name(image)
    return name in overrides or name.rsplit("-", 1)[-1] in _FOLDERS


def repository_name(image: str) -> str:
    """The last part of an image's repository: ``1.dkr.ecr.x/greenlight-training:abc`` is ``greenlight-training``."""
    return image.rsplit("/", 1)[-1].split("@", 1)[0].split(":", 1)[0]


def folder_of(image: str, repository: Path, overrides: Mapping[str, Path]) -> Path:
    """The folder that stands for an image; an image without one is refused by name."""
    name = repository_name(image)
    if name in overrides:
        folder = overrides[name]
    elif (kind := name.rsplit("-", 1)[-1]) in _FOLDERS:
        folder = repository / _FOLDERS[kind]
    else:
        raise invalid(
            f"no folder stands for the image {image}: it is mapped by the end of its name (-training, -serving) "
            "or by --image NAME=FOLDER"
        )
    if not (folder / "Dockerfile").is_file():
        raise invalid(f"the image {image} is stood for by {folder}, which has no Dockerfile")
    return folder


def entrypoint(dockerfile: str) -> list[str]:
    """The last ENTRYPOINT of a Dockerfile in exec form, the only form that SageMaker can pass arguments to."""
    found = _ENTRYPOINT.findall(dockerfile)
    if not found:
        raise invalid("the image's Dockerfile has no ENTRYPOINT")
    try:
        words = json.loads(found[-1])
    except json.JSONDecodeError as error:
        raise invalid(f"the image's ENTRYPOINT is not in exec form: {found[-1]}") from error
    if not isinstance(words, list) or not words or not all(isinstance(word, str) for word in words):
        raise invalid(f"the image's ENTRYPOINT is not in exec form: {found[-1]}")
    return words


def command(words: list[str], python: Path, *folders: Path) -> list[str]:
    """The words of an entry point for this machine.

    ``python`` becomes the environment's interpreter; a relative program file is found beside a Dockerfile, in the first
    of the folders that has it, where ``COPY`` and ``WORKDIR`` would have put it.
    """
    if not _PYTHON.match(words[0]):
        return words
    rest = words[1:]
    if rest and not rest[0].startswith(("-", "/")):
        found = next((folder / rest[0] for folder in folders if (folder / rest[0]).is_file()), None)
        rest = [str(found.resolve()), *rest[1:]] if found else rest
    return [str(python), *rest]
