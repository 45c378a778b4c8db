"""What came back from a labelling tool: its export, read and checked as any data, as labels of the task's pictures."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from PIL import Image, ImageOps

from workflow.contract.digest import sha256_of
from workflow.datasets.check import read_dataset
from workflow.datasets.refusal import Again, refuse
from workflow.errors import UsageError
from workflow.labelling.forms.cvat import turned
from workflow.labelling.objects import Drawn, Pictured
from workflow.labelling.task import IMAGES, NOTE, Handed, HandedPicture
from workflow.labels.archive import ArchiveError, unpack_zip
from workflow.labels.files import is_image
from workflow.labels.geometry import edges
from workflow.labels.recognition import open_source
from workflow.labels.source import Row

SAME = 2.0
"""Pixels by which a label may differ from what was suggested and still be nobody's correction: tools round."""


@dataclass(frozen=True)
class Returned:
    """The labels of a task: each picture's file by its name, what is drawn on it, and the names of the unlabelled."""

    files: dict[str, Path]
    pictures: tuple[Pictured, ...]
    unlabelled: tuple[str, ...]

    def untouched(self, handed: Handed) -> bool:
        """Whether every label is what the model suggested: then it may be that nobody looked."""
        suggested = handed.suggestions()
        return all(_is_same(one, suggested[one.name]) for one in self.pictures)


def read_returned(handed: Handed, task: Path, export: Path | None, work: Path) -> Returned:
    """Read an export, or the task's own folder where it was labelled there; ``work`` is an empty folder.

    Other pictures than those that were handed over are refused. Raises UsageError for what cannot be used, by file and
    line.
    """
    root = _lay_out(handed, task, export, work)
    given = export or task
    try:
        dataset = read_dataset(root, task=handed.task, again="mend the labels, and repeat")
    except UsageError as error:
        raise UsageError(str(error).replace(str(root), str(given))) from error
    opened = open_source(root, task=handed.task)
    wanted = {PurePosixPath(one.name).stem: one for one in handed.pictures}
    unknown = sorted(set(dataset.classes) - set(handed.classes))
    if unknown:
        raise UsageError(
            f"{', '.join(unknown)}: no class of the dataset {handed.dataset}, whose classes are "
            f"{', '.join(handed.classes)}. Mend the label, or upload the dataset with the new class first."
        )
    files, pictures, wrong = {}, [], []
    for entry in opened.entries:
        one = wanted.get(PurePosixPath(entry.image).stem)
        if one is None:
            raise UsageError(f"{entry.image}: is no picture of this task, which 'greenlight label pick' chose.")
        name = one.name
        if name in files:
            raise UsageError(f"{entry.image}: is {name} a second time: leave one of both.")
        width, height = _size(root / entry.image)
        _require_same(root / entry.image, one)
        labelled = opened.labels(entry, width, height)
        # What only the size of the picture itself shows.
        wrong += [found for found in labelled.problems if found.action == "rejected"]
        if not labelled.labelled or labelled.dropped:
            continue
        files[name] = root / entry.image
        objects = tuple(_draw(row, opened.classes, handed.task, width, height) for row in labelled.rows)
        pictures.append(Pictured(name, width, height, objects))
    if wrong:
        raise refuse(given, wrong, Again("mend the labels, and repeat", {}))
    return Returned(files, tuple(pictures), tuple(sorted({one.name for one in handed.pictures} - files.keys())))


def _lay_out(handed: Handed, task: Path, export: Path | None, work: Path) -> Path:
    """The labels beside the pictures of the task, those that the export brings along going first."""
    root = work / "returned"
    if export is None:
        if handed.tool != "yolo":
            raise UsageError(
                f"{task} was made for {handed.tool}: give its export, too, as in  greenlight label take {task} EXPORT"
            )
        shutil.copytree(task, root, ignore=shutil.ignore_patterns(NOTE))
        return root
    root.mkdir()
    if not export.exists() or export.resolve() == task.resolve():
        raise UsageError(f"{export}: must be what the tool has exported, and is {task.name} itself or not there.")
    if export.is_dir():
        shutil.copytree(export, root, dirs_exist_ok=True)
    elif export.suffix.lower() == ".zip":
        try:
            unpack_zip(export, root)
        except ArchiveError as error:
            raise UsageError(f"{export}: {error}") from error
    else:
        shutil.copyfile(export, root / export.name)
    there = {path.name for path in root.rglob("*") if is_image(path.name)}
    (root / IMAGES).mkdir(exist_ok=True)
    for one in handed.pictures:
        if one.name not in there:
            shutil.copyfile(task / IMAGES / one.name, root / IMAGES / one.name)
    return root


def _require_same(file: Path, one: HandedPicture) -> None:
    """Raise UsageError for another picture than the one that was handed over: its labels may be of anything."""
    if one.sha256 and sha256_of([file.read_bytes()]) != one.sha256:
        raise UsageError(
            f"{file.name}: is not the picture that 'greenlight label pick' handed over: export the labels without "
            "pictures, or with them as they were."
        )


def _size(file: Path) -> tuple[int, int]:
    """The size of a picture as it is shown. Raises UsageError for one that cannot be read to its end."""
    try:
        with Image.open(file) as picture:
            picture.load()
            return ImageOps.exif_transpose(picture).size
    # Of a broken file, Pillow's readers raise whatever their parsing comes upon.
    except Exception as error:
        raise UsageError(f"{file.name}: cannot be read as a picture: {error}") from error


def _draw(row: Row, classes: tuple[str, ...], task: str, width: int, height: int) -> Drawn:
    fractions = edges(row.numbers) if task == "detect" else row.numbers
    pixels = tuple(value * (height if at % 2 else width) for at, value in enumerate(fractions))
    return Drawn(classes[row.class_id], pixels)


def _is_same(one: Pictured, other: Pictured) -> bool:
    left = list(other.objects)
    for each in one.objects:
        at = next((at for at, two in enumerate(left) if _is_same_object(each, two)), None)
        if at is None:
            return False
        left.pop(at)
    return not left


def _is_same_object(one: Drawn, other: Drawn) -> bool:
    if one.name != other.name:
        return False
    mine, others = one.points, other.points
    if len(mine) != len(others) and {len(mine), len(others)} == {4, 8}:
        mine, others = (_upright(points) for points in (mine, others))
    return len(mine) == len(others) and all(abs(a - b) <= SAME for a, b in zip(mine, others, strict=True))


def _upright(points: tuple[float, ...]) -> tuple[float, ...]:
    if len(points) == 4:
        return points
    x, y, width, height, _ = turned(points)
    return x - width / 2, y - height / 2, x + width / 2, y + height / 2
