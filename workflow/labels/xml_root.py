"""Tells XML files apart by their first element."""

from __future__ import annotations

from pathlib import Path
from xml.parsers import expat

_HEAD = 4096


class _FoundError(Exception):
    """The first element began."""


def read_root(path: Path) -> str:
    """The name of a file's first element, as far as its first 4,096 bytes tell; empty where it is no XML."""
    names: list[str] = []

    def begin(name: str, _: object) -> None:
        names.append(name)
        raise _FoundError

    parser = expat.ParserCreate()
    parser.StartElementHandler = begin
    with path.open("rb") as stream:
        head = stream.read(_HEAD)
    try:
        parser.Parse(head, False)
    except (_FoundError, expat.ExpatError, LookupError, ValueError):
        return names[0] if names else ""
    return ""
