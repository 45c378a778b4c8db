"""Tells of folders whose pictures become one set because none is called like a split: somebody may have meant splits.

Pure.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence

from workflow.labels.alike import compose
from workflow.labels.files import count_by_folder, is_structure, split_told
from workflow.labels.source import Entry


def describe_joined(base: str, entries: Sequence[Entry], classes: Collection[str]) -> tuple[str, str] | None:
    """The kind of finding and what to say of the folders below ``base`` that are one set; None where there are splits,
    or a single folder.

    Folders called like classes, or like a part of a layout, say nothing of splits. Those whose names speak of several
    splits, as ``train_set`` and ``test_set`` do, are never joined.
    """
    if any(entry.split for entry in entries):
        return None
    counts = Counter(entry.image.rpartition("/")[0] for entry in entries)
    paths = {folder: _list_telling(folder[len(base) :], classes) for folder in counts}
    first, last = min(paths.values(), default=()), max(paths.values(), default=())
    shared = next((at for at, (one, other) in enumerate(zip(first, last, strict=False)) if one != other), len(first))
    tops = {folder: "/".join(path[: shared + 1]) for folder, path in paths.items() if len(path) > shared}
    if len(set(tops.values())) < 2:
        return None
    there = count_by_folder(f"{top}/" for folder, top in tops.items() for _ in range(counts[folder]))
    if len({split_told(top) for top in tops.values()} - {""}) > 1:
        return "layout", f"folders look like splits and are not called so, {there}: call them train, val and test"
    message = f"no folder is called like a split: the pictures of {there} are one set, of which splits are made"
    return "joined-folders", f"{message}; if they are splits, call them train, val and test"


def _list_telling(folder: str, classes: Collection[str]) -> tuple[str, ...]:
    """The parts of a path that say neither what is in it nor a class."""
    return tuple(part for part in folder.split("/") if part and not is_structure(part) and compose(part) not in classes)
