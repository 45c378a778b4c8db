"""Where labels go in a picture."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from workflow.marks.places import place_labels


def place(*boxes: tuple[int, int, int, int], size: tuple[int, int] = (30, 10)) -> list[tuple[int, int]]:
    """The labels' places in a picture of 200 x 100."""
    return place_labels(np.array(boxes, np.int64).reshape(-1, 4), [size] * len(boxes), 200, 100)


def test_a_label_stands_above_its_box() -> None:
    """Flush with its left side, its lower edge on the box."""
    assert place((50, 40, 90, 80)) == [(50, 30)]


def test_a_box_at_the_upper_edge_has_its_label_below() -> None:
    """Within the box it would hide what was found."""
    assert place((50, 3, 90, 60)) == [(50, 60)]


def test_a_box_as_large_as_the_picture_has_its_label_within() -> None:
    """In its upper left corner."""
    assert place((0, 0, 200, 100)) == [(0, 0)]


def test_a_label_gives_way_to_a_small_box() -> None:
    """The place above the first box is another box: the label goes below."""
    assert place((50, 40, 90, 80), (55, 31, 70, 38))[0] == (50, 80)


def test_labels_of_the_same_box_lie_apart() -> None:
    """Two classes in one place: the better score has the better place, and both can be read."""
    (left, top), second = place((50, 40, 90, 80), (50, 40, 90, 80))
    assert (left, top) == (50, 30)
    assert abs(second[0] - left) >= 30 or abs(second[1] - top) >= 10


def test_no_box_needs_no_label() -> None:
    """An empty picture is drawn as well."""
    assert place() == []


@given(
    st.lists(st.tuples(*[st.integers(0, 300)] * 4, st.integers(1, 400), st.integers(1, 40)), max_size=12),
    st.integers(1, 300),
    st.integers(1, 300),
)
def test_every_label_lies_inside_the_picture(rows: list[tuple[int, ...]], width: int, height: int) -> None:
    """As far as it fits: a larger one begins at the edge. Boxes may be empty, and lie anywhere within."""
    corners = np.array([row[:4] for row in rows], np.int64).reshape(-1, 2, 2)
    boxes = np.minimum(np.sort(corners, axis=1).reshape(-1, 4), [width, height] * 2)
    sizes = [(row[4], row[5]) for row in rows]
    places = place_labels(boxes, sizes, width, height)
    assert len(places) == len(rows)
    for (left, top), (wide, high) in zip(places, sizes, strict=True):
        assert 0 <= left <= max(0, width - wide)
        assert 0 <= top <= max(0, height - high)


@given(st.lists(st.tuples(st.integers(0, 180), st.integers(0, 80)), min_size=2, max_size=13))
def test_labels_do_not_lie_on_one_another_where_there_is_room(corners: list[tuple[int, int]]) -> None:
    """Wherever their boxes are, be it all in one place: a label shuts at most 1,200 of 15,300 places to the others."""
    places = place(*((left, top, left + 20, top + 20) for left, top in corners), size=(30, 10))
    for at, (left, top) in enumerate(places):
        assert not [one for one in places[:at] if abs(one[0] - left) < 30 and abs(one[1] - top) < 10]
