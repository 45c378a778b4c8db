"""Reads kind, size and completeness of a picture from its bytes, before anything is decoded.

Pure: a picture that claims a hundred gigapixels, or a thousand passes over its pixels, costs a millisecond here and
no memory. What is refused is what OpenCV would half see, or would spend minutes or gigabytes on.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from containers.serving.model import tiff_header
from workflow.contract.model import MAXIMUM_PIXELS

MAXIMUM_SCANS = 32
"""Of a JPEG. Encoders write ten to twenty; each is a pass over all pixels and may be a hundred bytes long."""
MAXIMUM_PARTS = 65_536
"""Segments of a JPEG, chunks of a PNG. Pictures of 50 megapixels have a few thousand."""

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
JPEG_SIGNATURE = b"\xff\xd8\xff"
WEBP_SIGNATURE = re.compile(rb"RIFF.{4}WEBP", re.DOTALL)
BMP_SIGNATURE = b"BM"
ACCEPTED = "JPEG, PNG, WebP, BMP and TIFF are accepted"

ImageKind = Literal["JPEG", "PNG", "WebP", "BMP", "TIFF"]

# A marker of a JPEG. 0xff before 0x00 or before a restart's number belongs to the pixels, before 0xff it fills.
_MARKER = re.compile(rb"\xff([^\x00\xff\xd0-\xd7])")
_WITHOUT_LENGTH = frozenset({*range(0x01, 0xC0), 0xD8})
_START_OF_FRAME = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})
_START_OF_SCAN = 0xDA
_END_OF_IMAGE = 0xD9

_PNG_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_PNG_PIXELS = frozenset({b"IHDR", b"PLTE", b"tRNS", b"eXIf", b"IDAT", b"IEND"})
_PNG_SLACK = 65_536

# Bits a pixel and compression of the BMPs that OpenCV reads. 0 is none, 1 and 2 are run lengths, 3 is masks.
_BMP_KINDS = frozenset({(1, 0), (4, 0), (8, 0), (16, 0), (24, 0), (32, 0), (8, 1), (4, 2), (16, 3), (32, 3)})

_KNOWN_BUT_REFUSED = (
    (re.compile(rb"GIF8"), "GIF"),
    (re.compile(rb"II\+\0|MM\0\+"), "BigTIFF"),
    (re.compile(rb".{4}ftyp(hei|hev|mif1|msf1)", re.DOTALL), "HEIC"),
    (re.compile(rb".{4}ftypavi", re.DOTALL), "AVIF"),
)


class ImageError(ValueError):
    """The bytes are no image we accept; the message is fit for whoever sent them."""


@dataclass(frozen=True)
class ImageHeader:
    """Kind and size in pixels as stored, before any rotation the EXIF data asks for.

    ``effort`` is how many bytes are unpacked on the way to the pixels, which tells how long decoding takes.
    """

    kind: ImageKind
    width: int
    height: int
    effort: int


def read_header(data: bytes) -> ImageHeader:
    """Return the header of a complete picture of at most 50 megapixels; raises ImageError for any other data.

    Bytes after the end of the picture are no fault: cameras and phones append all sorts of things.
    """
    if data.startswith(JPEG_SIGNATURE):
        header = _read_jpeg(data)
    elif data.startswith(PNG_SIGNATURE):
        header = _read_png(data)
    elif WEBP_SIGNATURE.match(data):
        header = _read_webp(data)
    elif data.startswith(BMP_SIGNATURE):
        header = _read_bmp(data)
    elif data.startswith(tiff_header.SIGNATURES):
        header = _read_tiff(data)
    else:
        raise ImageError(_explain(data))
    return header


def strip_png(data: bytes) -> bytes:
    """The PNG that ``read_header`` accepted, without the chunks that change no pixel.

    Compressed texts would be unpacked to 8 MB each. The frames of an animation would be decoded by a part of OpenCV
    that answers with unwritten memory where a frame is short; without them the picture is the one that a program
    shows that knows no animation.
    """
    chunks = list(_walk_png(data))
    kept: list[tuple[int, int]] = []
    seen: set[bytes] = set()
    for kind, start, end in chunks:
        if kind in _PNG_PIXELS and (kind == b"IDAT" or kind not in seen):
            kept.append((start, end))
            seen.add(kind)
    if len(kept) == len(chunks):
        return data
    return PNG_SIGNATURE + b"".join([data[start:end] for start, end in kept])


def _explain(data: bytes) -> str:
    if not data:
        return "the image is empty"
    for signature, name in _KNOWN_BUT_REFUSED:
        if signature.match(data):
            return f"the image is {name}; {ACCEPTED}"
    return f"the image is of no known kind; {ACCEPTED}"


def _check_size(kind: ImageKind, width: int, height: int, effort_a_pixel: float) -> ImageHeader:
    if width < 1 or height < 1:
        raise ImageError(f"the {kind} claims a size of {width} x {height} pixels")
    if width * height > MAXIMUM_PIXELS:
        raise ImageError(f"the {kind} has {width} x {height} pixels, at most {MAXIMUM_PIXELS} are accepted")
    return ImageHeader(kind, width, height, round(width * height * effort_a_pixel))


def _truncated(kind: ImageKind, what: str) -> ImageError:
    return ImageError(f"the {kind} is truncated or damaged: {what}")


def _read_jpeg(data: bytes) -> ImageHeader:
    """Walk from marker to marker as libjpeg does, which skips what it cannot read between two segments."""
    at, scans, size = 2, 0, (0, 0)
    for _ in range(MAXIMUM_PARTS):
        found = _MARKER.search(data, at)
        if found is None:
            raise _truncated("JPEG", "its end is missing")
        marker, at = data[found.end() - 1], found.end()
        if marker in _WITHOUT_LENGTH:
            continue
        if marker == _END_OF_IMAGE:
            if not scans:
                raise _truncated("JPEG", "it holds no picture")
            # A further scan of a JPEG is a quarter of the work of one that holds everything.
            return _check_size("JPEG", *size, (3 + scans) / 4)
        if marker in _START_OF_FRAME and not scans and size == (0, 0):
            size = int.from_bytes(data[at + 5 : at + 7]), int.from_bytes(data[at + 3 : at + 5])
        scans += marker == _START_OF_SCAN
        if scans > MAXIMUM_SCANS:
            raise ImageError(f"the JPEG stores its pixels in more than {MAXIMUM_SCANS} scans")
        at += max(int.from_bytes(data[at : at + 2]), 2)
    raise ImageError(f"the JPEG has more than {MAXIMUM_PARTS} segments")


def _read_png(data: bytes) -> ImageHeader:
    if data[8:16] != b"\0\0\0\x0dIHDR":
        raise _truncated("PNG", "its header is missing")
    stored = sum(end - start - 12 for kind, start, end in _walk_png(data) if kind == b"IDAT")
    bits = data[24] * _PNG_CHANNELS.get(data[25], 1)
    # Every pixel is written out in 8 bits at least, however few are stored.
    header = _check_size("PNG", int.from_bytes(data[16:20]), int.from_bytes(data[20:24]), max(bits / 8, 1))
    # Deflate never doubles what it stores, so what is longer unpacks to more than the claimed pixels.
    raw = header.height * (1 + header.width * bits // 8)
    if stored > 2 * raw + _PNG_SLACK:
        raise ImageError(f"the PNG holds more data than its {header.width} x {header.height} pixels can be")
    return header


def _walk_png(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Kind, start and end of each chunk up to the last, IEND."""
    at = len(PNG_SIGNATURE)
    for _ in range(MAXIMUM_PARTS):
        start, kind = at, data[at + 4 : at + 8]
        at += 12 + int.from_bytes(data[at : at + 4])
        if at > len(data):
            raise _truncated("PNG", "its end is missing")
        yield kind, start, at
        if kind == b"IEND":
            return
    raise ImageError(f"the PNG has more than {MAXIMUM_PARTS} chunks")


def _read_webp(data: bytes) -> ImageHeader:
    """See https://developers.google.com/speed/webp/docs/riff_container and RFC 6386 and 9649."""
    if 8 + int.from_bytes(data[4:8], "little") > len(data):
        raise _truncated("WebP", "its end is missing")
    kind, body = data[12:16], data[20:30]
    if kind == b"VP8X":
        width, height = 1 + int.from_bytes(body[4:7], "little"), 1 + int.from_bytes(body[7:10], "little")
    elif kind == b"VP8L" and body[0:1] == b"\x2f":
        sizes = int.from_bytes(body[1:5], "little")
        width, height = 1 + (sizes & 0x3FFF), 1 + (sizes >> 14 & 0x3FFF)
    elif kind == b"VP8 " and body[3:6] == b"\x9d\x01\x2a":
        width, height = int.from_bytes(body[6:8], "little") & 0x3FFF, int.from_bytes(body[8:10], "little") & 0x3FFF
    else:
        raise _truncated("WebP", "its header is missing")
    return _check_size("WebP", width, height, 4)


def _read_bmp(data: bytes) -> ImageHeader:
    """Of every version of the header: the 12 bytes of OS/2, the 40 of Windows and the longer ones after it."""

    def number(at: int, size: int, *, signed: bool = False) -> int:
        return int.from_bytes(data[at : at + size], "little", signed=signed)

    offset, header_size = number(10, 4), number(14, 4)
    if len(data) < 26 or len(data) < 14 + header_size:
        raise _truncated("BMP", "its header is missing")
    if header_size == 12:
        width, height, bits, compression = number(18, 2), number(20, 2), number(24, 2), 0
    else:
        width, height = number(18, 4, signed=True), abs(number(22, 4, signed=True))
        bits, compression = number(28, 2), number(30, 4)
    if (bits, compression) not in _BMP_KINDS or (header_size != 12 and header_size < 36):
        raise ImageError(
            f"the BMP has {bits} bits a pixel, compression {compression} and a header of {header_size} bytes, "
            "which cannot be read; 1, 4, 8, 16, 24 and 32 bits are accepted, with run lengths for 4 and 8"
        )
    header = _check_size("BMP", width, height, 1)
    rows = height * (-(-width * bits // 32) * 4)
    if offset + (rows if compression in (0, 3) else 0) > len(data):
        raise _truncated("BMP", "its end is missing")
    return header


def _read_tiff(data: bytes) -> ImageHeader:
    try:
        found = tiff_header.read_tiff(data)
    except tiff_header.TruncatedTiffError as error:
        raise _truncated("TIFF", str(error)) from None
    except tiff_header.TiffError as error:
        raise ImageError(f"the TIFF {error}") from None
    return _check_size("TIFF", found.width, found.height, found.effort_a_pixel)
