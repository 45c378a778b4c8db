"""What a file of pretrained weights says of itself, read without loading it: its task and its architecture.

Loading a pickle can run any code that it names; here its instructions are read and none is carried out. What may be
loaded at all is the training image's to say.
"""

from __future__ import annotations

import pickletools
import re
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from workflow.contract.architecture import MODELS
from workflow.contract.reading import ContractError

NETWORKS: Mapping[str, str] = {
    "DetectionModel": "detect",
    "PoseModel": "pose",
    "SegmentationModel": "segment",
    "ClassificationModel": "classify",
    "OBBModel": "obb",
}
"""What ultralytics calls the network of each task."""

SUFFIXES: Mapping[str, str] = {"detect": "", "pose": "-pose", "segment": "-seg", "classify": "-cls", "obb": "-obb"}
"""What ultralytics adds to the architecture's name for each task."""

FINDS: Mapping[str, str] = {
    "detect": "boxes",
    "pose": "keypoints",
    "segment": "outlines",
    "classify": "a picture's class",
    "obb": "turned boxes",
}
"""What a network of each task finds."""

PICKLE_BYTES = 64 * 2**20
"""Largest pickle that is read; tensors lie beside it in the archive."""

_TEXTS = ("UNICODE", "BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8")
_KEEP, _RECALL = ("PUT", "BINPUT", "LONG_BINPUT"), ("GET", "BINGET", "LONG_BINGET")


class WeightsError(ContractError, ValueError):
    """A weights file that is damaged, is none, or does not fit what is to be trained."""


@dataclass(frozen=True)
class Pretrained:
    """The task of weights and their architecture, such as ``yolov8n``, empty where they do not name it."""

    task: str
    model: str


def read_pretrained(file: Path | IO[bytes]) -> Pretrained:
    """What the weights in a file are. Raises WeightsError where it holds no network that can be trained on."""
    try:
        return describe(read_pickle(file))
    except (zipfile.BadZipFile, EOFError, ValueError) as error:
        if isinstance(error, WeightsError):
            raise
        raise WeightsError(f"damaged, or not a weights file of PyTorch: {error}") from error


def read_pickle(file: Path | IO[bytes]) -> bytes:
    """The one pickle of PyTorch's archive. Raises WeightsError where there is no such one, BadZipFile without a zip."""
    with zipfile.ZipFile(file) as archive:
        # PyTorch finds a member by its name as it is stored, in capitals or not; zipfile may show another one.
        members = [item for item in archive.infolist() if item.orig_filename.lower().endswith(".pkl")]
        if len(members) != 1 or not members[0].orig_filename.endswith("/data.pkl"):
            raise WeightsError("not a weights file of PyTorch (no single data.pkl inside)")
        if members[0].file_size > PICKLE_BYTES:
            raise WeightsError(f"a pickle of {members[0].file_size:,} bytes is too large for weights")
        return archive.read(members[0])


def describe(pickled: bytes) -> Pretrained:
    """What the network in a pickle is. Raises WeightsError where there is none."""
    names = [str(argument) for opcode, argument, _ in pickletools.genops(pickled) if opcode.name == "GLOBAL"]
    found = [NETWORKS[name] for one in names if (name := one.removeprefix("ultralytics.nn.tasks ")) in NETWORKS]
    if not found:
        raise WeightsError("no network of ultralytics is in it: give the .pt of a training, no state and no export")
    texts = list(_texts(pickled))
    said = {key: value for key, value in zip(reversed(texts[:-1]), reversed(texts[1:]), strict=True) if key and value}
    named = re.fullmatch(r"(?:.*/)?([a-z]+\d+)([a-z]?)(-\w+)?\.yaml", said.get("yaml_file", ""))
    scale = said.get("scale", "") or (named[2] if named else "")
    return Pretrained(found[0], f"{named[1]}{scale}" if named else "")


def require_fit(found: Pretrained, *, task: str = "auto", model: str = "") -> None:
    """Raise WeightsError unless the weights find what ``task`` says, ``auto`` for any, and are of this architecture."""
    if model and found.model not in ("", model):
        either = f"set model={found.model}, or " if found.model in MODELS else ""
        raise WeightsError(
            f"the pretrained weights are of {found.model}, and model is {model}: {either}give weights of {model}"
        )
    if task not in ("auto", found.task):
        wanted = f"{model or found.model or 'yolov8n'}{SUFFIXES[task]}.pt"
        raise WeightsError(
            f"the pretrained weights find {FINDS[found.task]} ({found.task}), and the data is labelled for "
            f"{FINDS[task]} ({task}): give weights such as {wanted}, or none"
        )


def _texts(pickled: bytes) -> Iterator[str | None]:
    """Every value that the pickle puts down, in order: texts as they are, anything else as None."""
    kept: dict[int, str | None] = {}
    last: str | None = None
    for opcode, argument, _ in pickletools.genops(pickled):
        if opcode.name in _KEEP:
            kept[int(argument or 0)] = last
            continue
        last = None
        if opcode.name in _TEXTS:
            last = str(argument)
            yield last
        elif opcode.name in _RECALL:
            last = kept.get(int(argument or 0))
            yield last
        elif opcode.stack_after and not opcode.stack_before:
            yield None
