"""Whatever is sent becomes the pixels that training reads, or a reason."""

from __future__ import annotations

import hashlib
import io
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.containers.serving.conftest import encode
from tests.containers.serving.model.encoded_pictures import (
    CLEAR,
    COLOUR,
    GREY,
    NOISE,
    bmps,
    exif,
    jpegs,
    npy,
    pngs,
    tiffs,
    webps,
)
from tests.containers.serving.model.running_decoder import Decoder
from tests.containers.training.conftest import REPOSITORY

pytestmark = pytest.mark.serving
EVERY_KIND = {**jpegs(), **pngs(), **webps(), **bmps(), **tiffs()}
UNLIKE_PILLOW = ("BMP of 32 bits and masks", "BMP of 4 bits in runs", "transparent TIFF")
"""What Pillow does not read, or of which it drops the transparency that darkens what OpenCV reads."""
KNOWN_TO_PILLOW = [name for name in EVERY_KIND if name not in UNLIKE_PILLOW]
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


@pytest.fixture(scope="module")
def decoder(serving_python: Path) -> Iterator[Decoder]:
    running = Decoder(serving_python)
    yield running
    running.close()


def bgr(image: Image.Image) -> np.ndarray:
    return np.asarray(image.convert("RGB"))[:, :, ::-1]


@pytest.mark.parametrize("name", [name for name in EVERY_KIND if "TIFF" not in name])
def test_every_kind_of_picture_is_read_as_training_reads_it(decoder: Decoder, name: str) -> None:
    """Pixel for pixel, also where the format leaves a choice."""
    (ours,), (theirs,) = (decoder.pixels(word, EVERY_KIND[name]) for word in ("image", "as training reads"))
    assert np.array_equal(ours, theirs)


@pytest.mark.training
def test_tiffs_and_all_others_are_read_as_the_training_itself_reads_them(
    decoder: Decoder, training_python: Path, tmp_path: Path
) -> None:
    """Ultralytics' own reader, which takes another way through OpenCV for a TIFF, in the training's environment."""
    for number, (name, data) in enumerate(EVERY_KIND.items()):
        (tmp_path / f"{number}.{'tif' if 'TIFF' in name else 'png'}").write_bytes(data)
    program = (
        "import sys, hashlib; from pathlib import Path; from ultralytics.utils.patches import imread\n"
        "for file in Path(sys.argv[1]).iterdir():\n"
        "    image = imread(str(file))\n"
        "    print(file.stem, None if image is None else hashlib.sha256(image.tobytes()).hexdigest())"
    )
    command = [str(training_python), "-c", program, str(tmp_path)]
    ran = subprocess.run(command, capture_output=True, text=True, check=True, cwd=REPOSITORY)
    read = dict(line.split() for line in ran.stdout.splitlines() if line.partition(" ")[0].isdecimal())
    for number, (name, data) in enumerate(EVERY_KIND.items()):
        (pixels,) = decoder.pixels("image", data)
        assert hashlib.sha256(pixels.tobytes()).hexdigest() == read[str(number)], name


@pytest.mark.parametrize("name", KNOWN_TO_PILLOW)
def test_every_kind_of_picture_is_what_another_library_sees(decoder: Decoder, name: str) -> None:
    """Pillow rounds 5 bits of colour another way, and cannot make 8 of 16."""
    (ours,) = decoder.pixels("image", EVERY_KIND[name])
    image: Image.Image = Image.open(io.BytesIO(EVERY_KIND[name]))
    if "16-bit" in name and image.mode.startswith("I;16"):
        image = Image.fromarray((np.asarray(image) // 256).astype(np.uint8))
    # Pillow turns a TIFF while it reads it.
    turned = image.transpose(TURNS[6]) if "turned" in name and "TIFF" not in name else image
    distance = np.abs(ours.astype(int) - bgr(turned)).max()
    assert distance <= (7 if "15 bits" in name or "16 bits" in name else 1 if "CMYK" in name else 0)


def test_masks_and_runs_of_a_bmp_are_followed(decoder: Decoder) -> None:
    """Red, green and blue in another order; four pixels of the row's number, then 1, 2 and 3, from the bottom."""
    data = EVERY_KIND["BMP of 32 bits and masks"]
    stored = np.frombuffer(data[-140:], np.uint8).reshape(5, 7, 4)
    assert np.array_equal(decoder.pixels("image", data)[0], stored[::-1, :, 2::-1])
    data = EVERY_KIND["BMP of 4 bits in runs"]
    colours = np.frombuffer(data[54:118], np.uint8).reshape(16, 4)[:, :3]
    numbers = [[row] * 4 + [1, 2, 3] for row in (4, 3, 2, 1, 0)]
    assert np.array_equal(decoder.pixels("image", data)[0], colours[numbers])


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("orientation", TURNS)
@pytest.mark.parametrize(
    ("form", "options"),
    [("JPEG", {"subsampling": 0}), ("PNG", {}), ("WEBP", {}), ("WEBP", {"lossless": True})],
    ids=["JPEG", "PNG", "WebP", "lossless WebP"],
)
def test_the_camera_orientation_turns_the_picture(
    decoder: Decoder, form: str, options: dict, orientation: int, order: str
) -> None:
    """All of them, in the three formats that know them; width and height are those of the turned picture."""
    data = exif(orientation, order)
    (upright,) = decoder.pixels("image", encode(COLOUR, form, **options))
    (turned,) = decoder.pixels(
        "image", encode(COLOUR, form, exif=data if form == "PNG" else b"Exif\0\0" + data, **options)
    )
    assert np.array_equal(turned, np.asarray(Image.fromarray(upright).transpose(TURNS[orientation])))


def test_transparency_is_dropped(decoder: Decoder) -> None:
    """What lies beneath is answered, whatever the format."""
    for data in (encode(CLEAR), encode(CLEAR, "BMP"), encode(CLEAR, "WEBP", lossless=True, exact=True)):
        assert np.array_equal(decoder.pixels("image", data)[0], bgr(COLOUR))


def test_an_animation_is_its_first_picture(decoder: Decoder) -> None:
    """In both formats that have them."""
    others = [Image.new("RGB", COLOUR.size, "red"), Image.new("RGB", COLOUR.size, "blue")]
    for form, options in (("PNG", {}), ("WEBP", {"lossless": True})):
        data = encode(COLOUR, form, save_all=True, append_images=others, **options)
        assert np.array_equal(decoder.pixels("image", data)[0], bgr(COLOUR))


@pytest.mark.parametrize("name", EVERY_KIND)
def test_bytes_after_the_end_change_nothing(decoder: Decoder, name: str) -> None:
    """A line break, or whatever a camera appends."""
    for more in (b"\r\n", NOISE.bytes(100)):
        assert decoder.ask("image", EVERY_KIND[name] + more) == decoder.ask("image", EVERY_KIND[name])


@pytest.mark.parametrize("order", "CF")
def test_arrays_are_red_green_blue_or_grey(decoder: Decoder, order: Any) -> None:
    """One picture or a stack of them, in either order of the values."""
    red = np.asarray(COLOUR)
    assert np.array_equal(decoder.pixels("array", npy(np.array(red, order=order)))[0], bgr(COLOUR))
    assert np.array_equal(decoder.pixels("array", npy(np.array(GREY, order=order)))[0], bgr(GREY))
    stack = np.array([red, red // 2, red // 3], order=order)
    assert np.array_equal(decoder.pixels("array", npy(stack)), stack[:, :, :, ::-1])


def test_arrays_may_be_long_and_thin(decoder: Decoder) -> None:
    """A line of a million pixels both ways; what is no array is told."""
    for shape in ((1, 1_000_000, 3), (1_000_000, 1)):
        assert decoder.ask("array", npy(np.zeros(shape, np.uint8)))[0]["shape"] == [*shape[:2], 3]
    assert "is no .npy file" in decoder.ask("array", encode(COLOUR))["error"]


@pytest.mark.parametrize(
    ("size", "small"), [((64, 48), (32, 24)), ((48, 64), (24, 32)), ((20, 10), (20, 10)), ((4000, 1), (32, 1))]
)
def test_a_thumbnail_is_no_larger_than_asked(decoder: Decoder, size: tuple[int, int], small: tuple[int, int]) -> None:
    """32 pixels here; what is smaller stays as it is, what is thin stays a pixel thick."""
    assert decoder.pixels("thumbnail", encode(Image.new("RGB", size)))[0].shape == (small[1], small[0], 3)


def test_what_clients_cannot_send_is_sent_as_the_same_pixels(decoder: Decoder) -> None:
    """A TIFF of the held-out images becomes a PNG; a PNG stays."""
    for data in (encode(COLOUR, "TIFF"), encode(COLOUR, "BMP"), encode(COLOUR)):
        assert np.array_equal(decoder.pixels("as sent", data)[0], bgr(COLOUR))


def test_a_picture_is_made_lighter_by_halves_until_it_is_light_enough(decoder: Decoder) -> None:
    """At most 4,000 bytes here: noise is scaled down, what fits as a JPEG keeps its size, turned as it is shown."""
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 255, (120, 160, 3), np.uint8))
    height, width, _ = decoder.pixels("lighter", encode(noise))[0].shape
    assert (height, width) in [(60, 80), (30, 40), (15, 20)]
    exif = Image.Exif()
    exif[0x0112] = 6
    grey = encode(Image.new("RGB", (160, 120), "grey"), "JPEG", exif=exif)
    assert decoder.pixels("lighter", grey)[0].shape == (160, 120, 3)


def test_a_picture_that_is_too_long_for_a_jpeg_becomes_one_all_the_same(decoder: Decoder) -> None:
    """More than 65,500 pixels a side cannot be written."""
    _, width, _ = decoder.pixels("lighter", encode(Image.new("RGB", (70_000, 2))))[0].shape
    assert 1_000 < width <= 65_500
