"""Finds picture files, says what they are by their first bytes, and where the drawing of each one goes.

Knows no endpoint and decodes nothing.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from workflow.errors import UsageError

SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff")
"""What counts as a picture in a folder or behind a pattern, whatever it holds. A file that ends otherwise counts if its
first bytes say so; one that is named itself, always."""
TELLING = frozenset({"image/jpeg", "image/png", "image/webp", "image/tiff"})
"""Media types whose first bytes are of nothing else. A BMP's two begin many a text."""
SHOWN = (".jpg", ".jpeg", ".png", ".webp", ".bmp")
"""What every viewer and browser shows, and a drawing is therefore written in."""
HEAD_BYTES = 12
"""So many first bytes tell what a picture is."""


def find_pictures(paths: Sequence[str], drawings: Path | None = None) -> list[Path]:
    """The files that files, folders (with all below them) and patterns name, each once, in the order of the names.

    What lies in ``drawings`` is passed over unless it is named itself: it was drawn by an earlier call. Raises
    UsageError where a path names nothing.
    """
    found: list[Path] = []
    for given in paths:
        path = Path(given)
        if path.is_dir():
            matches = _pictures_below(path, drawings)
        elif path.exists():
            matches = [path]
        else:
            matches = _pictures_matching(given, drawings)
        if not matches:
            raise UsageError(f"{given}: there is no such picture, and no folder or pattern that holds one.")
        found += matches
    return list(dict.fromkeys(found))


def _pictures_below(folder: Path, drawings: Path | None) -> list[Path]:
    return _select_pictures(sorted(folder.rglob("*")), drawings)


def _pictures_matching(pattern: str, drawings: Path | None) -> list[Path]:
    if not any(letter in pattern for letter in "*?["):
        return []
    anchor = Path(pattern).anchor
    found: list[Path] = []
    for match in sorted(Path(anchor).glob(pattern[len(anchor) :])):
        found += _pictures_below(match, drawings) if match.is_dir() else _select_pictures([match], drawings)
    return found


def _select_pictures(files: Iterable[Path], drawings: Path | None) -> list[Path]:
    """Those that are pictures by their names or their bytes. Names that begin with a dot are some system's own."""
    drawn = None if drawings is None else drawings.resolve()
    return [
        file
        for file in files
        if not file.name.startswith(".")
        and file.is_file()
        and drawn not in file.resolve().parents
        and (file.suffix.lower() in SUFFIXES or _begins_as_picture(file))
    ]


def _begins_as_picture(file: Path) -> bool:
    """Whether a file's first bytes are a picture's, of a kind that an endpoint takes."""
    try:
        with file.open("rb") as opened:
            return content_type(opened.read(HEAD_BYTES)) in TELLING
    except OSError:
        return False


def content_type(head: bytes) -> str | None:
    """The media type that a file's first bytes tell, None for a format that endpoints do not take."""
    if head.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return "image/webp"
    if head.startswith(b"BM"):
        return "image/bmp"
    if head.startswith((b"II*\0", b"MM\0*")):
        return "image/tiff"
    return None


def place_drawings(pictures: Sequence[Path], folder: Path) -> dict[Path, Path]:
    """Where each picture's drawing goes: below ``folder``, in the subfolders the pictures have among themselves.

    Raises UsageError where a drawing would replace a picture.
    """
    # By name, not by what a link leads to: two links to one picture have two drawings.
    absolute = {picture: Path(os.path.normpath(picture.absolute())) for picture in pictures}
    common = Path(os.path.commonpath([path.parent for path in absolute.values()])) if pictures else Path()
    found = {}
    for picture, path in absolute.items():
        # A name that does not say a format could not be saved under it, and a TIFF could not be looked at everywhere.
        more = "" if path.suffix.lower() in SHOWN else ".jpg"
        found[picture] = folder / f"{path.relative_to(common)}{more}"
        if found[picture].resolve() == path.resolve():
            raise UsageError(f"{picture}: its drawing would replace it. Draw to another folder than {folder}.")
    return found
