"""Looks at one picture, from one reading of its bytes: what it is called by, how large it is, whether it is whole.

Knows no labels and no splits, and never writes.
"""

from __future__ import annotations

import hashlib
import io
import re
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import simplejpeg  # type: ignore[import-untyped]
from PIL import Image

from containers.training.preparation.look import EDGE, in_eight_bits, look_of
from workflow.contract.model import MAXIMUM_PIXELS

BYTES = 1_000_000_000
"""Largest file that is read: more than MAXIMUM_PIXELS of four 16-bit channels take."""
SIDE = 10
"""Shortest side that training accepts."""

FORMATS = ("JPEG", "PNG", "BMP", "TIFF", "WEBP")
"""Formats of pictures, as Pillow calls them."""
PLAIN_PIXELS = 50_000_000
"""Largest JPEG of which Pillow's own limit need not be asked."""

_START_OF_SCAN = 0xDA
_ORIENTATION = 274
_QUARTER_TURNS = frozenset({5, 6, 7, 8})
_PADDING = 16
"""Stray bytes before a JPEG's end that are taken for a writer's padding; damaged data leave more."""
_STRAY = re.compile(r"(\d+) extraneous bytes before marker 0xd9")

_CUT = "its end is missing"
_ZEROS, _PIXELS_A_ZERO = 64, 5_000

Grey = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Picture:
    """What is known of one picture.

    ``digest`` is the SHA-256 of the file's bytes. ``width`` and ``height`` are pixels of the upright picture, 0 where
    no header was found. ``look`` is the 128-bit perceptual hash and ``thumbnail`` what tells the picture from others of
    that hash, both empty for a picture too plain to have one. ``defect`` is one of
    ``workflow.contract.dataset_report.FINDINGS`` or empty, ``message`` says what is wrong.
    """

    digest: bytes
    width: int = 0
    height: int = 0
    rotated: bool = False
    look: bytes = b""
    thumbnail: bytes = b""
    defect: str = ""
    message: str = ""


class _DefectError(ValueError):
    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


def read_picture(path: Path) -> Picture:
    """Read and examine one file; it stays as it is. Raises OSError where it cannot be read at all."""
    size = path.stat().st_size
    if size > BYTES:
        return Picture(b"", defect="enormous-image", message=f"{size:,} bytes: more than {BYTES:,}")
    return examine(path.read_bytes())


def examine(data: bytes) -> Picture:
    """Decode a picture to its last pixel, unless its header promises too many.

    What is cut off is found in every format. Damage inside is found as far as the format tells: a JPEG's codes, a
    PNG's sums, the zeros of an interrupted copy in a WebP. In a BMP, and a TIFF that is not compressed, such zeros may
    as well be a black part of the picture.
    """
    plain = _examine_plain_jpeg(data)
    if plain is not None:
        return plain
    with warnings.catch_warnings():
        # What is wrong with a file becomes a finding; Pillow's words of warning are noise beside it.
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        return _examine(data)


def _examine_plain_jpeg(data: bytes) -> Picture | None:
    """A sound JPEG that says nothing of its orientation, as most are, without Pillow's reading of its header.

    Gives what ``_examine`` would, in less time; None for every other file.
    """
    if not data.startswith(b"\xff\xd8"):
        return None
    head = _head_of_jpeg(data)
    if not head or b"Exif\0\0" in head or b"tiff:Orientation" in head:
        return None
    try:
        height, width, *_ = simplejpeg.decode_jpeg_header(data)
        if min(width, height) < SIDE or width * height > PLAIN_PIXELS:
            return None
        look, thumbnail = look_of(_grey_jpeg(data, strict=True))
    except ValueError:
        return None
    return Picture(hashlib.sha256(data).digest(), width, height, look=look, thumbnail=thumbnail)


def _head_of_jpeg(data: bytes) -> bytes:
    """What stands before the picture itself: the segments up to the start of its scan; empty where they are damaged."""
    at = 2
    while data[at : at + 1] == b"\xff" and at + 4 <= len(data):
        if data[at + 1] == _START_OF_SCAN:
            return data[:at]
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return b""


def _examine(data: bytes) -> Picture:
    digest = hashlib.sha256(data).digest()
    width = height = 0
    try:
        _check_length(data)
        image = Image.open(io.BytesIO(data), formats=FORMATS)
        width, height = image.size
        _check_size(width, height)
        rotated = _orientation(image) in range(2, 9)
        grey = _decode_jpeg(data) if image.format in ("JPEG", "MPO") else _decode(data, image)
        # Pillow turns a TIFF upright while it decodes: size and tag count from here on.
        width, height = image.size
        if _orientation(image) in _QUARTER_TURNS:
            width, height = height, width
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        return Picture(digest, defect="enormous-image", message=_too_large(str(error)))
    except _DefectError as error:
        return Picture(digest, width, height, defect=error.kind, message=str(error))
    except (OSError, ValueError, SyntaxError, EOFError, TypeError, KeyError, IndexError) as error:
        # Pillow's readers raise all of these for damaged files.
        return Picture(digest, width, height, defect=_guess_kind(error), message=_explain(error))
    look, thumbnail = look_of(grey)
    return Picture(digest, width, height, rotated=rotated, look=look, thumbnail=thumbnail)


def _orientation(image: Image.Image) -> int:
    value = image.getexif().get(_ORIENTATION, 1)
    return value if isinstance(value, int) else 1


def _check_length(data: bytes) -> None:
    """A WebP says in its first bytes how long it is; what stands for a picture elsewhere is none."""
    if not data:
        raise _DefectError("unreadable-image", "the file is empty")
    if data.startswith(b"version https://git-lfs"):
        raise _DefectError("unreadable-image", "stands for a picture that Git LFS has:  git lfs pull  fetches it")
    if data[:4] == b"RIFF" and int.from_bytes(data[4:8], "little") + 8 > len(data):
        raise _DefectError("truncated-image", _CUT)


def _check_size(width: int, height: int) -> None:
    # Known from the header, before anything is decoded, so that memory stays bounded.
    if width * height > MAXIMUM_PIXELS:
        raise _DefectError("enormous-image", _too_large(f"{width}x{height}"))
    if min(width, height) < SIDE:
        raise _DefectError("tiny-image", f"{width}x{height} pixels: shorter than {SIDE} on one side")


def _too_large(found: str) -> str:
    return f"{found}: more than {MAXIMUM_PIXELS:,} pixels"


def _decode_jpeg(data: bytes) -> Image.Image:
    """The picture in grey, at a fraction of its size: every coefficient is read, few are transformed.

    libjpeg goes on after damage and only warns; strict decoding makes its warnings errors.
    """
    try:
        return _grey_jpeg(data, strict=True)
    except ValueError as error:
        said = str(error)
    if "Premature end of JPEG" in said:
        raise _DefectError("truncated-image", _CUT)
    stray = _STRAY.search(said)
    if stray and int(stray[1]) <= _PADDING:
        return _grey_jpeg(data, strict=False)
    if "Corrupt JPEG data" in said or stray:
        raise _DefectError("unreadable-image", f"damaged: {said}")
    # What TurboJPEG does not know, such as rare samplings of colour, libjpeg itself may.
    if b"\xff\xd9" not in data[-1024:]:
        raise _DefectError("truncated-image", _CUT)
    image = Image.open(io.BytesIO(data), formats=FORMATS)
    image.draft("L", (image.width // 8, image.height // 8))
    return image.convert("L")


def _grey_jpeg(data: bytes, *, strict: bool) -> Image.Image:
    grey: Grey = simplejpeg.decode_jpeg(data, "GRAY", fastdct=True, min_height=EDGE, min_width=EDGE, strict=strict)
    return Image.fromarray(grey[:, :, 0])


def _decode(data: bytes, image: Image.Image) -> Image.Image:
    if image.format == "PNG" and b"IEND\xaeB`\x82" not in data[-1024:]:
        raise _DefectError("truncated-image", _CUT)
    if image.format == "WEBP":
        _check_written(data, image.width * image.height)
    image.load()
    if image.mode in ("F", "I"):
        raise _DefectError("unreadable-image", "32 bits a channel; training reads 8 and 16")
    return in_eight_bits(image).convert("L")


def _check_written(webp: bytes, pixels: int) -> None:
    """The end of an interrupted copy is zeros, which a WebP decodes to something.

    A whole one ends so too where it is of one colour, with a byte for ten thousand pixels at most.
    """
    at, kind, length = 12, b"", 0
    while at + 8 <= len(webp) and kind not in (b"VP8 ", b"VP8L"):
        at += length + length % 2
        kind, length = webp[at : at + 4], int.from_bytes(webp[at + 4 : at + 8], "little")
        at += 8
    written = webp[at : at + length]
    if len(written) - len(written.rstrip(b"\0")) > _ZEROS + pixels // _PIXELS_A_ZERO:
        raise _DefectError("truncated-image", f"{_CUT}: nothing but zeros")


def _guess_kind(error: Exception) -> str:
    return "truncated-image" if "truncated" in str(error).lower() else "unreadable-image"


def _explain(error: Exception) -> str:
    said = re.sub(r" ?<_io\.BytesIO object at \w+>", "", str(error))
    return f"cannot be read as a picture: {said or type(error).__name__}"
