"""Images are known by their header before anything is decoded."""

from __future__ import annotations

import contextlib
import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from containers.serving.image_header import ImageError, ImageHeader, read_header
from tests.containers.serving.conftest import encode


@pytest.mark.parametrize(
    ("form", "options", "media_type"),
    [("JPEG", {}, "image/jpeg"), ("JPEG", {"progressive": True}, "image/jpeg"), ("PNG", {}, "image/png")],
    ids=["baseline JPEG", "progressive JPEG", "PNG"],
)
def test_the_size_is_read_without_decoding(form: str, options: dict, media_type: str) -> None:
    """Width and height as stored."""
    assert read_header(encode(Image.new("RGB", (31, 17)), form, **options)) == ImageHeader(media_type, 31, 17)


def test_a_thumbnail_in_the_exif_data_is_not_the_picture() -> None:
    """A whole JPEG inside another's metadata neither gives the size nor ends the file."""
    inner = encode(Image.new("RGB", (8, 8)), "JPEG")
    data = encode(Image.new("RGB", (40, 30)), "JPEG", exif=b"Exif\0\0" + inner)
    assert (read_header(data).width, read_header(data).height) == (40, 30)
    with pytest.raises(ImageError, match="truncated"):
        read_header(data[: len(data) - 40])


def test_a_picture_of_a_hundred_gigapixels_is_refused_by_its_header() -> None:
    """45 bytes that claim 300,000 x 300,000 pixels."""
    header = b"IHDR" + struct.pack(">IIBBBBB", 300_000, 300_000, 8, 2, 0, 0, 0)
    chunk = struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header))
    end = b"\0\0\0\0IEND" + struct.pack(">I", zlib.crc32(b"IEND"))
    with pytest.raises(ImageError, match="300000 x 300000 pixels, at most 50000000"):
        read_header(b"\x89PNG\r\n\x1a\n" + chunk + end)


@pytest.mark.parametrize("form", ["JPEG", "PNG"])
def test_a_truncated_file_is_refused(form: str) -> None:
    """Half a picture would otherwise be judged as a whole one with grey below."""
    data = encode(Image.effect_noise((64, 64), 50).convert("RGB"), form)
    with pytest.raises(ImageError, match="truncated"):
        read_header(data[: len(data) // 2])


@pytest.mark.parametrize("data", [b"", b"hello", b"GIF89a", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"])
def test_what_is_no_image_is_refused(data: bytes) -> None:
    """A message for the sender, never another error."""
    with pytest.raises(ImageError):
        read_header(data)


@given(st.binary(max_size=200), st.sampled_from([b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b""]))
def test_no_bytes_raise_anything_but_an_image_error(data: bytes, start: bytes) -> None:
    """Whatever is sent, the parser ends and refuses or accepts."""
    with contextlib.suppress(ImageError):
        assert read_header(start + data).width > 0
