"""What the preparation makes of alike pictures and of copies, with its own reading of every file."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from containers.training.preparation.catalogue import Array
from containers.training.preparation.duplicates import NEAR, near_groups
from containers.training.preparation.look import EDGE
from containers.training.preparation.pictures import Picture, examine
from tests.bench.likeness.copies import Copy, jpeg
from tests.bench.likeness.scenes import Pictures

Find = Callable[[Sequence[Picture]], Array]


def find_series(pictures: Sequence[Picture]) -> Array:
    """The first place of each one's series, as the preparation finds it."""
    thumbnails = np.frombuffer(b"".join(one.thumbnail for one in pictures), np.uint8).reshape(-1, EDGE, EDGE)
    looks = np.frombuffer(b"".join(one.look for one in pictures), "V16")
    return near_groups(looks, lambda places: thumbnails[places])


def find_by_hash(pictures: Sequence[Picture]) -> Array:
    """The same by the perceptual hashes alone: pictures linked by steps of at most NEAR bits."""
    words = np.frombuffer(b"".join(one.look for one in pictures), np.uint64).reshape(-1, 2)
    near = np.bitwise_count(words[:, None] ^ words[None]).sum(axis=2) <= NEAR
    first = np.arange(len(words))
    for _ in words:
        first = np.where(near, first[None], len(words)).min(axis=1)
    return first


def told(pictures: Pictures, find: Find) -> float:
    """The part of pictures, all of them different, that are reported as nearly the same as another."""
    looked_at = _readable([jpeg(picture) for picture in pictures])
    return float((find(looked_at) != np.arange(len(looked_at))).mean())


def found(pictures: Pictures, copy: Copy, find: Find) -> float:
    """The part of pictures whose copy is found, in a set of all pictures with all copies."""
    both = [(examine(jpeg(picture)), examine(copy(picture))) for picture in pictures]
    both = [(one, other) for one, other in both if one.look and other.look]
    series = find([one for one, _ in both] + [other for _, other in both])
    return float((series[: len(both)] == series[len(both) :]).mean())


def _readable(files: Sequence[bytes]) -> list[Picture]:
    """Those that are not too plain to be told apart: of those nothing is reported."""
    return [one for one in map(examine, files) if one.look]
