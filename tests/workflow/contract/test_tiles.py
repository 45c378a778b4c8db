"""Where the tiles of a picture lie: cases worked out by hand, and what holds for every picture."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from workflow.contract.tiles import OVERLAPS, count_tiles, cut


def test_a_picture_no_larger_than_a_tile_has_none() -> None:
    """It is looked at whole, as without tiles."""
    assert cut(640, 640, 640, 640) == ()
    assert cut(10, 640, 640, 640) == ()


def test_a_pixel_more_makes_two_tiles_of_one_size() -> None:
    """The second ends where the picture does."""
    assert cut(641, 640, 640, 640) == ((0, 0, 640, 640), (1, 0, 640, 640))


def test_a_picture_of_full_hd_is_eight_tiles() -> None:
    """Four across, for three would share nothing, and two down; none hangs over the edge."""
    tiles = cut(1920, 1080, 640, 640)
    assert [tile.left for tile in tiles[:4]] == [0, 426, 853, 1280]
    assert {tile.top for tile in tiles} == {0, 440}
    assert len(tiles) == 8


def test_a_long_picture_is_cut_along_its_long_side_alone() -> None:
    """Its tiles are as high as it is."""
    assert {tile[1:] for tile in cut(3000, 400, 640, 640)} == {(0, 640, 400)}


@given(st.integers(1, 2000), st.integers(1, 700), st.integers(32, 640))
def test_tiles_cover_a_picture_and_share_a_fifth(width: int, height: int, side: int) -> None:
    """From edge to edge, and as few as do."""
    tiles = [tile for tile in cut(width, height, side, side) if tile.top == 0]
    assert count_tiles(width, height, side, side) == len(cut(width, height, side, side))
    if not tiles:
        assert max(width, height) <= side
        return
    assert (tiles[0].left, tiles[-1].left + tiles[-1].width) == (0, width)
    shared = side // OVERLAPS
    assert all(one.left + one.width - other.left >= shared for one, other in pairwise(tiles))
    assert len(tiles) == 1 or (len(tiles) - 1) * (side - shared) + shared < width
