"""A classifier sees the middle of the picture, evenly made smaller or larger."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from containers.serving.model.classification import class_scores, fit_classify


def test_the_scores_are_the_graphs_own() -> None:
    """It has made them sum to 1."""
    scores = class_scores([np.array([[0.25, 0.5, 0.25]], np.float32)])
    assert scores.tolist() == [0.25, 0.5, 0.25]


def test_a_square_of_the_right_size_stays_as_it_is() -> None:
    """Pixel for pixel."""
    picture = np.random.default_rng(7).integers(0, 256, (32, 32, 3), np.uint8)
    assert np.array_equal(fit_classify(picture, 32), picture)


@pytest.mark.parametrize("turned", [False, True])
def test_the_middle_of_a_long_picture_is_seen(turned: bool) -> None:
    """Of three squares side by side, the second."""
    picture = np.zeros((32, 96, 3), np.uint8)
    picture[:, 32:64] = 200
    picture[:, 64:] = 90
    seen = fit_classify(picture.transpose(1, 0, 2) if turned else picture, 32)
    assert seen.shape == (32, 32, 3)
    assert (seen == 200).all()


def test_every_pixel_counts_where_many_become_one() -> None:
    """A fine pattern becomes the grey of its mean, instead of whatever pixel is hit."""
    picture = np.zeros((256, 256, 3), np.uint8)
    picture[:, ::8] = 240
    assert np.abs(fit_classify(picture, 16)[:, 1:-1].astype(int) - 30).max() <= 1


@given(st.integers(1, 70), st.integers(1, 70), st.integers(1, 40), st.integers(0, 255))
def test_a_plain_picture_stays_plain(width: int, height: int, size: int, grey: int) -> None:
    """Of any shape, at any size, to its edges."""
    seen = fit_classify(np.full((height, width, 3), grey, np.uint8), size)
    assert seen.shape == (size, size, 3)
    assert (seen == grey).all()


def test_a_picture_that_is_a_thread_asks_for_no_memory() -> None:
    """1 x 60000 made 224 high would be 13 million pixels wide."""
    assert fit_classify(np.full((1, 60_000, 3), 9, np.uint8), 224).shape == (224, 224, 3)


def test_the_channels_stay_apart_and_in_order() -> None:
    """What OpenCV is given must lie in memory as it says."""
    picture = np.full((50, 80, 3), (10, 20, 30), np.uint8)
    seen = fit_classify(picture, 24)
    assert (seen == (10, 20, 30)).all()
    assert seen.flags["C_CONTIGUOUS"]
