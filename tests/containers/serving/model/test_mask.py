"""Masks give their pixels, their run lengths and their outlines, whatever their size."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from containers.serving.model.mask import Mask, compress
from tests.containers.serving.conftest import ROOT
from tests.containers.serving.model.drawn_masks import MASKS, disc, mask_of

grids = st.tuples(st.integers(0, 9), st.integers(0, 9), st.integers(0, 2**32 - 1), st.floats(0, 1)).map(
    lambda drawn: np.random.default_rng(drawn[2]).random(drawn[:2]) < drawn[3]
)


def decompress(text: str) -> list[int]:
    """Run lengths out of COCO's text, written after pycocotools' documentation of the format."""
    runs: list[int] = []
    number, shift = 0, 0
    for character in text.encode("ascii"):
        group = character - 48
        number |= (group & 31) << shift
        shift += 5
        if not group & 32:
            number -= (group & 16) and 1 << shift
            runs.append(number + (runs[-2] if len(runs) > 2 else 0))
            number, shift = 0, 0
    return runs


@given(grids, st.integers(0, 3), st.integers(0, 3), st.integers(0, 3), st.integers(0, 3))
def test_run_lengths_are_the_mask(pixels: np.ndarray, left: int, top: int, right: int, bottom: int) -> None:
    """Wherever it lies: unpacked again down the columns, they are the picture with the mask in it."""
    whole = np.pad(pixels, ((top, bottom), (left, right)))
    height, width = whole.shape
    told = mask_of(pixels, left, top).rle(width, height)
    runs = decompress(str(told["counts"]))
    assert told["size"] == [height, width]
    assert np.repeat(np.arange(len(runs)) % 2 == 1, runs).tolist() == whole.T.ravel().tolist()
    assert all(runs[1:])


@pytest.mark.parametrize(
    ("box", "size", "text"),
    [
        ((0, 0, 0, 0), (7, 5), "S1"),
        ((0, 0, 7, 5), (7, 5), "0S1"),
        ((2, 1, 3, 2), (7, 5), ";230009"),
        ((300, 200, 5, 1000), (4000, 3000), "XS_k0Xo0`n10000000PPYb:"),
    ],
)
def test_run_lengths_are_written_as_pycocotools_writes_them(
    box: tuple[int, int, int, int], size: tuple[int, int], text: str
) -> None:
    """Left, top, width, height of a filled box in a picture, and what pycocotools 2.0.11 made of it."""
    left, top, width, height = box
    assert mask_of(np.ones((height, width), bool), left, top).rle(*size)["counts"] == text


def test_numbers_of_any_size_and_sign_are_written_and_read() -> None:
    """A length much shorter than the one before the last is told as a negative number of several groups."""
    runs = np.array([50_000_000, 1, 49_999_999, 15, 16, 17, 31, 32, 33, 1_000_000, 1])
    assert decompress(compress(runs)) == runs.tolist()


def test_pixels_lie_between_the_logits_as_the_pitch_says() -> None:
    """Logits of -1 and 3 with four pixels from one to the other: 0 is passed after one; beyond the last it goes on."""
    mask = Mask(0, 0, 8, 1, np.array([[-1, 3]], np.float32), (-0.25, 0), (0.25, 1))
    assert mask.pixels.tolist() == [[False, False, False, True, True, True, True, True]]


def test_a_large_mask_is_interpolated_in_blocks_as_at_once() -> None:
    """Half a million pixels; rounding may turn one."""
    mask = disc(700, 0.04)
    places = np.arange(700) * 0.04
    before, share = places.astype(int), places % 1
    across = mask.logits[:, before] * (1 - share) + mask.logits[:, before + 1] * share
    expected = across[before] * (1 - share[:, None]) + across[before + 1] * share[:, None] > 0
    assert expected.mean() == pytest.approx(np.pi * 0.45**2, abs=0.01)
    assert (mask.pixels ^ expected).sum() <= 1


@given(grids)
def test_a_mask_knows_whether_it_has_a_pixel(pixels: np.ndarray) -> None:
    """Also where the box is empty."""
    assert mask_of(pixels).any() == pixels.any()


def test_a_mask_whose_highest_logit_lies_between_pixels_is_asked_everywhere() -> None:
    """Five logits from pixel to pixel: the highest, 9, touches none, and a lower one does."""
    logits = np.array([[-1, -1, 9, -1, -1, 1, -1, -1, -1, -1, -1]], np.float32)
    assert Mask(0, 0, 3, 1, logits, (0, 0), (5, 1)).any()
    logits[0, 5] = -1
    assert not Mask(0, 0, 3, 1, logits, (0, 0), (5, 1)).any()


@pytest.fixture(scope="module")
def outlined(serving_python: Path) -> dict[str, list[np.ndarray]]:
    """The outlines of the drawn masks, found with the serving image's OpenCV."""
    program = [str(serving_python), "-m", "tests.containers.serving.model.drawn_masks"]
    done = subprocess.run(program, capture_output=True, text=True, cwd=ROOT, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return {name: [np.array(part) for part in parts] for name, parts in json.loads(done.stdout).items()}


@pytest.mark.serving
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("pixel", [{(3, 4), (4, 4), (4, 5), (3, 5)}]),
        ("ring", [{(10, 20), (15, 20), (15, 25), (10, 25)}]),
        ("two parts", [{(10, 20), (11, 20), (11, 21), (10, 21)}, {(14, 22), (17, 22), (17, 24), (14, 24)}]),
        ("nothing", []),
        ("no box", []),
    ],
)
def test_an_outline_runs_along_the_edges_of_the_pixels(
    name: str, expected: list[set[tuple[int, int]]], outlined: dict[str, list[np.ndarray]]
) -> None:
    """As boxes do; each part has one, and a hole has none."""
    found = [{(x, y) for x, y in outline.tolist()} for outline in outlined[name]]
    assert sorted(found, key=min) == expected


@pytest.mark.serving
@pytest.mark.parametrize(
    ("name", "points", "share"), [("small disc", 12, 0.94), ("disc", 60, 0.98), ("huge disc", 150, 0.99)]
)
def test_an_outline_is_short_and_close_to_the_mask(
    name: str, points: int, share: float, outlined: dict[str, list[np.ndarray]]
) -> None:
    """However many pixels of the picture there are for each logit, what it encloses is the mask."""
    (outline,) = outlined[name]
    mask = MASKS[name]
    assert len(outline) <= points
    assert (outline >= (mask.left, mask.top)).all()
    assert (outline <= (mask.left + mask.width, mask.top + mask.height)).all()
    enclosed = inside(outline - (mask.left, mask.top), mask.height, mask.width)
    assert (enclosed & mask.pixels).sum() > share * (enclosed | mask.pixels).sum()


def inside(outline: np.ndarray, height: int, width: int) -> np.ndarray:
    """Which pixels [height, width] have their middle inside an outline: a ray from there crosses it oddly often."""
    x, y = np.arange(width) + 0.5, np.arange(height) + 0.5
    odd = np.zeros((height, width), bool)
    for (x0, y0), (x1, y1) in zip(outline, np.roll(outline, -1, axis=0), strict=True):
        rows = np.flatnonzero((y0 > y) != (y1 > y))
        if len(rows):
            odd[rows] ^= x < (x0 + (y[rows] - y0) * (x1 - x0) / (y1 - y0))[:, None]
    return odd
