"""Chooses, within a budget, the pictures whose labels teach most.

All answers of a window are judged by their documents, which are small; only of the best of them is the picture itself
looked at, so that ten thousand answers cost ten thousand small reads and not as many pictures. That the shortlist is
ten times the budget is Zhdanov's advice ("Diverse mini-batch Active Learning", 2019).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from workflow.clients import CONNECTIONS
from workflow.labelling.variety import choose_various, describe
from workflow.labelling.worth import Known, Worth, judge

SHORTLIST = 10
"""Pictures that are looked at for each that is chosen."""

Fetch = Callable[[Sequence[str]], Mapping[str, Path]]
"""The files of pictures by their ids; those that are gone are missing."""


@dataclass(frozen=True)
class Chosen:
    """One picture that is worth a label: its id, its file and its worth."""

    id: str
    file: Path
    worth: Worth


def shortlist(pictures: Sequence[Known], count: int) -> list[str]:
    """The ids of those that are worth looking at for a budget of ``count``, the best first."""
    worth = judge(pictures)
    best = sorted(worth, key=lambda identity: (-worth[identity].value, identity))
    return best[: count * SHORTLIST]


def choose(pictures: Sequence[Known], count: int, fetch: Fetch) -> list[Chosen]:
    """At most ``count`` pictures, the one that is worth most first."""
    worth = judge(pictures)
    files = fetch(shortlist(pictures, count))
    with ThreadPoolExecutor(CONNECTIONS) as at_once:
        described = zip(files, at_once.map(describe, files.values()), strict=True)
        features = {identity: feature for identity, feature in described if feature is not None}
    ids = list(features)
    places = choose_various([worth[identity].value for identity in ids], list(features.values()), count)
    return [Chosen(ids[at], files[ids[at]], worth[ids[at]]) for at in places]
