"""Unpacks the zip that an annotation tool exports, without trusting a word of it."""

from __future__ import annotations

import errno
import lzma
import stat
import zipfile
import zlib
from pathlib import Path

from workflow.labels.files import Files

MEMBERS = 1_000_000
"""Most files that an archive may hold."""
BYTES = 200 * 2**30
"""Most bytes that it may unpack to."""
RATIO = 200
"""How many times its own size it may unpack to: labels shrink tenfold, pictures hardly, a bomb a thousandfold."""
SLACK = 64 * 2**20
"""Bytes that any archive may unpack to, whatever its size."""
BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    NotImplementedError,
    EOFError,
    RuntimeError,
    UnicodeDecodeError,
)
"""What zipfile raises for an archive that is broken."""
_CHUNK = 2**20


class ArchiveError(ValueError):
    """An archive that is broken, or that holds what no dataset needs."""


def the_archive(files: Files) -> str:
    """The zip of a folder that holds a single zip and nothing else, or empty."""
    return files.all[0] if len(files.all) == 1 and files.all[0].lower().endswith(".zip") else ""


def unpack_zip(archive: Path, target: Path) -> None:
    """Unpack an archive into ``target``, which must exist.

    Raises ArchiveError for a file that is no zip or a broken one, for a member that is a link, lies outside
    ``target`` or is encrypted, and for more files or bytes than MEMBERS, BYTES and RATIO allow. What the archive says
    of its sizes is checked before, and what comes out is counted while it is written.
    """
    allowed = min(BYTES, max(archive.stat().st_size * RATIO, SLACK))
    try:
        with zipfile.ZipFile(archive) as opened:
            members = opened.infolist()
            if len(members) > MEMBERS:
                raise ArchiveError(f"{archive.name}: {len(members):,} files; {MEMBERS:,} at most")
            if sum(member.file_size for member in members) > allowed:
                raise ArchiveError(f"{archive.name}: unpacks to more than {allowed:,} bytes")
            for member in members:
                _check(archive, member)
            for member in members:
                if not _name(member).endswith("/"):
                    allowed -= _unpack(opened, member, target, allowed)
    except (FileExistsError, IsADirectoryError, NotADirectoryError) as error:
        raise ArchiveError(f"{archive.name}: two members want the same place: {error.filename}") from error
    except BROKEN as error:
        raise ArchiveError(f"{archive.name}: cannot be unpacked: {error}") from error
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise ArchiveError(f"{archive.name}: cannot be unpacked: {error}") from error


def _check(archive: Path, member: zipfile.ZipInfo) -> None:
    name = _name(member)
    said = f"{archive.name}: {member.orig_filename!r}"
    if name.startswith("/") or name[1:2] == ":" or "\0" in name or ".." in name.split("/"):
        raise ArchiveError(f"{said} would be written outside of its folder")
    kind = stat.S_IFMT(member.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise ArchiveError(f"{said} is a link or a device, not a file")
    if member.flag_bits & 1:
        raise ArchiveError(f"{said} is encrypted")


def _name(member: zipfile.ZipInfo) -> str:
    """What the archive calls a member: zipfile itself cuts it at a NUL, and turns backslashes on Windows only."""
    return member.orig_filename.replace("\\", "/")


def _unpack(opened: zipfile.ZipFile, member: zipfile.ZipInfo, target: Path, allowed: int) -> int:
    path = target / _name(member)
    path.parent.mkdir(parents=True, exist_ok=True)
    written = 0
    with opened.open(member) as packed, path.open("xb") as out:
        while chunk := packed.read(_CHUNK):
            written += len(chunk)
            if written > allowed:
                raise ArchiveError(f"{member.filename!r} unpacks to more than the archive says")
            out.write(chunk)
    return written
