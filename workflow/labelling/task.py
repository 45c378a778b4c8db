"""The task that is handed over: a folder with the pictures, the tool's file with the model's suggestions, and a note.

The note, ``task.json``, is what the way back needs: which pictures were handed over, and what was suggested of each.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

from workflow.clients import CONNECTIONS, Cloud
from workflow.contract.digest import sha256_of
from workflow.contract.document import Document, Matching, Text
from workflow.contract.reading import ContractError
from workflow.errors import UsageError
from workflow.labelling.choice import Chosen
from workflow.labelling.forms.sheet import Sheet
from workflow.labelling.forms.tools import TOOLS
from workflow.labelling.objects import Drawn, Pictured, fit, read_answer

NOTE, IMAGES = "task.json", "images"
HANDED = "labelling/"
"""Below which the bucket holds the pictures of a task whose tool reads them from S3; nothing there expires."""

_NAME = r"[^/\\\0.][^/\\\0]*"
FileName = Annotated[str, Matching(_NAME, "the name of a file")]
"""A task may come back from outside, and its pictures are looked for, and laid, by these names."""


@dataclass(frozen=True)
class HandedPicture:
    """One picture of a task: the ``name`` of its file, the object it was kept as, and why it was chosen.

    ``sha256`` is that of its bytes, by which it is known again; empty in tasks from before that was noted.
    """

    name: FileName
    kept: Text
    why: str
    width: int
    height: int
    suggested: tuple[Drawn, ...]
    sha256: str = ""


@dataclass(frozen=True)
class Handed(Document):
    """``task.json``: for which dataset, for which tool, what is to be drawn, and the pictures."""

    dataset: Text
    tool: Text
    task: Text
    classes: tuple[str, ...]
    made: Text
    pictures: tuple[HandedPicture, ...]

    def suggestions(self) -> dict[str, Pictured]:
        """What was suggested of each picture, by its name."""
        return {one.name: Pictured(one.name, one.width, one.height, one.suggested) for one in self.pictures}


def make_task(
    chosen: Sequence[Chosen],
    answers: Mapping[str, Mapping[str, Any]],
    keys: Mapping[str, str],
    *,
    dataset: str,
    task: str,
    classes: Sequence[str],
    tool: str,
) -> Handed:
    """The pictures that were chosen as a task, by their answers and keys under their ids.

    ``task`` and ``classes`` are the dataset's; what the model calls otherwise is not suggested. Raises UsageError for
    what the tool, or nobody, can take: key points, for their skeletons are declared by hand in each tool.
    """
    if task not in TOOLS[tool].tasks:
        able = ", ".join(name for name, each in TOOLS.items() if task in each.tasks) or "none"
        raise UsageError(f"--for {tool}: takes no labels of the task {task}, which {dataset} is of; these do: {able}.")
    if (tool, task) == ("yolo", "classify") and (odd := [one for one in classes if not re.fullmatch(_NAME, one)]):
        raise UsageError(
            f"--for yolo: sorts pictures into folders called like their classes, as none can be called {odd[0]!r}: "
            "--for ground-truth takes any name."
        )
    try:
        read = [(one, read_answer(answers[one.id], one.file.name)) for one in chosen]
    except ContractError as error:
        raise UsageError(str(error)) from error
    if any(("classification" in answers[one.id]) != (task == "classify") for one in chosen):
        raise UsageError(
            f"production's model answers otherwise than {dataset} is labelled, which is of the task {task}."
        )
    known = set(classes)
    pictures = [
        HandedPicture(
            name=one.file.name,
            kept=keys[one.id],
            why=one.worth.why,
            width=pictured.width,
            height=pictured.height,
            suggested=tuple(fit(each, task) for each in pictured.objects if each.name in known),
            sha256=sha256_of([one.file.read_bytes()]),
        )
        for one, pictured in read
    ]
    if task == "classify":
        pictures = [one for one in pictures if one.suggested]
    made = datetime.now(UTC).isoformat(timespec="seconds")
    return Handed(dataset, tool, task, tuple(classes), made, tuple(pictures))


def write_task(handed: Handed, chosen: Sequence[Chosen], folder: Path, addresses: Mapping[str, str]) -> None:
    """Write the folder, which must not be there. ``addresses`` is where the tool finds each picture in S3, if it does.

    Raises UsageError where the folder is there.
    """
    try:
        (folder / IMAGES).mkdir(parents=True)
    except FileExistsError as error:
        raise UsageError(f"{folder} is there already: name another folder with --to.") from error
    names = {one.name for one in handed.pictures}
    for one in chosen:
        if one.file.name in names:
            shutil.copyfile(one.file, folder / IMAGES / one.file.name)
    sheet = Sheet(
        task=handed.task,
        classes=handed.classes,
        pictures=list(handed.suggestions().values()),
        author="greenlight",
        moment=handed.made,
        addresses=addresses,
    )
    TOOLS[handed.tool].write(sheet, folder)
    note = json.dumps(handed.document(), ensure_ascii=False, indent=1) + "\n"
    (folder / NOTE).write_text(note, encoding="utf-8")


def keep_in_bucket(cloud: Cloud, bucket: str, handed: Handed, called: str) -> dict[str, str]:
    """Copy a task's pictures to where nothing expires; the address of each by its name."""

    def copy(one: HandedPicture) -> tuple[str, str]:
        key = f"{HANDED}{called}/{one.name}"
        source = {"Bucket": bucket, "Key": one.kept}
        cloud.call("s3", "copy_object", Bucket=bucket, Key=key, CopySource=source)
        return one.name, f"s3://{bucket}/{key}"

    with ThreadPoolExecutor(CONNECTIONS) as at_once:
        return dict(at_once.map(copy, handed.pictures))


def read_task(folder: Path) -> Handed:
    """The note in a task's folder. Raises UsageError where there is none."""
    file = folder / NOTE
    try:
        return Handed.parse(json.loads(file.read_text("utf-8")))
    except FileNotFoundError as error:
        raise UsageError(f"{file} is not there: give the folder that 'greenlight label pick' wrote.") from error
    except (ContractError, ValueError, RecursionError) as error:
        raise UsageError(f"{file}: {error}") from error
