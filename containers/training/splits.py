"""Makes the splits that a dataset lacks, the same way every time for the same bytes and seed.

Pure: digests in, choices out. Copies of one image always stay together, so that no image is trained
on and measured with. Knows no files.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

SHARE = 0.15
"""The part of the images that a missing validation or test split gets."""


class SplitError(ValueError):
    """Too few images to take a split from."""


def assign(digests: Iterable[str], missing: Iterable[str], seed: str) -> dict[str, str]:
    """For every image's digest the split it belongs to: ``train``, or one of the missing ones.

    Each missing split gets 15 % of the different images, one at least. Raises SplitError when none
    would be left to train on.
    """
    names = list(missing)
    # The order depends on the bytes and the seed alone: neither on names nor on the order of files.
    order = sorted(set(digests), key=lambda digest: hashlib.sha256(f"{seed}:{digest}".encode()).hexdigest())
    share = max(1, round(len(order) * SHARE))
    if len(order) <= share * len(names):
        raise SplitError(f"{len(order)} different images are too few to take {' and '.join(names)} from")
    chosen = dict.fromkeys(order, "train")
    for at, name in enumerate(names):
        for digest in order[at * share : (at + 1) * share]:
            chosen[digest] = name
    return chosen
