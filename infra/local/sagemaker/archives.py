"""Packs a model folder as ``model.tar.gz`` and opens one that nobody has checked.

Opening trusts nothing: only regular files and folders, none outside the target, no more than a set size.
"""

from __future__ import annotations

import tarfile
from pathlib import Path

_LARGEST_BYTES = 20 * 1024**3
_MOST_FILES = 100_000


class ArchiveError(Exception):
    """An archive that will not be opened; the message says why."""


def pack(folder: Path, archive: Path) -> None:
    """Everything below a folder into a gzip-compressed tar file; an incomplete file is removed."""
    try:
        with tarfile.open(archive, "w:gz", compresslevel=1) as tar:
            for path in sorted(folder.iterdir()):
                tar.add(path, arcname=path.name, filter=_anonymous)
    except BaseException:
        archive.unlink(missing_ok=True)
        raise


def _anonymous(member: tarfile.TarInfo) -> tarfile.TarInfo:
    """Nobody's name on this machine belongs into a model."""
    member.uid = member.gid = 0
    member.uname = member.gname = "root"
    return member


def unpack(archive: Path, folder: Path) -> None:
    """Everything of an archive into a folder, or :class:`ArchiveError` before anything is written."""
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with tarfile.open(archive, "r:gz") as tar:
            members = []
            total = 0
            for member in tar:
                if not (member.isreg() or member.isdir()):
                    raise ArchiveError(f"{archive.name} holds {member.name!r}, which is no regular file or folder")
                if member.name.startswith("/"):
                    raise ArchiveError(f"{archive.name} holds the absolute name {member.name!r}")
                total += member.size
                members.append(member)
                if total > _LARGEST_BYTES or len(members) > _MOST_FILES:
                    raise ArchiveError(f"{archive.name} holds more than {_LARGEST_BYTES} bytes or {_MOST_FILES} files")
                tarfile.data_filter(member, str(folder))
            for member in members:
                tar.extract(member, folder, filter="data")
    except (tarfile.TarError, OSError, EOFError) as error:
        raise ArchiveError(f"{archive.name} cannot be opened: {error}") from error
