"""Damaged, lying and hostile pictures bring a reason, or pixels within bounds; never anything else."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from tests.containers.serving.conftest import encode
from tests.containers.serving.model.encoded_pictures import COLOUR, bmp, bmps, jpegs, npy, png_chunk, pngs, tiffs, webps
from tests.containers.serving.model.running_decoder import Decoder

pytestmark = pytest.mark.serving
EVERY_KIND = {**jpegs(), **pngs(), **webps(), **bmps(), **tiffs()}
ANSWERED_BYTES = 150_000_000


@pytest.fixture(scope="module")
def decoder(serving_python: Path) -> Iterator[Decoder]:
    running = Decoder(serving_python)
    yield running
    running.close()


def test_a_frame_that_is_too_short_is_never_filled_with_memory(decoder: Decoder) -> None:
    """An animated PNG with half the rows it claims: OpenCV would answer what lay in memory before."""
    data = encode(COLOUR, save_all=True, append_images=[Image.new("RGB", COLOUR.size, "red")])
    start = data.index(b"IDAT") - 4
    end = start + 12 + int.from_bytes(data[start : start + 4])
    half = zlib.compress(bytes(COLOUR.height // 2 * (1 + 3 * COLOUR.width)))
    assert "damaged" in decoder.ask("image", data[:start] + png_chunk(b"IDAT", half) + data[end:])["error"]


@pytest.mark.parametrize("form", ["JPEG", "PNG"])
def test_damage_in_the_middle_is_told_to_the_sender(decoder: Decoder, form: str) -> None:
    """A right beginning and end, and zeros between."""
    data = encode(COLOUR, form)
    assert f"the {form} is" in decoder.ask("image", data[:50] + bytes(len(data) - 70) + data[-20:])["error"]


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WebP", "BMP"])
def test_a_picture_that_lies_about_its_size_is_refused(decoder: Decoder, form: str) -> None:
    """Wider than its data; only a JPEG cannot be told from one that the camera left unfinished, and is filled."""
    order: Literal["big", "little"] = "big" if form in ("JPEG", "PNG") else "little"
    lying = encode(COLOUR, form).replace((41).to_bytes(2, order), (999).to_bytes(2, order), 1)
    answer = decoder.ask("image", mended(lying))
    if form == "JPEG":
        assert answer[0]["shape"] == [27, 999, 3]
    else:
        assert f"the {form} is" in answer["error"]


def test_runs_that_end_early_are_refused(decoder: Decoder) -> None:
    """The one kind whose length no header says."""
    for bits, compression in ((4, 2), (8, 1)):
        whole = EVERY_KIND[f"BMP of {bits} bits in runs"]
        assert len(decoder.ask("image", whole)) == 1
        assert "the BMP is damaged" in decoder.ask("image", whole[:-20])["error"]
        assert "damaged" in decoder.ask("image", bmp(bits, compression=compression, pixels=b"\x40\x11" * 9))["error"]


def test_damaged_pictures_bring_no_line_of_opencv_into_the_log(decoder: Decoder) -> None:
    """Its own warnings name files and lines of its source; who sent the picture is told why already."""
    assert "error" in decoder.ask("image", bmp(8, compression=1, pixels=b"\x01\x02"))
    decoder.log.seek(0)
    assert b"loadsave" not in decoder.log.read()


EDITS = ("flip", "write", "insert", "delete", "repeat", "splice", "cut")
PLACES = st.one_of(st.integers(0, 63), st.integers(0, 1 << 16))
DAMAGE = st.lists(st.tuples(st.sampled_from(EDITS), PLACES, st.binary(min_size=1, max_size=8)), min_size=1, max_size=5)
SENT = {**EVERY_KIND, "array": npy(np.asarray(COLOUR)), "stack": npy(np.asarray([COLOUR, COLOUR]))}


def damaged(data: bytes, damage: list[tuple[str, int, bytes]], other: bytes) -> bytes:
    """The data after each edit in turn; of a flip or a write the first bytes count."""
    for edit, place, content in damage:
        at = place % max(len(data), 1)
        before, after = data[:at], data[at:]
        data = {
            "flip": before + bytes([data[at] ^ 1 << content[0] % 8]) + after[1:] if data else b"",
            "write": before + content + after[len(content) :],
            "insert": before + content + after,
            "delete": before + after[content[0] :],
            "repeat": before + after[: content[0]] + after,
            "splice": before + other[at % max(len(other), 1) :],
            "cut": before,
        }[edit]
    return data


def mended(data: bytes) -> bytes:
    """The data with right checksums (PNG) or length (WebP), so that what follows them is reached."""
    if data.startswith(b"RIFF"):
        return data[:4] + max(len(data) - 8, 0).to_bytes(4, "little") + data[8:]
    if not data.startswith(b"\x89PNG"):
        return data
    at, parts = 8, [data[:8]]
    while at < len(data):
        length = int.from_bytes(data[at : at + 4])
        parts.append(png_chunk(data[at + 4 : at + 8], data[at + 8 : at + 8 + length]))
        at += 12 + length
    return b"".join(parts)


@settings(max_examples=600, deadline=None)
@given(st.sampled_from(sorted(SENT)), DAMAGE, st.sampled_from(sorted(SENT)), st.booleans())
def test_damage_brings_pixels_or_a_reason_and_nothing_else(
    decoder: Decoder, name: str, damage: list[tuple[str, int, bytes]], other: str, mend: bool
) -> None:
    """Bits, bytes, whole stretches, one format spliced into another; the decoder's process outlives them all."""
    data = damaged(SENT[name], damage, SENT[other])
    answer = decoder.ask("array" if name in ("array", "stack") else "image", mended(data) if mend else data)
    if isinstance(answer, dict):
        assert list(answer) == ["error"], answer
        assert 0 < len(answer["error"]) < 250
    for one in answer if isinstance(answer, list) else []:
        height, width, channels = one["shape"]
        assert (one["type"], channels) == ("uint8", 3)
        assert 0 < height * width * 3 <= ANSWERED_BYTES
