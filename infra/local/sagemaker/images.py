"""From an image's URI to the program that stands for it on this machine.

Without a container engine an image is the folder that holds its Dockerfile: its ENTRYPOINT, in an environment made
from its requirements. It reads that folder and nothing of what the program does.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path

from infra.local.sagemaker.errors import invalid

_ENTRYPOINT = re.compile(r"^\s*ENTRYPOINT\s+(.+)$", re.IGNORECASE | re.MULTILINE)
_PYTHON = re.compile(r"^python[0-9.]*$")
_FOLDERS = {"training": "containers/training", "serving": "containers/serving"}


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


def command(words: list[str], python: Path, folder: Path) -> list[str]:
    """The words of an entry point for this machine.

    ``python`` becomes the environment's interpreter; a relative program file is found beside the Dockerfile, where
    ``COPY`` and ``WORKDIR`` would have put it.
    """
    if not _PYTHON.match(words[0]):
        return words
    rest = words[1:]
    if rest and not rest[0].startswith(("-", "/")) and (folder / rest[0]).is_file():
        rest = [str((folder / rest[0]).resolve()), *rest[1:]]
    return [str(python), *rest]
