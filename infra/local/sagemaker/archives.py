"""Packs a model folder as ``model.tar.gz`` and opens one that nobody has checked.

Opening trusts nothing: only regular files and folders, none outside the target, no more than a set size. What is
packed may be read by whoever opens it, as on AWS; what is opened here is its owner's alone.
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
                tar.add(path, arcname=path.name, filter=_for_anybody)
    except BaseException:
        archive.unlink(missing_ok=True)
        raise


def _for_anybody(member: tarfile.TarInfo) -> tarfile.TarInfo:
    """Nobody's name on this machine belongs into a model, nor whom its owner lets read here."""
    member.uid = member.gid = 0
    member.uname = member.gname = "root"
    readable = member.mode & 0o500
    member.mode |= readable >> 3 | readable >> 6
    return member


def _for_the_owner(member: tarfile.TarInfo, folder: str) -> tarfile.TarInfo:
    """The member as it is written here; a folder has no mode of its own then, and gets the process's."""
    safe = tarfile.data_filter(member, folder)
    return safe.replace(mode=safe.mode & 0o700, deep=False) if safe.isreg() else safe


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
                tar.extract(member, folder, filter=_for_the_owner)
    except (tarfile.TarError, OSError, EOFError) as error:
        raise ArchiveError(f"{archive.name} cannot be opened: {error}") from error
