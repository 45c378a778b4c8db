"""Lists the files of a folder as ``ls`` shows them: through links, each of them once, and never in circles.

A folder that has several names, its own and those of links to it, is read under the one that says most of what it
holds: ``images`` or ``train`` rather than ``raw``, ``cat`` rather than ``store/7``, its own rather than a link's.
"""

from __future__ import annotations

import heapq
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

Rank = tuple[int, int, bool]
"""How far down the first telling folder of a name is, how far down the name, and whether a link is in it: the smallest
says most.
"""
_NOWHERE = 1000
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


@dataclass(frozen=True, slots=True)
class Remark:
    """What there is to say of a name: ``followed`` or ``known`` of a link to a folder, else why it cannot be read.

    ``message`` goes on after the name.
    """

    name: str
    kind: str
    message: str


@dataclass
class Tree:
    """The files below a folder, by their paths relative to it with slashes; hidden ones are left out."""

    files: list[str] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)


@dataclass(order=True, slots=True)
class _Folder:
    """A name of a folder that is still to be read; ``real`` is its path without links, ``above`` those it lies in."""

    rank: Rank
    name: str
    real: str = field(compare=False)
    above: tuple[str, ...] = field(compare=False)
    target: str = field(compare=False, default="")
    """What the link says, where the name itself is one."""


def list_tree(root: Path, telling: Callable[[str], bool]) -> Tree:
    """List a folder; ``telling`` knows the names of folders that say what they hold."""
    tree = Tree()
    read: dict[str, _Folder] = {}
    real = os.path.realpath(root)
    waiting = [_Folder((_NOWHERE, 0, False), "", real, ())]
    while waiting:
        folder = heapq.heappop(waiting)
        before = read.get(folder.real)
        if folder.real in folder.above or (f"{real}/".startswith(f"{folder.real.rstrip('/')}/") and folder.name):
            tree.remarks.append(Remark(folder.name, "known", f"leads to {folder.target}, in which it lies itself"))
        elif before is None:
            read[folder.real] = folder
            if folder.target:
                message = f"leads to {folder.target}, whose files are read as if they lay here"
                tree.remarks.append(Remark(folder.name, "followed", message))
            for below in _read(folder, tree, telling):
                heapq.heappush(waiting, below)
        elif folder.target:
            same = before.rank == folder.rank
            message = f"leads to {folder.target}, which is read as {before.name or 'the whole'} already"
            message += ": which of the two is meant? Keep one" if same else ""
            tree.remarks.append(Remark(folder.name, "doubtful" if same else "known", message))
    tree.remarks.sort(key=lambda remark: remark.name)
    return tree


def _read(folder: _Folder, tree: Tree, telling: Callable[[str], bool]) -> Iterator[_Folder]:
    """Add a folder's files to the tree; the folders in it."""
    try:
        with os.scandir(folder.real) as entries:
            for entry in entries:
                name = f"{folder.name}/{entry.name}" if folder.name else entry.name
                if entry.name.startswith((".", "__MACOSX")):
                    continue
                if not _may_be_sent(entry.name):
                    kind = "unreadable" if entry.is_dir() else "unnamed"
                    tree.remarks.append(
                        Remark(_show_odd(name), kind, "has a name that is no plain text in UTF-8: rename it")
                    )
                elif entry.is_dir():
                    yield _enter(folder, entry, name, telling)
                elif entry.is_file():
                    tree.files.append(name)
                elif entry.is_symlink():
                    message = f"is a link to {os.readlink(entry.path)}, and nothing is there"  # noqa: PTH115 - a text
                    tree.remarks.append(Remark(name, "lost", message))
                else:
                    tree.remarks.append(Remark(name, "unreadable", "is neither a file nor a folder"))
    except OSError as error:
        tree.remarks.append(Remark(folder.name or ".", "unreadable", f"cannot be listed: {error.strerror}"))


def _may_be_sent(name: str) -> bool:
    """Whether a name can be a key in S3 and a line of a report: all of it UTF-8, and no control character in it."""
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return not _CONTROL.search(name)


def _show_odd(name: str) -> str:
    """A name with the bytes that are no text written as escapes, so that a person can tell which file is meant."""
    text = os.fsencode(name).decode("utf-8", "backslashreplace")
    return _CONTROL.sub(lambda found: f"\\x{ord(found[0]):02x}", text)


def _enter(folder: _Folder, entry: os.DirEntry[str], name: str, telling: Callable[[str], bool]) -> _Folder:
    telling_at, _, linked = folder.rank
    depth = name.count("/")
    if telling_at == _NOWHERE and telling(entry.name):
        telling_at = depth
    above = (*folder.above, folder.real)
    if not entry.is_symlink():
        return _Folder((telling_at, depth, linked), name, f"{folder.real.rstrip('/')}/{entry.name}", above)
    return _Folder((telling_at, depth, True), name, os.path.realpath(entry.path), above, os.readlink(entry.path))  # noqa: PTH115 - a text
