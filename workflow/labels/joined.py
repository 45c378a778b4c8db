"""Tells of folders whose pictures become one set because none is called like a split: somebody may have meant splits.

Pure.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from workflow.labels.alike import compose
from workflow.labels.files import count_by_folder, is_structure
from workflow.labels.source import Entry


def describe_joined(base: str, entries: Sequence[Entry], classes: Collection[str]) -> str:
    """What to say of the folders below ``base`` that are one set; empty where there are splits, or a single folder.

    Folders called like classes, or like a part of a layout, say nothing of splits.
    """
    if any(entry.split for entry in entries):
        return ""
    paths = [
        tuple(
            part
            for part in entry.image[len(base) :].split("/")[:-1]
            if not is_structure(part) and compose(part) not in classes
        )
        for entry in entries
    ]
    first, last = min(paths, default=()), max(paths, default=())
    shared = next((at for at, (one, other) in enumerate(zip(first, last, strict=False)) if one != other), len(first))
    tops = ["/".join(path[: shared + 1]) for path in paths if len(path) > shared]
    if len(set(tops)) < 2:
        return ""
    there = count_by_folder(f"{top}/" for top in tops)
    return f"no folder is called like a split: the pictures of {there} are one set, of which splits are made"
