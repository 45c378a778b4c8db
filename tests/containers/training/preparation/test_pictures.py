"""What is known of a picture after one look at its bytes."""

from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from containers.training.preparation.look import look_of
from containers.training.preparation.pictures import examine
from tests.containers.training.conftest import REPOSITORY
from tests.containers.training.preparation.pictures import encoded, png_header, scene

FORMS: list[tuple[str, dict[str, Any]]] = [
    ("JPEG", {}),
    ("JPEG", {"progressive": True}),
    ("PNG", {}),
    ("WEBP", {}),
    ("WEBP", {"lossless": True}),
    ("BMP", {}),
    ("TIFF", {}),
    ("TIFF", {"compression": "tiff_lzw"}),
]


def different_bits(one: bytes, other: bytes) -> int:
    """In how many bits two hashes differ."""
    return (int.from_bytes(one, "big") ^ int.from_bytes(other, "big")).bit_count()


@pytest.mark.parametrize(("form", "options"), FORMS)
def test_a_whole_picture_has_no_defect(form: str, options: dict[str, Any]) -> None:
    """Digest, size and hash are known."""
    data = encoded(scene(), form, **options)
    found = examine(data)
    assert (found.defect, found.message, found.width, found.height) == ("", "", 160, 120)
    assert found.digest == hashlib.sha256(data).digest()
    assert (len(found.look), len(found.thumbnail)) == (16, 32 * 32)


@pytest.mark.parametrize(("form", "options"), FORMS)
def test_a_picture_that_was_cut_off_anywhere_is_told(form: str, options: dict[str, Any]) -> None:
    """At sixty places, and at each of the last forty bytes."""
    data = encoded(scene(), form, **options)
    for length in [*range(1, len(data), len(data) // 60), *range(len(data) - 40, len(data))]:
        assert examine(data[:length]).defect in ("truncated-image", "unreadable-image"), length


@pytest.mark.parametrize("options", [{}, {"progressive": True}])
def test_a_jpeg_whose_end_was_never_written_is_told(options: dict[str, Any]) -> None:
    """An interrupted copy into a file of full length leaves zeros, which decoders take for grey."""
    data = encoded(scene(), **options)
    for length in range(700, len(data) - 2, len(data) // 40):
        assert examine(data[:length] + bytes(len(data) - length)).defect, length


WRITTEN = [("WEBP", {}), ("WEBP", {"lossless": True}), ("TIFF", {"compression": "tiff_lzw"}), ("PNG", {})]


@pytest.mark.parametrize(("form", "options"), WRITTEN)
def test_an_end_that_was_never_written_is_told_in_other_formats_too(form: str, options: dict[str, Any]) -> None:
    """From 512 bytes on, a disk's smallest block."""
    data = encoded(scene(size=(320, 240)), form, **options)
    for length in range(600, len(data) - 512, len(data) // 20):
        assert examine(data[:length] + bytes(len(data) - length)).defect, length


@pytest.mark.parametrize("options", [{}, {"lossless": True}, {"quality": 5}])
def test_a_black_webp_is_whole(options: dict[str, Any]) -> None:
    """Its end is zeros, whole as it is; so is that of a picture that is black below."""
    black = Image.new("RGB", (4000, 3000))
    assert examine(encoded(black, "WEBP", **options)).defect == ""
    black.paste(scene(size=(4000, 300)), (0, 0))
    assert examine(encoded(black, "WEBP", **options)).defect == ""


def test_a_jpeg_damaged_inside_is_told() -> None:
    """Bytes that were lost in the middle leave data after the last pixel, or none for it."""
    data = encoded(scene())
    middle = len(data) // 2
    assert examine(data[:middle] + data[middle + 300 :]).defect == "unreadable-image"


@pytest.mark.parametrize("tail", [b"\0" * 100, b"a maker's note"])
def test_what_stands_behind_a_jpegs_end_is_no_defect(tail: bytes) -> None:
    """Some cameras write more after the picture."""
    assert examine(encoded(scene()) + tail).defect == ""


def test_a_few_stray_bytes_before_a_jpegs_end_are_no_defect() -> None:
    """Padding of a writer, nothing of the picture."""
    data = encoded(scene())
    assert examine(data[:-2] + b"\0\0\0" + data[-2:]).defect == ""


@pytest.mark.parametrize("mode", ["L", "CMYK"])
def test_jpegs_of_other_colours_are_read(mode: str) -> None:
    """Grey ones and those for print."""
    assert examine(encoded(scene().convert(mode))).defect == ""


@pytest.mark.parametrize("side", [7_072, 20_000, 60_000])
def test_a_picture_of_too_many_pixels_is_told_from_its_header(side: int) -> None:
    """A file of a few bytes that claims 50 megapixels or more is never decoded."""
    found = examine(png_header(side, side))
    assert found.defect == "enormous-image"
    assert "more than 50,000,000 pixels" in found.message


def test_a_picture_too_small_to_train_on_is_told() -> None:
    """Nine pixels are one short of ten."""
    found = examine(encoded(scene(size=(200, 9)), "PNG"))
    assert (found.defect, found.message) == ("tiny-image", "200x9 pixels: shorter than 10 on one side")


@pytest.mark.parametrize("data", [b"", b"no picture", encoded(scene(), "GIF"), encoded(scene(), "PPM")])
def test_what_is_no_picture_that_training_reads_is_told(data: bytes) -> None:
    """The content decides, not the name."""
    assert examine(data).defect == "unreadable-image"


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize(("orientation", "size"), [(1, (160, 120)), (3, (160, 120)), (6, (120, 160)), (8, (120, 160))])
def test_the_size_is_that_of_the_upright_picture(form: str, orientation: int, size: tuple[int, int]) -> None:
    """A quarter turn swaps width and height."""
    exif = Image.Exif()
    exif[274] = orientation
    found = examine(encoded(scene(), form, exif=exif))
    assert (found.width, found.height) == size
    assert found.rotated == (orientation != 1)


def segment(marker: int, content: bytes) -> bytes:
    """One segment of a JPEG's head."""
    return bytes([0xFF, marker]) + (len(content) + 2).to_bytes(2, "big") + content


@pytest.mark.parametrize(
    "before", [b"", segment(0xE2, b"ICC_PROFILE\0\1\1 \xff\xda "), segment(0xFE, b"\xff\xda" * 99)]
)
def test_a_jpegs_orientation_is_found_wherever_it_stands(before: bytes) -> None:
    """Behind other segments, whatever these hold, and also where an editor wrote it as XMP."""
    data = encoded(scene())
    exif = Image.Exif()
    exif[274] = 6
    editor = b'<x:xmpmeta><rdf:Description tiff:Orientation="6"/></x:xmpmeta>'
    for told in (
        segment(0xE1, b"Exif\0\0" + exif.tobytes().removeprefix(b"Exif\0\0")),
        segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + editor),
    ):
        found = examine(data[:2] + before + told + data[2:])
        assert (found.width, found.height, found.rotated, found.defect) == (120, 160, True, "")
    found = examine(data[:2] + before + data[2:])
    assert (found.width, found.height, found.rotated, found.defect) == (160, 120, False, "")


def test_copies_in_another_quality_size_or_light_look_alike() -> None:
    """The hash of a copy differs in few bits, that of another picture in many."""
    picture = scene(size=(640, 480))
    look = examine(encoded(picture, quality=95)).look
    for copy in (
        encoded(picture, quality=40),
        encoded(picture.resize((400, 300))),
        encoded(picture.point([min(255, value * 11 // 10) for value in range(256)] * 3)),
        encoded(picture, "PNG"),
    ):
        assert different_bits(look, examine(copy).look) <= 7
    assert all(different_bits(look, examine(encoded(scene(seed))).look) > 30 for seed in range(1, 40))


@pytest.mark.parametrize("form", ["PNG", "TIFF"])
def test_grey_of_16_bits_looks_as_its_upper_8(form: str) -> None:
    """And not white, from 256 levels of 65,536 on, as all others of that kind."""
    grey = scene(size=(640, 480)).convert("L")
    deep = Image.fromarray(np.asarray(grey, np.uint16) * 256 + 77)
    found, plain = examine(encoded(deep, form)), examine(encoded(grey, "PNG"))
    assert found.defect == ""
    assert (found.look, found.thumbnail) == (plain.look, plain.thumbnail)


def test_a_plain_picture_looks_like_nothing() -> None:
    """White paper and night sky must not be duplicates of each other."""
    noise = np.random.default_rng(0).integers(0, 6, (120, 160), dtype=np.uint8)
    assert look_of(Image.fromarray(noise)) == look_of(Image.new("L", (160, 120), 255)) == (b"", b"")


@pytest.mark.training
def test_training_reads_every_picture_that_is_accepted_upright_and_in_the_same_size(
    training_python: Path, tmp_path: Path
) -> None:
    """Ultralytics' own reader, on pictures of many kinds, turned and not."""
    exif = Image.Exif()
    exif[274] = 6
    modes = {
        "JPEG": ("RGB", "L", "CMYK"),
        "PNG": ("RGB", "L", "RGBA", "P", "1", "I;16", "LA"),
        "BMP": ("RGB", "L", "P", "1"),
        "WEBP": ("RGB", "RGBA"),
        "TIFF": ("RGB", "L", "RGBA", "CMYK", "P", "1", "I;16", "F", "I"),
    }
    sizes, refused = {}, set()
    for form, names in modes.items():
        for mode in names:
            picture = _in_mode(mode)
            for turned in (False, True):
                data = encoded(picture, form, **({"exif": exif} if turned and form != "BMP" else {}))
                found = examine(data)
                file = tmp_path / f"{mode.replace(';', '')}-{turned}.{form.lower()}"
                file.write_bytes(data)
                if found.defect:
                    refused.add(mode)
                else:
                    sizes[file.name] = f"{found.width}x{found.height}"
    assert refused == {"F", "I"}
    program = (
        "import sys; from pathlib import Path; from ultralytics.utils.patches import imread\n"
        "for file in sorted(Path(sys.argv[1]).iterdir()):\n"
        "    image = imread(str(file))\n"
        "    print(file.name, None if image is None else f'{image.shape[1]}x{image.shape[0]}')"
    )
    command = [str(training_python), "-c", program, str(tmp_path)]
    ran = subprocess.run(command, capture_output=True, text=True, check=True, cwd=REPOSITORY)
    read = dict(line.split() for line in ran.stdout.splitlines() if line.endswith(("0", "None")))
    assert {name: read[name] for name in sizes} == sizes
    assert [name for name, size in read.items() if size == "None"] == [
        "F-False.tiff", "F-True.tiff", "I-False.tiff", "I-True.tiff"
    ]  # fmt: skip


def _in_mode(mode: str) -> Image.Image:
    if mode == "I;16":
        return Image.fromarray(np.arange(160 * 120, dtype=np.uint16).reshape(120, 160))
    if mode == "LA":
        return scene().convert("L").convert("LA")
    return scene().convert(mode)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "the file is empty"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n", "Git LFS has:  git lfs pull  fetches"),
    ],
)
def test_what_stands_for_a_picture_is_told_for_what_it_is(data: bytes, said: str) -> None:
    """As people have them who cloned a set, or whose disk was full."""
    found = examine(data)
    assert found.defect == "unreadable-image"
    assert said in found.message
