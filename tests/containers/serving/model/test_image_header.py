"""Images are known by their header before anything is decoded."""

from __future__ import annotations

import contextlib
import random
import struct
import time
import zlib
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from containers.serving.model.image_header import ImageError, ImageKind, read_header, strip_png
from tests.containers.serving.conftest import encode
from tests.containers.serving.model.encoded_pictures import bmp, bmps, jpegs, png, png_chunk, pngs, tiffs, webps

SMALL = Image.new("RGB", (31, 17))
ONE_OF_EACH = {
    "JPEG": encode(SMALL, "JPEG"),
    "PNG": encode(SMALL),
    "WebP": encode(SMALL, "WEBP"),
    "BMP": encode(SMALL, "BMP"),
}


def kind_and_size(data: bytes) -> tuple[str, int, int]:
    """What is read of a picture, but for how long decoding takes."""
    header = read_header(data)
    return header.kind, header.width, header.height


@pytest.mark.parametrize(
    ("form", "options", "kind"),
    [
        ("JPEG", {}, "JPEG"),
        ("JPEG", {"progressive": True}, "JPEG"),
        ("PNG", {}, "PNG"),
        ("WEBP", {}, "WebP"),
        ("WEBP", {"lossless": True}, "WebP"),
        ("WEBP", {"exif": b"Exif\0\0"}, "WebP"),
        ("WEBP", {"save_all": True, "append_images": [Image.new("RGB", (31, 17), "red")]}, "WebP"),
        ("BMP", {}, "BMP"),
    ],
)
def test_the_size_is_read_without_decoding(form: str, options: dict, kind: ImageKind) -> None:
    """Width and height as stored, for each way a format has to write them."""
    assert kind_and_size(encode(SMALL, form, **options)) == (kind, 31, 17)


@pytest.mark.parametrize(("size", "height"), [(12, 5), (40, 5), (40, -5), (56, 5), (108, -5), (124, 5)])
def test_the_size_of_a_bmp_is_read_from_every_version_of_its_header(size: int, height: int) -> None:
    """A negative height says that the rows run from the top."""
    assert kind_and_size(bmp(24, header_size=size, height=height)) == ("BMP", 7, 5)


def test_a_thumbnail_in_the_exif_data_is_not_the_picture() -> None:
    """A whole JPEG inside another's metadata neither gives the size nor ends the file."""
    inner = encode(Image.new("RGB", (8, 8)), "JPEG")
    data = encode(Image.new("RGB", (40, 30)), "JPEG", exif=b"Exif\0\0" + inner)
    assert (read_header(data).width, read_header(data).height) == (40, 30)
    with pytest.raises(ImageError, match="truncated"):
        read_header(data[: len(data) - 40])


def test_bytes_between_the_segments_of_a_jpeg_are_no_fault() -> None:
    """The decoder skips them, so training has seen such pictures."""
    data = ONE_OF_EACH["JPEG"]
    table = data.index(b"\xff\xdb")
    assert kind_and_size(data[:table] + b"\x01\x02\xff\x00" + data[table:]) == ("JPEG", 31, 17)


def _bombs() -> dict[str, bytes]:
    side = 100_000
    claim = (side - 1).to_bytes(3, "little") * 2
    return {
        "PNG": png(side, side, b""),
        "BMP": bmp(24, width=side, height=-side, pixels=b"x"),
        "WebP": b"RIFF" + struct.pack("<I", 22) + b"WEBPVP8X" + struct.pack("<I", 10) + bytes(4) + claim,
        "JPEG": b"\xff\xd8\xff\xc0\0\x0b\x08\xff\xff\xff\xff\1\1\x11\0\xff\xda\0\2\xff\xd9",
    }


@pytest.mark.parametrize("kind", _bombs())
def test_a_picture_of_gigapixels_is_refused_by_its_header(kind: str) -> None:
    """A few dozen bytes that claim 100,000 x 100,000 pixels, or 65,535 where a JPEG cannot say more."""
    data, started = _bombs()[kind], time.perf_counter()
    with pytest.raises(ImageError, match=rf"the {kind} has (\d+) x \1 pixels, at most 50000000 are accepted"):
        read_header(data)
    assert time.perf_counter() - started < 0.1


def test_fifty_megapixels_are_the_limit() -> None:
    """Exactly as many are accepted."""
    assert read_header(png(10_000, 5_000, b"")).height == 5_000
    with pytest.raises(ImageError, match="10000 x 5001 pixels"):
        read_header(png(10_000, 5_001, b""))


@pytest.mark.parametrize("kind", ONE_OF_EACH)
def test_a_picture_without_width_is_refused(kind: str) -> None:
    """As is one without height."""
    data, width = ONE_OF_EACH[kind], (31).to_bytes(2, "little" if kind in ("WebP", "BMP") else "big")
    with pytest.raises(ImageError, match=f"the {kind} claims a size of 0 x 17 pixels"):
        read_header(data.replace(width, b"\0\0", 1))


@pytest.mark.parametrize("form", [jpegs, pngs, webps, bmps, tiffs], ids=lambda form: form.__name__)
def test_a_truncated_file_is_refused(form: Callable[[], dict[str, bytes]]) -> None:
    """Half a picture would otherwise be judged as a whole one with grey below. In runs, the decoder misses the rest."""
    for name, data in form().items():
        for kept in (len(data) - 1, len(data) - 7, len(data) // 2, 40, 20):
            # Of several pages the first is whole while the last is not.
            if "in runs" not in name and "pages" not in name:
                with pytest.raises(ImageError, match="truncated or damaged"):
                    read_header(data[: min(kept, len(data) - 1)])


@pytest.mark.parametrize("kind", ONE_OF_EACH)
def test_bytes_after_the_end_are_no_fault(kind: str) -> None:
    """A line break, padding, a film that a phone appends with whatever bytes."""
    data = ONE_OF_EACH[kind]
    for more in (b"\n", bytes(1000), b"\xff\xda\0\2" * 1000):
        assert read_header(data + more) == read_header(data)


def test_a_jpeg_of_a_thousand_passes_is_refused() -> None:
    """A scan of a few bytes is a pass over all pixels; an end within a comment is none."""
    data = encode(SMALL, "JPEG", progressive=True)
    scan = data[data.rindex(b"\xff\xda") : -2]
    comment = b"\xff\xfe\0\6\xff\xd9ab"
    assert kind_and_size(data[:-2] + comment + scan * 3 + b"\xff\xd9") == ("JPEG", 31, 17)
    with pytest.raises(ImageError, match="more than 32 scans"):
        read_header(data[:-2] + comment + scan * 1000 + b"\xff\xd9")


def test_what_takes_longer_to_decode_is_told_by_its_header() -> None:
    """Bytes that are unpacked: more for more channels and bits, and for each further scan."""
    pixels = 31 * 17
    rows = bytes((1 + 31 * 8) * 17)
    assert read_header(png(31, 17, rows, bits=16, colour=6)).effort == 8 * pixels
    assert read_header(png(31, 17, rows, bits=8, colour=2)).effort == 3 * pixels
    assert read_header(png(31, 17, rows, bits=1, colour=0)).effort == pixels
    assert read_header(encode(SMALL, "JPEG")).effort == pixels
    assert read_header(encode(SMALL, "JPEG", progressive=True)).effort > 2 * pixels


def test_a_png_that_unpacks_to_more_than_it_claims_is_refused() -> None:
    """200 MB of zeros for 8 x 8 pixels; as much noise as there are pixels is no fault."""
    with pytest.raises(ImageError, match="more data than its 8 x 8 pixels"):
        read_header(png(8, 8, bytes(200_000_000)))
    for bits, colour in ((8, 2), (16, 6), (1, 0)):
        rows = random.Random(0).randbytes((1 + 301 * bits * {0: 1, 2: 3, 6: 4}[colour] // 8 + 1) * 299)
        assert kind_and_size(png(301, 299, rows, bits=bits, colour=colour)) == ("PNG", 301, 299)


@pytest.mark.parametrize("part", [b"\xff\xe5\0\2", png_chunk(b"teSt", b"")], ids=["JPEG", "PNG"])
def test_a_picture_of_a_million_parts_is_refused_at_once(part: bytes) -> None:
    """Each is read here, one after the other."""
    start = b"\xff\xd8" if part[:1] == b"\xff" else ONE_OF_EACH["PNG"][:33]
    with pytest.raises(ImageError, match="more than 65536"):
        read_header(start + part * 1_000_000)


def test_of_a_png_only_what_makes_its_pixels_is_decoded() -> None:
    """No text that unpacks to gigabytes, no second frame; a picture without such things stays as it is."""
    plain = ONE_OF_EACH["PNG"]
    text = png_chunk(b"zTXt", b"k\0\0" + zlib.compress(bytes(1_000_000)))
    before, after = plain[:33] + text * 100 + plain[33:], plain[:-12] + text + plain[-12:]
    assert strip_png(plain) is plain
    assert strip_png(before) == strip_png(after) == plain
    animated = strip_png(encode(SMALL, save_all=True, append_images=[Image.new("RGB", (31, 17), "red")]))
    assert [kind for kind in (b"IHDR", b"acTL", b"fcTL", b"IDAT", b"fdAT", b"IEND") if kind in animated] == [
        *(b"IHDR", b"IDAT", b"IEND")
    ]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "the image is empty"),
        (b"hello", "of no known kind; JPEG, PNG, WebP, BMP and TIFF are accepted"),
        (b"GIF89a" + bytes(99), "is GIF; JPEG, PNG, WebP, BMP and TIFF are accepted"),
        (b"II+\0" + bytes(99), "is BigTIFF; JPEG, PNG, WebP, BMP and TIFF are accepted"),
        (b"\0\0\0\x18ftypheic" + bytes(99), "is HEIC; JPEG, PNG, WebP, BMP and TIFF are accepted"),
        (b"\0\0\0\x18ftypavif" + bytes(99), "is AVIF; JPEG, PNG, WebP, BMP and TIFF are accepted"),
        (b"RIFF\0\0\0\0WAVE", "of no known kind"),
        (b"\xff\xd8\xff", "the JPEG is truncated or damaged: its end is missing"),
        (b"\xff\xd8\xff\xd9", "the JPEG is truncated or damaged: it holds no picture"),
        (b"\x89PNG\r\n\x1a\n", "the PNG is truncated or damaged: its header is missing"),
        (b"\x89PNG\r\n\x1a\n" + png_chunk(b"CgBI", bytes(4)), "the PNG is truncated or damaged: its header is missing"),
        (b"RIFF\x08\0\0\0WEBPVP9 ", "the WebP is truncated or damaged: its header is missing"),
        (b"BM", "the BMP is truncated or damaged: its header is missing"),
        (bmp(8, compression=4), "8 bits a pixel, compression 4 and a header of 40 bytes, which cannot be read; 1, 4"),
        (
            bmp(24, header_size=40).replace(b"\x28\0\0\0", b"\x10\0\0\0", 1),
            "a header of 16 bytes, which cannot be read",
        ),
    ],
)
def test_what_is_no_image_is_refused_with_what_is_accepted(data: bytes, said: str) -> None:
    """A message for the sender, never another error."""
    with pytest.raises(ImageError) as refused:
        read_header(data)
    assert said in str(refused.value)


STARTS = [b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR", b"RIFF\x0a\0\0\0WEBP", b"BM", b""]


@given(st.binary(max_size=200), st.sampled_from(STARTS))
def test_no_bytes_raise_anything_but_an_image_error(data: bytes, start: bytes) -> None:
    """Whatever is sent, the parser ends and refuses or accepts."""
    with contextlib.suppress(ImageError):
        assert read_header(start + data).width > 0
