"""Says which disk is full: the system's own message names neither the folder nor what to do."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

FULL = (errno.ENOSPC, errno.EDQUOT)


class DiskFullError(OSError):
    """There is no room left for what training writes."""


@contextmanager
def say_where_it_is_full(*folders: Path) -> Iterator[None]:
    """Turn the system's error of a full disk into DiskFullError, with the room left below each of the folders."""
    try:
        yield
    except OSError as error:
        if error.errno not in FULL:
            raise
        left = ", ".join(f"{folder} {shutil.disk_usage(folder).free / 2**20:.0f} MB" for folder in _existing(folders))
        raise DiskFullError(
            f"no room left while writing {error.filename or 'a file'} (free: {left}); "
            "give the training job a larger volume (VolumeSizeInGB)"
        ) from error


def _existing(folders: tuple[Path, ...]) -> list[Path]:
    return [folder for folder in folders if folder.is_dir()]
