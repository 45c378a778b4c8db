"""Reads shape and completeness of an array of pictures (.npy) from its bytes, and evaluates nothing.

The format: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html. Its header is the text of a Python
dictionary of three entries; here it is matched, entry by entry.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import prod

from containers.serving.model.image_header import ImageError
from workflow.contract.model import MAXIMUM_PIXELS

SIGNATURE = b"\x93NUMPY"
MAXIMUM_HEADER_BYTES = 1024
"""NumPy writes 118 for every shape accepted here."""
WANTED = "send [height, width, 3] red-green-blue, [height, width] grey or [n, height, width, 3]"

_ENTRY = re.compile(
    rb"""\s*(['"])(descr|fortran_order|shape)\1\s*:\s*('[^']*'|"[^"]*"|True|False|\([\d\s,]*\))\s*(,|(?=\}))\s*"""
)
_UINT8 = frozenset({"|u1", "u1", "<u1", ">u1", "=u1"})


@dataclass(frozen=True)
class ArrayHeader:
    """Shape of an array of uint8, where its values start in the bytes, and whether the first axis runs fastest."""

    shape: tuple[int, ...]
    start: int
    fortran_order: bool = False


def read_array_header(data: bytes) -> ArrayHeader:
    """The header of a whole array that is a picture or a stack of them, at most 50 megapixels each.

    Raises ImageError for every other array, before anything is allocated for it.
    """
    major, after = data[6:7], 10 if data[6:7] == b"\x01" else 12
    start = after + int.from_bytes(data[8:after], "little")
    known = data.startswith(SIGNATURE) and major in (b"\x01", b"\x02", b"\x03")
    if not known or start > min(len(data), after + MAXIMUM_HEADER_BYTES):
        raise ImageError("the array is no .npy file, or its beginning is damaged")
    entries = _read_entries(data[after:start].strip())
    kind, shape = entries["descr"][1:-1], _read_shape(entries["shape"])
    if kind not in _UINT8:
        raise ImageError(f"the array's type is {kind[:20]!r}: send numbers from 0 to 255 as uint8")
    coloured = len(shape) in (3, 4) and shape[-1] == 3
    if not (coloured or len(shape) == 2) or 0 in shape:
        raise ImageError(f"the array's shape is {list(shape)}: {WANTED}")
    height, width = shape[-3:-1] if coloured else shape
    if height * width > MAXIMUM_PIXELS:
        raise ImageError(f"the array has {width} x {height} pixels, at most {MAXIMUM_PIXELS} are accepted")
    if prod(shape) != len(data) - start:
        found = len(data) - start
        raise ImageError(f"the array of shape {list(shape)} needs {prod(shape)} bytes, found {found}")
    return ArrayHeader(shape, start, entries["fortran_order"] == "True")


def split_stack(data: bytes, header: ArrayHeader) -> list[bytes]:
    """Each picture of a stack [n, height, width, 3] as an .npy file of its own, in the order of the stack."""
    count, *shape = header.shape
    text = f"{{'descr': '|u1', 'fortran_order': {header.fortran_order}, 'shape': {tuple(shape)}, }}"
    padded = text + " " * (-(10 + len(text) + 1) % 64) + "\n"
    beginning = SIGNATURE + b"\x01\x00" + len(padded).to_bytes(2, "little") + padded.encode()
    if header.fortran_order:
        return [beginning + data[header.start + at :: count] for at in range(count)]
    size = prod(shape)
    return [beginning + data[at : at + size] for at in range(header.start, len(data), size)]


def _read_entries(text: bytes) -> dict[str, str]:
    entries: dict[str, str] = {}
    at = 1
    while found := _ENTRY.match(text, at):
        entries[found[2].decode()] = found[3].decode("latin-1")
        at = found.end()
    whole = text[:1] == b"{" and text[at:] == b"}" and len(entries) == 3
    if not whole or entries["fortran_order"] not in ("True", "False") or entries["descr"][:1] not in ("'", '"'):
        raise ImageError("the array has a header that cannot be read")
    return entries


def _read_shape(text: str) -> tuple[int, ...]:
    sides = [side.strip() for side in text.strip("()").split(",")]
    if sides[-1] == "":
        sides.pop()
    if not text.startswith("(") or len(sides) > 8 or not all(side.isdigit() and len(side) < 10 for side in sides):
        raise ImageError("the array has a header that cannot be read")
    return tuple(int(side) for side in sides)
