"""Reads the lists of Pascal VOC's ``ImageSets/Main``: which pictures are of which split, by the ends of their paths.

Where there are none, those that are called like splits and lie elsewhere count.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath

from workflow.labels.alike import Alike, show_names
from workflow.labels.files import SPLIT_NAMES, Files, clean_path, is_image, split_of
from workflow.labels.pixel_labels import Register

SETS = ("trainval", *SPLIT_NAMES)
"""The lists of ``ImageSets/Main`` that are splits; later ones win."""


def read_image_sets(files: Files, register: Register) -> dict[str, str]:
    """The split of each image by the end of its path without ending that the lists name."""
    lists = [(name, list_file) for name in SETS for list_file in files.ending(f"imagesets/main/{name}.txt")]
    lists = lists or [(PurePosixPath(name).stem.lower(), name) for name in find_elsewhere(files)]
    known = Alike(end for image in files.images for end in list_ends(image[: image.rindex(".")]) if lists)
    found: dict[str, str] = {}
    whole: set[str] = set()  # in the list of training and validation together, which the others divide
    for name, list_file in lists:
        split = "train" if name == "trainval" else split_of(name)
        for number, line in enumerate(files.lines(list_file), start=1):
            # A name may hold spaces, and a number may follow it.
            said = [_read_name(text) for text in (line, *line.split()[:1])]
            ends = next((ends for path in said for end in list_ends(path) if (ends := known.find(end))), ())
            if len(ends) > 1:
                register.report("label-conflict", f"may be any of {show_names(ends)}", list_file, number)
            elif ends:
                before = found.get(ends[0], "")
                if before not in ("", split) and ends[0] not in whole:
                    message = f"{line[:200]} is in the list of the {before} split as well: no picture may be in two"
                    register.report("leaked-image", message, list_file, number)
                found[ends[0]] = split
                (whole.add if name == "trainval" else whole.discard)(ends[0])
            elif line.strip():
                register.report("orphan-label", f"{line[:200]} is not in this dataset", list_file, number)
    if lists and not found:
        register.report("layout", "no picture of this dataset is in the lists that split it", lists[0][1])
    return found


def find_elsewhere(files: Files) -> list[str]:
    """The lists of splits that lie elsewhere, as those of ``ImageSets/Segmentation`` or ``train.txt`` at the top do."""
    stems = {image.rpartition("/")[2].rpartition(".")[0] for image in files.images}
    texts = files.ending(".txt")
    called = [name for split in SETS for name in texts if PurePosixPath(name).stem.lower() == split]
    return [name for name in called if any(_last(line) in stems for line in files.lines(name) if line)]


def _last(line: str) -> str:
    return _read_name(line.split()[0]).rpartition("/")[2]


def _read_name(text: str) -> str:
    """What a line of a list names, without quotes and the ending of a picture."""
    path = clean_path(text.strip().strip("\"'"))
    return path.rpartition(".")[0] if is_image(path) else path


def list_ends(path: str) -> list[str]:
    """The path and what is left of it without its first folders, the longest first."""
    parts = path.split("/")
    return ["/".join(parts[at:]) for at in range(len(parts))]


def find_split(splits: Mapping[str, str], name: str, files: Files) -> str:
    """The split of a picture or an annotation: as the lists say, or else as its folders are called."""
    ends = list_ends(name.rpartition(".")[0])
    return next((splits[end] for end in ends if end in splits), "") or split_of(
        name[len(files.base) :].rpartition("/")[0]
    )
