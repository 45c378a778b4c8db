"""The outline of a mask is exactly the mask."""

from __future__ import annotations

from itertools import groupby

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflow.labels.geometry import area, join_outlines
from workflow.labels.outlines import decompress, mask_outlines

Mask = list[list[bool]]


def runs(mask: Mask) -> list[int]:
    """COCO's run lengths down the columns, background first."""
    flat = [row[x] for x in range(len(mask[0])) for row in mask]
    lengths = [len(list(group)) for _, group in groupby(flat)]
    return [0, *lengths] if flat[0] else lengths


def compressed(lengths: list[int]) -> str:
    """COCO's compressed text, as ``rleToString`` of maskApi.c writes it."""
    text = ""
    for at, length in enumerate(lengths):
        value = length - lengths[at - 2] if at > 2 else length
        while True:
            bits, value = value & 31, value >> 5
            more = value != (-1 if bits & 16 else 0)
            text += chr(bits + (32 if more else 0) + 48)
            if not more:
                break
    return text


def outlines(mask: Mask) -> list[list[float]]:
    """The outlines of a mask."""
    return mask_outlines({"size": [len(mask), len(mask[0])], "counts": runs(mask)})


def test_a_rectangle_has_four_corners_on_the_edges_of_its_pixels() -> None:
    """Two pixels wide are two, not one from middle to middle."""
    mask = [[False] * 5, [False, True, True, False, False], [False, True, True, False, False]]
    [outline] = outlines(mask)
    points = list(zip(outline[0::2], outline[1::2], strict=True))
    assert sorted(points) == [(1, 1), (1, 3), (3, 1), (3, 3)]


def test_parts_come_largest_first_and_holes_are_filled() -> None:
    """A ring is a disc to YOLO, which knows no holes."""
    ring = [[True, True, True, False, False], [True, False, True, False, True], [True, True, True, False, False]]
    assert [area(outline) for outline in outlines(ring)] == [9, 1]


spans = st.tuples(st.integers(0, 7), st.integers(0, 7)).map(sorted)
solid = st.lists(spans, min_size=1, max_size=7).map(
    lambda columns: [[top <= y < bottom for top, bottom in columns] for y in range(7)]
)
"""Masks of one run a column: any number of parts of any shape, and no hole."""


@given(solid)
def test_the_area_inside_is_the_number_of_pixels(mask: Mask) -> None:
    """To the last pixel."""
    assert sum(area(outline) for outline in outlines(mask)) == sum(map(sum, mask))


rings = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=12)


@given(rings, rings)
def test_two_parts_are_tied_where_they_are_closest(one: list[tuple[int, int]], other: list[tuple[int, int]]) -> None:
    """The first of the closest pairs, so that a picture prepared twice gives the same outline."""
    outline = join_outlines([[float(value) for corner in ring for value in corner] for ring in (one, other)])
    points = list(zip(outline[0::2], outline[1::2], strict=True))
    distances = [
        ((x - u) ** 2 + (y - v) ** 2, at, to) for at, (x, y) in enumerate(one) for to, (u, v) in enumerate(other)
    ]
    _, at, to = min(distances)
    assert (points[0], points[len(one) + 1]) == (one[at], other[to])


@given(st.lists(st.integers(0, 100_000), max_size=50))
def test_compressed_counts_are_the_counts(lengths: list[int]) -> None:
    """The text that pycocotools writes."""
    assert decompress(compressed(lengths)) == lengths


@pytest.mark.parametrize(
    ("mask", "said"),
    [
        ({"size": [2, 2], "counts": [1, 2]}, "come to 3"),
        ({"size": [2], "counts": [4]}, "size must be"),
        ({"size": [2, 2], "counts": [-4, 8]}, "list of whole numbers"),
        ({"size": [2, 2], "counts": "\x01"}, "cannot be one"),
        ({"size": [10**6, 10**6], "counts": [1]}, "more than"),
        ({}, "size must be"),
    ],
)
def test_a_mask_that_is_none_is_refused(mask: dict[str, object], said: str) -> None:
    """With what is wrong, and before anything large is made of it."""
    with pytest.raises(ValueError, match=said):
        mask_outlines(mask)


@given(solid)
def test_joining_parts_adds_their_areas(mask: Mask) -> None:
    """The bridges between parts have no width, whatever way round a part goes."""
    parts = outlines(mask)
    if parts:
        assert area(join_outlines(parts)) == pytest.approx(sum(map(area, parts)))
