"""Gap: the engine unpacks a function's zip for each of its processes, and removes it again file by file.

On AWS the code lies there before a start, and nobody writes to it. Here a zip is unpacked once, into a folder that its
digest names and that every stand-in of this repository finds, with the byte code that Python leaves beside it.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import time
import types
import zipfile
from pathlib import Path
from typing import Any

from ministack.core import lambda_runtime

from infra.local.gaps.patching import EngineChangedError, require
from infra.local.whole_folders import make_whole

TREES = Path(__file__).resolve().parents[3] / ".greenlight" / "functions"
_CODE = "code"
"""The folder that the engine makes for a function's zip in that of its process."""
_KEPT_SECONDS = 7 * 24 * 3600


def find_tree(packed: Path, trees: Path) -> Path:
    """The unpacked zip, unpacked where it is not there yet; those that nobody used for a week are removed then."""
    tree = trees / hashlib.sha256(packed.read_bytes()).hexdigest()[:32]
    if not tree.is_dir():
        with zipfile.ZipFile(packed) as archive:
            make_whole(tree, archive.extractall)
        _forget(trees)
    os.utime(tree)
    return tree


def _forget(trees: Path) -> None:
    for tree in trees.iterdir():
        if tree.stat().st_mtime < time.time() - _KEPT_SECONDS:
            shutil.rmtree(tree, ignore_errors=True)


class _CodeFile(zipfile.ZipFile):
    """A zip that is unpacked for a process of a function: by a link to its tree."""

    def extractall(self, path: Any = None, members: Any = None, pwd: Any = None) -> None:
        folder = Path(str(path))
        if folder.name != _CODE:
            super().extractall(path, members, pwd)
            return
        folder.rmdir()
        folder.symlink_to(find_tree(Path(str(self.filename)), TREES))


def install() -> None:
    """Have functions find their code, instead of unpacking it."""
    if require(lambda_runtime, "zipfile") is not zipfile:
        raise EngineChangedError("unpacks functions differently")
    lambda_runtime.zipfile = types.SimpleNamespace(**{**vars(zipfile), "ZipFile": _CodeFile})
