"""Pairs pictures with the file that a tool writes for each, by where they lie and how they are called."""

from __future__ import annotations

from collections.abc import Collection

from workflow.labels.files import Files, split_named
from workflow.labels.image_sets import list_ends

IMAGES = ("JPEGImages", "images")
"""Folders of pictures whose labels have a folder beside them."""
LABELS = ("Annotations", "annotations", "labels")
"""What that folder is called."""


def find_annotated(files: Files) -> dict[str, str]:
    """The image of each path without its ending at which its annotation may be: beside it, or in a folder of LABELS."""
    found: dict[str, str] = {}
    for image in reversed(files.images):
        stem = image[: image.rindex(".")]
        found[stem] = image
        for folder in IMAGES:
            head, there, tail = f"/{stem}".rpartition(f"/{folder}/")
            for other in LABELS if there else ():
                found[f"{head}/{other}/{tail}".lstrip("/")] = image
    return found


def list_unlabelled(files: Files, labels: Collection[str], named: Collection[str] = ()) -> list[str]:
    """The images without a file of their own that belong to the set all the same, as pictures without objects.

    That are those in a folder of images or of a split, those beside a labelled one, and those that a list names, by
    ends of their paths without ending. Screenshots, examples and drawings elsewhere are none.
    """
    homes = {_home(image) for image in labels}
    photographs = any(home.endswith("JPEGImages") for home in homes)
    taken = {end for image in labels for end in list_ends(image[: image.rindex(".")])}
    found = []
    for image in files.images:
        home = _home(image)
        listed = any(end in named and end not in taken for end in list_ends(image[: image.rindex(".")]))
        in_split = not photographs and bool(split_named(image[len(files.base) :].partition("/")[0]))
        if image not in labels and (home in homes or listed or in_split):
            found.append(image)
    return found


def _home(image: str) -> str:
    """The folder of images that one lies in, or else just its folder."""
    folders = image.split("/")[:-1]
    at = next((at for at in reversed(range(len(folders))) if folders[at] in IMAGES), None)
    return "/".join(folders if at is None else folders[: at + 1])
