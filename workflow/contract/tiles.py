"""Whether a picture that is larger than the model's input is looked at in tiles, and where these lie in it.

One rule for what prepares data, measures and serves. Pure, and imports no more than it needs: each process of a server
starts with it.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

Tiling = Literal["off", "auto"]
"""``off``: a picture is made as small as the input, whole. ``auto``: one that is larger is cut as well."""

TILINGS: tuple[Tiling, ...] = ("off", "auto")
OVERLAPS = 5
"""Neighbouring tiles share a fifth of their side, at least: what is smaller is whole in one of them."""
MOST_TILES = 256
"""Of one picture: 17 megapixels in tiles of 320, and more than any picture has in tiles of 640. So many of these take
one core five seconds, with the smallest models."""


class Tile(NamedTuple):
    """A part of a picture, in its pixels."""

    left: int
    top: int
    width: int
    height: int


def cut(width: int, height: int, tile_width: int, tile_height: int) -> tuple[Tile, ...]:
    """The tiles of a picture, row by row; none where it is no larger than one. All in pixels.

    As few as cover it, spread evenly: none hangs over its edge, and they share more than they have to where the sides
    do not come out even.

    >>> cut(1000, 600, 640, 640)
    (Tile(left=0, top=0, width=640, height=600), Tile(left=360, top=0, width=640, height=600))
    """
    if width <= tile_width and height <= tile_height:
        return ()
    sides = min(width, tile_width), min(height, tile_height)
    return tuple(Tile(left, top, *sides) for top in _starts(height, tile_height) for left in _starts(width, tile_width))


def count_tiles(width: int, height: int, tile_width: int, tile_height: int) -> int:
    """How many tiles ``cut`` makes, without making them."""
    if width <= tile_width and height <= tile_height:
        return 0
    return _count(width, tile_width) * _count(height, tile_height)


def _count(length: int, side: int) -> int:
    """Tiles along a picture's side of this length."""
    shared = side // OVERLAPS
    return max(1, -(-(length - shared) // (side - shared)))


def _starts(length: int, side: int) -> list[int]:
    last = _count(length, side) - 1
    return [at * (length - side) // last for at in range(last + 1)] if last else [0]
