"""Looks at labelled images before anything is uploaded or started.

Reads them with the very code that prepares them for training, and names the file and line of every mistake it sees.
Reads only this machine's files; what the images hold is the preparation job's to judge.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from workflow.datasets.refusal import SHOWN_OF_A_KIND, Again, place, refuse
from workflow.errors import UsageError
from workflow.labels.files import SUFFIXES, Files, is_class_list, is_structure

if TYPE_CHECKING:
    from workflow.labels.source import Opened, Problem

IMAGE_SUFFIXES = SUFFIXES
SPLITS = ("train", "validation", "test", "all")
"""The splits in the order in which they are named; ``all`` is the one of a dataset that has none."""
FOREIGN = {".json": "COCO, LabelMe or Label Studio", ".xml": "VOC or CVAT", ".manifest": "Ground Truth"}
"""Labels that may be of other formats, by the suffix of their files."""
LOSSES = ("orphan-label", "unused-file", "joined-folders")
"""Kinds of findings that tell why a set may have no object."""
CLASSES_SHOWN = 10
OTHER_PICTURES = (".heic", ".heif", ".avif", ".gif", ".jfif", ".jp2", ".svg", ".raw", ".cr2", ".nef", ".dng")
"""Endings of pictures that are not read."""
ARCHIVES = (".zip", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".7z", ".rar")
README = '  See README, "Your own images".'


@dataclass(frozen=True)
class Dataset:
    """A dataset that passed: ``files`` maps each key below the dataset's prefix to the file it comes from.

    ``notes`` are what was found while it was opened and goes on: files left out, splits read from another place.
    ``folder`` is what was given, a folder or a zip; ``unpacked`` keeps what a zip held until the dataset is gone.
    """

    folder: Path
    name: str
    format: str
    task: str
    classes: tuple[str, ...]
    files: dict[str, Path]
    splits: dict[str, int]
    objects: int
    notes: tuple[Problem, ...] = ()
    unpacked: tempfile.TemporaryDirectory[str] | None = None

    @property
    def images(self) -> int:
        """Images of all splits."""
        return sum(self.splits.values())

    def text(self) -> str:
        """The dataset in a few words, such as ``64 + 16 + 16 pictures of fasteners``."""
        return " + ".join(str(count) for count in self.splits.values()) + f" pictures of {self.name}"


def read_dataset(
    folder: Path,
    *,
    task: str = "auto",
    format: str = "auto",
    policy: Mapping[str, str] | None = None,
    again: str = "greenlight upload … --policy {policy}",
    judged_later: bool = False,
) -> Dataset:
    """Read and check a folder, or a zip of one, in any format that can be trained on.

    ``task``, ``format`` and ``policy`` are the run input's; ``again`` is what goes on with another ``{policy}``. Raises
    UsageError naming what was looked for, or file and line of what the policy rejects; that is left, where the pictures
    were found, to who judges the whole later, and tells all of it at once.
    """
    # Reading formats is not needed by every command that imports this module.
    from workflow.labels.recognition import open_source

    require_folder(folder)
    unpacked = _unpack(folder)
    root = Path(unpacked.name) if unpacked else folder
    files = Files(root)
    source = open_source(root, task=task, format=format, policy=policy or {})
    if not files.images and source.format in ("", "yolo"):
        lost = [f"  {folder / remark.name} {remark.message}." for remark in files.remarks if remark.kind != "followed"]
        raise UsageError("\n".join([_explain_no_images(folder, files), *lost[:SHOWN_OF_A_KIND]]))
    if _has_no_labels(source):
        raise UsageError(_explain_no_labels(folder, files))
    objects, mistakes = _count_objects(source)
    if mistakes and not (judged_later and source.entries):
        raise refuse(folder, mistakes, Again(again, policy or {}))
    if not objects and not mistakes:
        notes = [f"  {place(folder, one)}: {one.message}" for one in source.problems if one.kind in LOSSES]
        said = f"{folder}: the labels hold no object: nothing could be learned from them."
        raise UsageError("\n".join([said, *notes[:SHOWN_OF_A_KIND]]))
    counts = Counter(entry.split or "all" for entry in source.entries)
    return Dataset(
        folder=folder,
        name=_slug(folder.resolve().name.removesuffix(".zip")),
        format=source.format,
        task=source.task,
        classes=source.classes,
        files={
            **{entry.image: root / entry.image for entry in source.entries},
            **{_key(name, files.base): root / name for name in source.documents},
        },
        splits={split: counts[split] for split in SPLITS if split in counts},
        objects=objects,
        notes=tuple(found for found in source.problems if found.action != "rejected"),
        unpacked=unpacked,
    )


def require_folder(folder: Path) -> None:
    """Raise UsageError where there is nothing of this name."""
    if not folder.exists():
        raise UsageError(f"{folder}: there is no such folder.")


def _unpack(folder: Path) -> tempfile.TemporaryDirectory[str] | None:
    """What a zip holds, or the one zip that a folder holds; None for any other folder."""
    from workflow.labels.archive import ArchiveError, the_archive, unpack_zip

    if folder.is_dir():
        inside = the_archive(Files(folder))
        if not inside:
            return None
        archive = folder / inside
    elif folder.suffix.lower() == ".zip":
        archive = folder
    else:
        raise UsageError(
            f"{folder} is a file: give the folder that holds images and labels, or the .zip that a tool exported."
        )
    target = tempfile.TemporaryDirectory(prefix="greenlight-")
    try:
        unpack_zip(archive, Path(target.name))
    except ArchiveError as error:
        raise UsageError(f"{archive}: {error}") from error
    return target


def _key(name: str, base: str) -> str:
    """Where a file belongs below the prefix; the one that names the classes is called data.yaml, whatever it was."""
    settings = name.startswith(base) and "/" not in name[len(base) :] and name.endswith((".yaml", ".yml"))
    return f"{base}data.yaml" if settings else name


def _has_no_labels(source: Opened) -> bool:
    """Whether there is not one label: then the layout and the missing names of classes are not what is wrong."""
    settings = (".yaml", ".yml", ".csv", ".data")
    labels = [name for name in source.documents if not name.endswith(settings) and not is_class_list(name)]
    known = source.format not in ("", "yolo") or source.task == "classify"
    return not labels and not known and any(found.kind == "layout" for found in source.problems)


def _explain_no_images(folder: Path, files: Files) -> str:
    """Why there is nothing to look at, and what to do about pictures of other kinds."""
    said = f"{folder} holds no images: Greenlight looked for {', '.join(IMAGE_SUFFIXES)} in it and below it."
    if packed := files.ending(*ARCHIVES):
        return f"{said}\n  There is {', '.join(packed[:3])}: unpack it, or give the one .zip that is the dataset."
    others = Counter(Path(name).suffix.lower() for name in files.ending(*OTHER_PICTURES))
    if not others:
        return said
    there = ", ".join(f"{count:,} {suffix}" for suffix, count in others.most_common())
    return (
        f"{said}\n  There are {there}: convert them to JPEG or PNG under the same names (a .jfif is a JPEG: rename it)."
    )


def _tell_capitals(files: Files) -> str:
    """Which folders are called like those of a layout but for their case; empty where none is."""
    parts = {part for name in files.all for part in name.split("/")[:-1]}
    odd = sorted(part for part in parts if part != part.lower() and part.lower() in ("images", "labels"))
    renamed = ", ".join(f"{part} to {part.lower()}" for part in odd)
    return f"  Such folders are written in small letters: rename {renamed}.\n" if odd else ""


def _tell_folders(folder: Path, files: Files) -> list[str]:
    """How to say that folders are classes, where pictures lie in some that may be."""
    holding = {name.rpartition("/")[0].rpartition("/")[2] for name in files.images}
    called = sorted(name for name in holding if name and not is_structure(name))
    if len(called) < 2:
        return []
    names = ", ".join([*called[:CLASSES_SHOWN], *(["…"] if len(called) > CLASSES_SHOWN else [])])
    return [f"  If its folders are classes, name them in {folder / files.base / 'data.yaml'}:  names: [{names}]"]


def _explain_no_labels(folder: Path, files: Files) -> str:
    """Why a folder without usable labels cannot be used: no labels, another format or another layout."""
    images = len(files.images)
    labels = [name for name in files.ending(".txt") if not name.lower().endswith(("classes.txt", "readme.txt"))]
    foreign = files.ending(*FOREIGN)
    looked = ", ".join(f"*{suffix} ({formats})" for suffix, formats in FOREIGN.items())
    if labels and not foreign:
        return (
            f"{folder} holds {images} images and {len(labels)} text files, but not in a layout Greenlight knows.\n"
            f"  It knows train/images + train/labels, images/train + labels/train, images + labels, a text beside each"
            f" image, and what data.yaml names.\n{_tell_capitals(files)}{README}"
        )
    lines = [
        f"{folder} holds {images} image{'s' if images != 1 else ''} and no labels.",
        f"  Greenlight looked for {folder}/labels/**, {looked} and folders called like classes.",
    ]
    if foreign:
        kind = FOREIGN[Path(foreign[0]).suffix.lower()]
        lines.append(f"  It found {folder / foreign[0]}, which is not {kind} as annotation tools export it.")
    return "\n".join([*lines, *_tell_folders(folder, files), README])


def _count_objects(source: Opened) -> tuple[int, list[Problem]]:
    """The objects of all images, and what the policy rejects."""
    mistakes = _select_rejected(source.problems)
    objects = 0
    for entry in source.entries:
        found = source.labels(entry, 0, 0)
        mistakes += _select_rejected(found.problems)
        objects += len(found.rows)
    return objects, mistakes


def _select_rejected(problems: Sequence[Problem]) -> list[Problem]:
    return [found for found in problems if found.action == "rejected"]


def _slug(name: str) -> str:
    clean = "".join(letter if letter.isalnum() and letter.isascii() else "-" for letter in name.lower())
    return "-".join(part for part in clean.split("-") if part)[:50] or "dataset"
