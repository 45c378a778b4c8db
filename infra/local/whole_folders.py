"""Folders that several processes look for at once: each is there whole, or not at all."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path


def make_whole(folder: Path, fill: Callable[[Path], None]) -> None:
    """Make a folder of what ``fill`` lays into an empty one; whoever does so first has made it for all."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    made = Path(tempfile.mkdtemp(prefix="new-", dir=folder.parent))
    fill(made)
    try:
        made.rename(folder)
    except OSError:
        # Another process was faster; what it made is the same.
        shutil.rmtree(made)
